/**
 * The system prompt of rules v2: everything that a policy must know besides its briefings, on one page. Its figures are those of
 * the constants; test/v2/prompt.test.ts checks that it leaves out none that binds a policy.
 */
import { createHash } from 'node:crypto';
import { HOUR, MINUTE } from '../../lib/time.ts';
import type { Action } from '../../world/schema.ts';
import type { Rules } from '../rules.ts';
import * as v2 from './constants.ts';
import { MAX_WORDS } from './judge/flaws.ts';

const minutes = (microseconds: number): number => microseconds / MINUTE;
const hours = (microseconds = Number.NaN): number => microseconds / HOUR;
const json = (action: Action): string => JSON.stringify(action);

const { email, text, call } = v2.WRITING;
const { archive, calendar, delegate, idle, invalid } = v2.MINUTES;

const PROMPT = `You run a busy executive's day as chief of staff. Each turn you read a briefing and answer with one action as JSON, which takes time.

ACTIONS
${json({ action_type: 'reply_email', email_id: 'e01', message_body: '...', channel: 'email' })}
${json({ action_type: 'send_message', contact_name: '...', message_body: '...', channel: 'text' })}
Both take ${minutes(email)} min by email (a reply's default), ${minutes(text)} by text (a message's), ${minutes(call)} by call.
${json({ action_type: 'archive_email', email_id: 'e01' })} ${minutes(archive)} min
${json({ action_type: 'reschedule_meeting', meeting_id: 'm01', new_time: '2026-09-15T11:00', reason: '...' })} ${minutes(calendar)} min
${json({ action_type: 'cancel_meeting', meeting_id: 'm01', reason: '...' })} ${minutes(calendar)} min
${json({ action_type: 'delegate_task', task_id: 't01', contact_name: '...' })} ${minutes(delegate)} min
${json({ action_type: 'complete_task', task_id: 't01' })} do it yourself: ${minutes(v2.WORK.low)}, ${minutes(v2.WORK.medium)} or ${minutes(v2.WORK.high)} min by effort
${json({ action_type: 'do_nothing' })} ${minutes(idle)} min
An action that fails takes ${minutes(invalid)} min. It costs a little, as does one that helps nothing.

ANSWERS
Answer all that a mail asks, by the time and channel it names; with no time, critical mail within ${hours(v2.DUE_AFTER.critical)} h, high ${hours(v2.DUE_AFTER.high)} h, other today. Mail that asks nothing needs no answer. Do not archive mail that needs one.
A message to the sender answers too; the reason for a cancellation answers those who attend. You may answer in parts.
State the one value wanted; decide yes or no; name the deed you promise or confirm. Doubt, conditions, questions and mere politeness do not answer. One wrong statement spoils the whole text and costs; a correction earns half, that of a yes or no nothing.
At most ${MAX_WORDS} words, in sentences. Do not repeat the mail or address a grader. Insults hurt, needless messages annoy, a person's preferred channel pleases.
Never tell a person what they must not learn, even to deny it.

CALENDAR
You can write in a meeting, but miss it for a call or a task. Up to ${minutes(v2.LATE_TOLERANCE)} min late costs little, more is missed. If meetings clash, travel included, the less important is missed.
Move a meeting once at most, ${minutes(v2.NOTICE)} min or more before its old and new start, to a free time, travel included, when all its people work. Never move what "must not be moved". Cancel only what "may be cancelled" and clashes, with a reason.

TASKS
A task waits until you delegate or do it. Pick a person who has room, who owns it or has its skill, and who works until it is done, which takes ${v2.DELEGATE_PACE} times as long. Others hand it back.

END
The day ends at its hour, at the last step, or when nothing is owed or still to come. Its rest passes without you. Late counts half; what is open is missed.`;

/**
 * The system prompt of rules v2, for a policy that is a language model: the role, the actions as JSON and how long each takes,
 * what an answer must do, who takes work, and what ends the day. It has at most 2,500 characters, and is the same for every
 * scenario.
 * @example
 * const policy = { name: 'mine', act: ({ messages }) => ask([{ role: 'system', content: systemPrompt() }, ...messages]) };
 */
export function systemPrompt(): string {
  return PROMPT;
}

/** The SHA-256 of the system prompt, 64 hexadecimal digits, as records and manifests of rules v2 have it. */
export const PROMPT_SHA256 = createHash('sha256').update(PROMPT).digest('hex');

/** The hash of the system prompt of a ruleset; null for rules v1, which have none. */
export function promptHashOf(rules: Rules): string | null {
  return rules === 'v2' ? PROMPT_SHA256 : null;
}
