/** What a client of ORS sees of an episode: the prompt, the tools and the results of their calls, as streams of events. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { quote } from '../../lib/text.ts';
import { isSuccess } from '../../sim/reward-profile.ts';
import { ACTION_TOOLS } from '../../sim/v2/action-tools.ts';
import { systemPrompt } from '../../sim/v2/prompt.ts';
import type { Answer, Session } from '../session.ts';
import type { SessionEntry } from '../sessions.ts';
import type { blocksSchema, CallRequest, CallResult, messagesSchema, ToolOutput, toolsSchema } from './wire.ts';

type Blocks = z.output<typeof blocksSchema>;

/** The system prompt describes actions as JSON, but a client of ORS calls tools. */
const TOOLS_NOTE = 'Each action is a tool of the same name: call one tool a turn instead of writing JSON.';

/** The tools: one for each type of action. */
export const ORS_TOOLS: z.output<typeof toolsSchema> = {
  tools: ACTION_TOOLS.map(({ type, description, schema }) => ({
    name: type,
    description,
    input_schema: z.toJSONSchema(schema, { io: 'input' }),
  })),
};

/** The rules, if the ruleset of the episode has a system prompt, and the current briefing, as one text. */
export function promptOf(session: Session): Blocks {
  const { observation } = answerOf(session);
  return blocksOf([rulesOf(observation), observation.briefing].filter((text) => text !== '').join('\n\n'));
}

/** The same as messages: the rules come from the system, the briefing from the user. */
export function messagesOf(session: Session): z.output<typeof messagesSchema> {
  const { observation } = answerOf(session);
  const rules = rulesOf(observation);
  const briefing = { role: 'user' as const, blocks: blocksOf(observation.briefing), detail: null };
  return rules === '' ? [briefing] : [{ role: 'system', blocks: blocksOf(rules), detail: null }, briefing];
}

/**
 * Calls a tool: plays its action. An action that is ill-typed or cannot be carried out is an invalid step. Only an unknown tool and
 * an input that is not an object play nothing.
 * @param stepped Called if a step was played
 */
export function playCall({ session }: SessionEntry, { name, input }: CallRequest, stepped: () => void): CallResult {
  const tool = ACTION_TOOLS.find(({ type }) => type === name);
  if (tool === undefined) {
    const known = ACTION_TOOLS.map(({ type }) => type).join(', ');
    return { ok: false, error: `${quote(name)} is not a valid tool; known: ${known}`, reason: 'not_found' };
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    const error = `Tool input validation error: expected an object, got ${quote(input)}`;
    return { ok: false, error, reason: 'input_validation' };
  }
  const before = answerOf(session);
  if (before.done) {
    return { ok: true, output: outputOf({ ...before, text: 'The day is over.', reward: null }, null) };
  }
  const answer = session.step({ ...input, action_type: tool.type });
  stepped();
  return { ok: true, output: outputOf(answer, answer.stepReward) };
}

/** @param stepReward null if no step was played */
function outputOf({ observation, text, reward, done, profiles }: Answer, stepReward: number | null): ToolOutput {
  const { task_id, rules, seed, episode_step, max_episode_steps, step_ok, error } = observation;
  const { terminated, truncated, grade } = observation;
  return {
    blocks: blocksOf(text),
    metadata: {
      task_id,
      rules,
      seed,
      reward_profile: profiles.reward,
      observation_profile: profiles.observation,
      success: isSuccess(grade?.grade ?? null, profiles.successGrade),
      step_reward: stepReward,
      episode_step,
      max_episode_steps,
      step_ok,
      error,
      terminated,
      truncated,
      grade,
    },
    reward,
    finished: done,
  };
}

/** The rules as text; '' if the ruleset has none. */
function rulesOf({ rules }: Answer['observation']): string {
  return rules === 'v2' ? `${systemPrompt()}\n\n${TOOLS_NOTE}` : '';
}

function blocksOf(text: string): Blocks {
  return [{ type: 'text', text, detail: null }];
}

function answerOf({ answer }: Session): Answer {
  if (answer === undefined) throw new TypeError('a session of ORS has an episode from its beginning');
  return answer;
}

// Answers that are streams of server-sent events. The server sends each stream as a whole, at once.

export type ServerEvent = readonly [name: 'task_id' | 'chunk' | 'end' | 'error', data: string];

/** Python clients refuse a line of 131,072 bytes or more. */
const MAX_LINE_BYTES = 120_000;

/**
 * The events of a JSON text: one `end`, or for a text that is too long for one line, `chunk`s and an `end` whose data make up the
 * text. No data begin with white space, because clients strip it.
 */
export function jsonEvents(text: string): ServerEvent[] {
  // Some clients take these characters for the end of a line.
  const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const json = text.replaceAll(/[\u0085\u2028\u2029]/g, escaped);
  if (Buffer.byteLength(json) <= MAX_LINE_BYTES) return [['end', json]];
  // A code point has at most 4 bytes.
  const parts = json.match(/\S[\s\S]{0,25000}\s*/gu) ?? [];
  return parts.map((part, index) => [index === parts.length - 1 ? 'end' : 'chunk', part]);
}

/** The text of a stream. */
export function textOf(events: readonly ServerEvent[]): string {
  return events.map(([name, data]) => `event: ${name}\ndata: ${data.replaceAll(/[\r\n]+/g, ' ')}\n\n`).join('');
}

/** Prepares a reply whose text is a stream. */
export function beginStream(reply: FastifyReply): void {
  reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-cache')
    // Some proxies would hold back the stream to collect more of it.
    .header('x-accel-buffering', 'no')
    // The serializer of the other routes would turn the text into a JSON string.
    .serializer(String);
}
