/** The forms of OpenEnv's contract. The fields of an observation are one form; the other one has only its text. */
import { z } from 'zod';
import { parseBoundedJson } from '../lib/json.ts';
import { systemPrompt } from '../sim/v2/prompt.ts';
import type { ReadAction } from '../world/completion/completion.ts';
import type { Action } from '../world/schema.ts';
import type { Surface } from './metrics.ts';
import { type Answer, answerJson, type Session } from './session.ts';
import { stepActionSchema, type ToolAction } from './step-action.ts';
import { httpAnswerSchema, type WireSchemas, wireSchemas } from './wire.ts';

/** How the clients of one path write their actions, and how they see episodes. */
export type WireForm = {
  /** The path below which the routes of the contract are. */
  readonly base: '' | '/text';
  /** The door whose profiles an episode has if its client names none. */
  readonly door: 'sessions' | 'text';
  /** The names of the surfaces in metrics. */
  readonly surfaces: { readonly http: Surface; readonly ws: Surface };
  /** The group of the routes in the OpenAPI document. */
  readonly tag: string;
  /** Parses the messages of a socket. @throws an error that says what is wrong with the text */
  readonly parse: (text: string) => unknown;
  /** The action of a step. */
  readonly action: z.ZodType<Action | ToolAction | string>;
  /** What the actions of this form are, for the OpenAPI document. */
  readonly about: string;
  /** An answer over HTTP. */
  readonly answer: z.ZodType;
  /** What GET /schema returns. */
  readonly schemas: () => WireSchemas;
  /** An answer as JSON. @param more More keys of it */
  readonly json: (answer: Answer, more?: object) => string;
  /** Plays an action. Returns the answer as JSON. @throws Problem (409, RESET_NEEDED) before the first reset */
  readonly play: (session: Session, action: ReadAction, more?: object) => string;
};

const FIELDS: WireForm = {
  base: '',
  door: 'sessions',
  surfaces: { http: 'http', ws: 'ws' },
  tag: 'Environment',
  parse: parseBoundedJson,
  action: stepActionSchema,
  about:
    'A string, or `{completion}`, is read as a completion. A completion that cannot be read and an action that cannot be carried ' +
    'out are invalid steps: `step_ok` is false, and `error` says why. An object that does not follow the schema is answered ' +
    'with 422.',
  answer: httpAnswerSchema,
  schemas: wireSchemas,
  json: answerJson,
  play: (session, action, more) => answerJson(session.play(action), more),
};

// The text form, for clients that show schemas and observations to a model as they are. An observation is one text, and whatever the
// model replies is a step.

/** Clients repeat this schema to the model at every step, so it is short. */
const ACTION = {
  title: 'Ghostexec reply',
  type: 'object',
  properties: { text: { type: 'string', description: 'Your reply, with one action as JSON' } },
  required: ['text'],
};

const replySchema = z
  .unknown()
  .meta({ description: 'The reply of a model: `{"text": "..."}`, a string, or any other JSON' })
  .transform((reply, context): string => {
    if (reply !== undefined) return completionOf(reply);
    context.issues.push({ code: 'invalid_type', expected: 'object', input: reply });
    return z.NEVER;
  });

/** A string, closed or not, or a number that Python writes and JSON does not have. */
const STRING_OR_NAN = /"[^"\\]*(?:\\.[^"\\]*)*\\?(?:"|$)|-?\b(?:NaN|Infinity)\b/gs;

/** Parses JSON. If a model replies NaN, a client in Python sends NaN; it is read as null. @throws CostlyJsonError, SyntaxError */
function parse(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch (error) {
    const repaired = text.replace(STRING_OR_NAN, (found) => (found.startsWith('"') ? found : 'null'));
    if (repaired === text) throw error;
    return parseBoundedJson(repaired);
  }
}

/** The completion in a reply: the text of `{text}`, a string itself, and the JSON of any other value, such as an action. */
function completionOf(reply: unknown): string {
  const hasText = typeof reply === 'object' && reply !== null && 'text' in reply && !('action_type' in reply);
  const value = hasText ? reply.text : reply;
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    return '(a value that is nested too deeply)';
  }
}

const observationSchema = z.object({
  text: z
    .string()
    .describe(
      'The briefing. After a reset the system prompt comes before it, and after the end it says that the day is over',
    ),
});
const answerSchema = httpAnswerSchema.extend({ observation: observationSchema });

/** The text of an answer. Before the first briefing of an episode come the rules, if the ruleset has a system prompt. */
function textOf({ observation: { rules, episode_step }, text }: Answer): string {
  return episode_step === 0 && rules === 'v2' ? `${systemPrompt()}\n\n${text}` : text;
}

function json({ reward, done, metadata }: Answer, text: string, more: object = {}): string {
  return JSON.stringify({ observation: { text }, reward: reward ?? 0, done, metadata, ...more });
}

const TEXT: WireForm = {
  base: '/text',
  door: 'text',
  surfaces: { http: 'text', ws: 'text' },
  tag: 'Text',
  parse,
  action: replySchema,
  about:
    'The action is the reply of a model, and is read as a completion: the text of `{text}`, a string, or the JSON of any other ' +
    'value. A reply that cannot be read and an action that cannot be carried out are invalid steps. After the end of the day no step is ' +
    'played.',
  answer: answerSchema,
  schemas: () => {
    const { reward, done } = answerSchema.shape;
    const observation = z.toJSONSchema(
      observationSchema.extend({ reward, done }).partial({ reward: true, done: true }),
    );
    return { action: ACTION, observation: { title: 'Ghostexec text', ...observation }, state: wireSchemas().state };
  },
  json: (answer, more) => json(answer, textOf(answer), more),
  play: (session, action, more) => {
    const { answer } = session;
    if (answer?.done) return json({ ...answer, reward: 0 }, 'The day is over.', more);
    const played = session.play(action);
    return json(played, textOf(played), more);
  },
};

/** All forms. */
export const FORMS: readonly WireForm[] = [FIELDS, TEXT];
