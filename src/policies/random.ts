/** Policies that draw random actions about what the briefing names. `random` makes a fifth of its actions invalid on purpose. */
import { Random } from '../lib/random.ts';
import { formatTime, HOUR, utcOf } from '../lib/time.ts';
import type { Observation } from '../sim/observation/observation.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { CHANNELS } from '../world/schema.ts';
import { type BuiltInPolicy, builtIn } from './policy.ts';

export const INVALID_SHARE = 0.2;
/** Meetings are moved to a quarter of an hour within this many hours from now. */
const RESCHEDULE_WITHIN = 24;

const REPLIES = ['Thanks, I will see to it.', 'Noted. You will hear from me today.', 'Sorry for the wait, on it now.'];

type Draw = (seen: Observation, random: Random) => PolicyAnswer | undefined;

const VALID: readonly Draw[] = [
  () => ({ action_type: 'do_nothing' }),
  ({ inbox, day_ends }, random) => {
    const email = random.pick(inbox.emails);
    const action = {
      action_type: 'reply_email',
      email_id: email?.id ?? '',
      message_body: random.pick(REPLIES) ?? '',
    } as const;
    return email && (day_ends === null ? action : Object.assign(action, { channel: random.pick(CHANNELS) }));
  },
  ({ inbox }, random) => {
    const email = random.pick(inbox.emails);
    return email && { action_type: 'archive_email', email_id: email.id };
  },
  ({ time, day_ends, calendar }, random) => {
    const meeting = random.pick(calendar.meetings);
    const now = utcOf(time);
    const length = meeting ? utcOf(meeting.end) - utcOf(meeting.start) : 0;
    const end = day_ends === null ? now + RESCHEDULE_WITHIN * HOUR : utcOf(day_ends);
    const quarters = Math.floor((end - length - now) / (HOUR / 4));
    if (quarters < 1) return undefined;
    const start = now + (1 + random.below(quarters)) * (HOUR / 4);
    const isTaken = calendar.meetings.some(
      (other) => other !== meeting && start < utcOf(other.end) && utcOf(other.start) < start + length,
    );
    if (meeting === undefined || isTaken || start === utcOf(meeting.start)) return undefined;
    return { action_type: 'reschedule_meeting', meeting_id: meeting.id, new_time: formatTime(start), reason: 'clash' };
  },
  ({ calendar }, random) => {
    const meeting = random.pick(calendar.meetings);
    return meeting && { action_type: 'cancel_meeting', meeting_id: meeting.id, reason: 'no time' };
  },
  ({ tasks }, random) => {
    const task = random.pick(tasks.open);
    return task && { action_type: 'complete_task', task_id: task.id };
  },
  ({ tasks, people }, random) => {
    const task = random.pick(tasks.open);
    const person = random.pick(people.contacts);
    return task && person && { action_type: 'delegate_task', task_id: task.id, contact_name: person.name };
  },
  ({ people }, random) => {
    const person = random.pick(people.contacts);
    return (
      person && { action_type: 'send_message', contact_name: person.name, message_body: random.pick(REPLIES) ?? '' }
    );
  },
];

const INVALID: readonly Draw[] = [
  () => 'I would rather think about it a little longer.',
  () => '{"action_type": "reply_email", "email_id": ',
  () => '{"action_type": "postpone_everything"}',
  () => ({ action_type: 'reply_email', email_id: 'no-such-email', message_body: 'Thanks.' }),
  () => ({ action_type: 'complete_task', task_id: 'no-such-task' }),
  ({ inbox: { emails } }) => emails[0] && { action_type: 'reply_email', email_id: emails[0].id, message_body: '  ' },
  ({ calendar: { meetings } }) =>
    meetings[0] && { action_type: 'reschedule_meeting', meeting_id: meetings[0].id, new_time: 'tomorrow at noon' },
  ({ tasks: { open } }) =>
    open[0] && { action_type: 'delegate_task', task_id: open[0].id, contact_name: 'Nobody At All' },
];

/** @param invalidShare Share of the actions that are invalid on purpose. */
function randomPolicy(name: string, invalidShare: number): BuiltInPolicy {
  return builtIn(name, (seed) => {
    const dice = new Random(seed);
    return (seen) => {
      const draws = dice.float() < invalidShare ? INVALID : VALID;
      for (;;) {
        const answer = dice.pick(draws)?.(seen, dice);
        if (answer !== undefined) return answer;
      }
    };
  });
}

export const random = randomPolicy('random', INVALID_SHARE);
export const randomValid = randomPolicy('random_valid', 0);
