/** The marks that models and their servers put around thoughts, actions and calls. */

export const FENCE = '```';
export const ACTION = ['<action>', '</action>'] as const;
/** The opening and the closing marks of a thought. */
export const THOUGHTS: ReadonlySet<string> = new Set(['<think>', '<thinking>', '<reasoning>']);
export const AFTER_THOUGHTS: ReadonlySet<string> = new Set(['</think>', '</thinking>', '</reasoning>']);

/** Harmony: the messages of gpt-oss, each `<|start|>ROLE<|channel|>CHANNEL<|message|>CONTENT` and one of the ends. */
export const START = '<|start|>';
export const CHANNEL = '<|channel|>';
export const MESSAGE = '<|message|>';
export const MESSAGE_ENDS: ReadonlySet<string> = new Set(['<|end|>', '<|return|>', '<|call|>']);

/** Hermes, Qwen. */
export const TOOL_CALL = ['<tool_call>', '</tool_call>'] as const;
/** Qwen's XML. */
export const FUNCTION = ['<function=', '</function>'] as const;
export const PARAMETER = ['<parameter=', '</parameter>'] as const;
/** Llama. */
export const PYTHON_TAG = '<|python_tag|>';
/** Mistral. */
export const TOOL_CALLS = '[TOOL_CALLS]';
/** DeepSeek. */
export const DEEPSEEK_CALLS = ['<｜tool▁calls▁begin｜>', '<｜tool▁calls▁end｜>'] as const;
export const DEEPSEEK_CALL = ['<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>'] as const;
export const DEEPSEEK_SEPARATOR = '<｜tool▁sep｜>';

export const MARKS: ReadonlySet<string> = new Set([
  FENCE,
  ...ACTION,
  ...THOUGHTS,
  ...AFTER_THOUGHTS,
  START,
  CHANNEL,
  MESSAGE,
  ...MESSAGE_ENDS,
  ...TOOL_CALL,
  ...FUNCTION,
  ...PARAMETER,
  PYTHON_TAG,
  TOOL_CALLS,
  ...DEEPSEEK_CALLS,
  ...DEEPSEEK_CALL,
  DEEPSEEK_SEPARATOR,
]);
/** The maximum length of a mark, in UTF-16 units. */
export const MOST_OF_A_MARK = Math.max(...Array.from(MARKS, (mark) => mark.length));
