/** An episode as a chat: each observation is a message to the model, and so is each of its answers. */
import type OpenAI from 'openai';
import { CHAT_TOOLS } from '../../sim/v2/chat-tools.ts';
import { systemPrompt } from '../../sim/v2/prompt.ts';
import { CHANNELS } from '../../world/schema.ts';
import type { ModelAnswer, ModelCall } from './answer.ts';
import { type ModelSettings, turnsIn } from './options.ts';

type ChatMessage = OpenAI.Chat.ChatCompletionMessageParam;
type ChatBody = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

/** The answer to every tool call after the first. */
const NOT_PLAYED = 'not played: one action a step';
/** Takes the place of an empty answer, which many endpoints refuse in a chat. */
const NO_ANSWER = '(no answer)';

type Exchange = { readonly shown: string; answer?: ModelAnswer };

/** The chat of one episode. */
export class Conversation {
  private readonly exchanges: Exchange[] = [];
  private readonly before: number;

  constructor({ history }: Pick<ModelSettings, 'history'>) {
    this.before = turnsIn(history);
  }

  /** Adds what the model sees next. */
  show(text: string): void {
    this.exchanges.push({ shown: text });
  }

  /** Adds the answer to what was shown last. */
  answered(answer: ModelAnswer): void {
    const last = this.exchanges.at(-1);
    if (last !== undefined) last.answer = answer;
  }

  /** The messages of the next request: the system prompt, the earlier turns that the model sees, and what was shown last. */
  get messages(): ChatMessage[] {
    const kept = this.exchanges.slice(Math.max(0, this.exchanges.length - 1 - this.before));
    const turns = kept.flatMap(({ shown, answer }, at) => [
      ...observationMessages(shown, kept[at - 1]?.answer),
      ...(answer === undefined ? [] : [answerMessage(answer)]),
    ]);
    return [{ role: 'system', content: systemPrompt() }, ...turns];
  }
}

/** What a step shows: the result of a tool call if the step before was one, and a message of the user otherwise. */
function observationMessages(shown: string, before: ModelAnswer | undefined): ChatMessage[] {
  if (before === undefined || before.calls.length === 0) return [{ role: 'user', content: shown }];
  return before.calls.map(({ id }, at) => ({ role: 'tool', tool_call_id: id, content: at === 0 ? shown : NOT_PLAYED }));
}

function answerMessage({ content, calls }: ModelAnswer): ChatMessage {
  if (calls.length === 0) return { role: 'assistant', content: content === '' ? NO_ANSWER : content };
  const tool_calls = calls.map((call) => ({
    id: call.id,
    type: 'function' as const,
    function: { name: call.name, arguments: objectIn(call) },
  }));
  return { role: 'assistant', content: content === '' ? null : content, tool_calls };
}

/** The arguments of a call. Chat templates parse them, and refuse a chat whose arguments are not JSON objects. */
function objectIn({ arguments: given }: ModelCall): string {
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return given;
  } catch {
    // Not JSON: for example cut off.
  }
  return '{}';
}

/** Each action with its own fields, in the form `{"action": {...}}`: the root of a schema may not be a choice. */
const ACTION_SCHEMA = {
  type: 'object',
  properties: { action: { anyOf: CHAT_TOOLS.map(({ function: tool }) => actionSchemaOf(tool)) } },
  required: ['action'],
  additionalProperties: false,
};

/** The schema of an action, without the descriptions that the system prompt has. */
function actionSchemaOf({ name, parameters }: (typeof CHAT_TOOLS)[number]['function']) {
  const { properties, required = [] } = parameters;
  const fields = Object.keys(properties).map((field) => [
    field,
    field === 'channel' ? { type: 'string', enum: CHANNELS } : { type: 'string' },
  ]);
  return {
    type: 'object',
    properties: { action_type: { type: 'string', const: name }, ...Object.fromEntries(fields) },
    required: ['action_type', ...required],
    additionalProperties: false,
  };
}

const FORMATS = {
  text: {},
  json: { response_format: { type: 'json_schema', json_schema: { name: 'action', schema: ACTION_SCHEMA } } },
  tools: { tools: CHAT_TOOLS, parallel_tool_calls: false },
} as const;

/** Requests token ids as vLLM does, and the log-probabilities of the answer. */
const TOKEN_IDS = { return_token_ids: true, logprobs: true };

/** The body of a request. @param seed Sent if the settings have a seed. */
export function requestBody(settings: ModelSettings, messages: readonly ChatMessage[], seed: number): ChatBody {
  const { model, format, temperature, modelSeed, maxCompletionTokens, extraBody, tokenIds } = settings;
  return {
    model,
    messages: [...messages],
    ...(FORMATS[format] as object),
    ...(temperature === undefined ? {} : { temperature }),
    ...(modelSeed === undefined ? {} : { seed }),
    ...(maxCompletionTokens === undefined ? {} : { max_completion_tokens: maxCompletionTokens }),
    ...(tokenIds ? TOKEN_IDS : {}),
    ...extraBody,
  };
}
