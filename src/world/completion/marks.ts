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

/** Finds where objects may begin and end in a text, and where marks may begin, in one pass from the end of the text. */
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LESS = 0x3c;
const BACKQUOTE = 0x60;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** The results of one pass over a text. */
export type Survey = ReturnType<typeof surveyOf>;

/**
 * Goes from the end to the beginning: the result for a reader who starts at some index, inside or outside a string, follows
 * from the results for the next two indices.
 */
export function surveyOf(text: string) {
  const closing = new Int32Array(text.length + 2).fill(-1);
  const starts: number[] = [];
  const ends: number[] = [];
  const unclosed: number[] = [];
  const markStarts: number[] = [];
  // The results for readers inside a string at the next index and at the one after that: in a string that " ends, and in one
  // that ' ends.
  let [within, withinNext] = [-1, -1];
  let [single, singleNext] = [-1, -1];
  /** The next character that is not white space. */
  let following = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const unit = text.charCodeAt(at);
    const end = closing[at + 1] ?? -1;
    let outside = end;
    let inside = within;
    let insideSingle = single;
    if (unit === QUOTE) {
      outside = within;
      inside = end;
    } else if (unit === APOSTROPHE) {
      outside = single;
      insideSingle = end;
    } else if (unit === BACKSLASH) {
      inside = withinNext;
      insideSingle = singleNext;
    } else if (unit === CLOSE) outside = at;
    else if (unit === OPEN) {
      outside = end < 0 ? -1 : (closing[end + 1] ?? -1);
      const opensString = following === QUOTE || following === APOSTROPHE;
      if (end >= 0 && (opensString || following === CLOSE)) {
        starts.push(at);
        ends.push(end);
      } else if (end < 0 && (opensString || following === 0)) unclosed.push(at);
    } else if (unit === LESS || unit === BACKQUOTE || unit === BRACKET) markStarts.push(at);
    closing[at] = outside;
    withinNext = within;
    within = inside;
    singleNext = single;
    single = insideSingle;
    if (!isSpace(unit)) following = unit;
  }
  for (const list of [starts, ends, unclosed, markStarts]) list.reverse();
  return {
    /** For each index, the `}` that closes the current level for a reader who starts there and skips strings; or -1. */
    closing,
    /** Where objects may begin, ascending, and where they would end. Braces of prose and of formulas are not included. */
    starts,
    ends,
    /** Where objects begin that are never closed, ascending. */
    unclosed,
    /** Every `<`, `[` and backquote, ascending. */
    markStarts,
  };
}

/** Whether a UTF-16 unit is white space. */
export function isSpace(unit: number): boolean {
  return unit === SPACE || unit === LINE_FEED || unit === RETURN || unit === TAB;
}

/** The index of the first of these ascending numbers that is at least `least`. */
export function indexFrom(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
