/**
 * The text form of OpenEnv's contract, for clients that show schemas and observations to a model as they are. An observation is one
 * text, and whatever the model replies is a step.
 */
import { z } from 'zod';
import { parseBoundedJson } from '../../lib/json.ts';
import { systemPrompt } from '../../sim/v2/prompt.ts';
import { FIELDS, type WireForm } from '../form.ts';
import type { Answer } from '../session.ts';
import { httpAnswerSchema, wireSchemas } from '../wire.ts';

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
