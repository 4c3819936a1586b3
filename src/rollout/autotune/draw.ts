/** Random actions for measuring speed: cheap to make, of all eight types, mostly valid. */
import type { Random } from '../../lib/random.ts';
import { formatTime, HOUR, parseTime } from '../../lib/time.ts';
import type { Action, Scenario } from '../../world/schema.ts';

type Draw = (scenario: Scenario, random: Random) => Action | undefined;

const WORDS = 'Thank you, I will see to it today.';
/** Meetings are moved to a full hour, at most this number of hours after the day begins. */
const HOURS = 10;

const DRAWS: readonly Draw[] = [
  () => ({ action_type: 'do_nothing' }),
  ({ emails }, random) => {
    const email = random.pick(emails);
    return email && { action_type: 'reply_email', email_id: email.id, message_body: WORDS };
  },
  ({ emails }, random) => {
    const email = random.pick(emails);
    return email && { action_type: 'archive_email', email_id: email.id };
  },
  ({ meetings, simulation_time }, random) => {
    const meeting = random.pick(meetings);
    const morning = parseTime(simulation_time)?.utc;
    if (meeting === undefined || morning === undefined) return undefined;
    const new_time = formatTime(morning + (1 + random.below(HOURS)) * HOUR);
    return { action_type: 'reschedule_meeting', meeting_id: meeting.id, new_time, reason: 'clash' };
  },
  ({ meetings }, random) => {
    const meeting = random.pick(meetings);
    return meeting && { action_type: 'cancel_meeting', meeting_id: meeting.id, reason: 'no time' };
  },
  ({ tasks }, random) => {
    const task = random.pick(tasks);
    return task && { action_type: 'complete_task', task_id: task.id };
  },
  ({ tasks, contacts }, random) => {
    const task = random.pick(tasks);
    const contact = random.pick(contacts);
    return task && contact && { action_type: 'delegate_task', task_id: task.id, contact_name: contact.name };
  },
  ({ contacts }, random) => {
    const contact = random.pick(contacts);
    return contact && { action_type: 'send_message', contact_name: contact.name, message_body: WORDS };
  },
];

/** Draws `count` actions about things in the scenario. A type that needs a thing that the scenario lacks becomes `do_nothing`. */
export function drawActions(scenario: Scenario, count: number, random: Random): Action[] {
  return Array.from(
    { length: count },
    () => random.pick(DRAWS)?.(scenario, random) ?? { action_type: 'do_nothing' as const },
  );
}
