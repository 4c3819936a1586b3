/**
 * Works through what the briefing shows in a fixed order: clashes, tasks that can be delegated, tasks that are due soon,
 * emails by priority, everything else. It reads only the briefing, remembers what it has tried, and plans one step ahead.
 * Every email gets the same polite answer.
 */
import { DAY, formatTime, HOUR, MINUTE, utcOf } from '../lib/time.ts';
import type { Observation, ObservedContact, ObservedMeeting, ObservedTask } from '../sim/observation/observation.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { PRIORITIES } from '../world/schema.ts';
import { builtIn } from './policy.ts';

const REPLY = 'Thank you for your message. I have taken this up and will come back to you today with an answer.';

/** Possible starts of a moved meeting: on the grid, at least NOTICE and at most HORIZON from now, between these times of the day. */
const GRID = 15 * MINUTE;
const NOTICE = HOUR / 2;
const HORIZON = 36 * HOUR;
const DAY_BEGINS = 8 * HOUR;
const DAY_ENDS = 20 * HOUR;
/** How much longer a delegate takes than the executive, roughly. */
const DELEGATE_PACE = 1.5;

/** What was tried before, as `what:id`, so that a failed action is not repeated. */
type Tried = Set<string>;
type Rule = (seen: Observation, tried: Tried) => PolicyAnswer | undefined;

export const greedy = builtIn('greedy', () => {
  const tried: Tried = new Set();
  return (seen) => choose(seen, tried);
});

const RULES: readonly Rule[] = [
  resolveClash,
  handOn,
  finishDueTask,
  answer('critical'),
  answer('high'),
  finishTask,
  answer('normal'),
];

function choose(seen: Observation, tried: Tried): PolicyAnswer {
  for (const rule of RULES) {
    const action = rule(seen, tried);
    if (action !== undefined) return action;
  }
  return { action_type: 'do_nothing' };
}

/** Moves the less important meeting of a clash to the first free slot, or cancels it if that is allowed. */
function resolveClash(seen: Observation, tried: Tried): PolicyAnswer | undefined {
  const clashing = seen.calendar.meetings.filter((one) => one.clashes_with.length > 0 && one.start > seen.time);
  clashing.sort(
    (a, b) =>
      PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority) ||
      b.clashes_with.length - a.clashes_with.length ||
      utcOf(a.start) - utcOf(b.start),
  );
  for (const meeting of clashing) {
    const reason = `It overlaps with ${meeting.clashes_with.join(' and ')}.`;
    const slot = meeting.movable === false ? undefined : freeSlot(meeting, seen);
    if (slot !== undefined && once(tried, `move:${meeting.id}`)) {
      return { action_type: 'reschedule_meeting', meeting_id: meeting.id, new_time: formatTime(slot), reason };
    }
    if (meeting.cancellable === true && once(tried, `cancel:${meeting.id}`)) {
      return { action_type: 'cancel_meeting', meeting_id: meeting.id, reason };
    }
  }
  return undefined;
}

/** The first start at which the meeting fits and the people whom the briefing knows are at work. */
export function freeSlot(
  meeting: ObservedMeeting,
  { time, day_ends, calendar, people }: Observation,
): number | undefined {
  const now = utcOf(time);
  const length = utcOf(meeting.end) - utcOf(meeting.start);
  const first = Math.ceil((now + NOTICE) / GRID) * GRID;
  const last = Math.min(now + HORIZON, day_ends === null ? Number.POSITIVE_INFINITY : utcOf(day_ends) - length);
  const hours = people.contacts.filter(({ name }) => meeting.attendees.includes(name)).map(workingHours);
  const place = placeOf(meeting);
  const taken = calendar.meetings
    .filter(({ id }) => id !== meeting.id)
    .map((other) => {
      const isElsewhere = place !== '' && placeOf(other) !== '' && placeOf(other) !== place;
      const way = isElsewhere ? (calendar.travel_minutes ?? 0) * MINUTE : 0;
      return { from: utcOf(other.start) - way, to: utcOf(other.end) + way };
    });
  for (let start = first; start <= last; start += GRID) {
    const end = start + length;
    const clock = start % DAY;
    if (day_ends === null && (clock < DAY_BEGINS || clock + length > DAY_ENDS)) continue;
    if (hours.some(({ from, to }) => clock < from || clock + length > to)) continue;
    if (taken.every(({ from, to }) => end <= from || to <= start) && start !== utcOf(meeting.start)) return start;
  }
  return undefined;
}

/** The building of a meeting: its location up to the first comma. Empty if it has none. */
function placeOf({ location }: ObservedMeeting): string {
  return location?.split(/[,;]/, 1)[0]?.trim() ?? '';
}

/** When a contact works, in microseconds after midnight. */
function workingHours({ works_from, works_to }: ObservedContact): { from: number; to: number } {
  return works_from === null || works_to === null
    ? { from: 0, to: DAY }
    : { from: timeOfDay(works_from), to: timeOfDay(works_to) };
}

function timeOfDay(clock: string): number {
  return (Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))) * MINUTE;
}

function answer(priority: string): Rule {
  return ({ inbox, people, day_ends }, tried) => {
    const email = inbox.emails.find(
      (one) => one.priority === priority && !one.answered && !one.archived && !tried.has(`answer:${one.id}`),
    );
    if (email === undefined) return undefined;
    tried.add(`answer:${email.id}`);
    const action = { action_type: 'reply_email', email_id: email.id, message_body: REPLY } as const;
    const channel = people.contacts.find(({ name }) => name === email.sender)?.prefers;
    // Rules v1 have no channels, and no end of the day.
    return day_ends === null || channel === undefined ? action : Object.assign(action, { channel });
  };
}

function finishDueTask(seen: Observation): PolicyAnswer | undefined {
  const task = seen.tasks.open.find((one) => one.urgency === 'soon' && one.delegated_to === null && fits(one, seen));
  return task && { action_type: 'complete_task', task_id: task.id };
}

/** Delegates a task that is not due soon to the able person who holds the fewest tasks. */
function handOn(seen: Observation, tried: Tried): PolicyAnswer | undefined {
  for (const task of seen.tasks.open) {
    const action = task.urgency !== 'overdue' && task.delegated_to === null ? handOver(task, seen, tried) : undefined;
    if (action !== undefined) return action;
  }
  return undefined;
}

/** Delegates a task to its owner or to a person with the skill who is at work until the task is done and has room for it. */
function handOver(task: ObservedTask, seen: Observation, tried: Tried): PolicyAnswer | undefined {
  const now = timeOfDay(seen.time.slice(11, 16));
  const end = now + DELEGATE_PACE * (task.takes_minutes ?? 0) * MINUTE;
  const [person] = seen.people.contacts
    .filter((one) => hasRoom(one) && isAble(one, task))
    .filter((one) => workingHours(one).from <= now && end <= workingHours(one).to)
    .filter(({ name }) => !tried.has(`hand:${task.id}:${name}`))
    .sort((a, b) => a.open_tasks - b.open_tasks || a.importance - b.importance);
  if (person === undefined) return undefined;
  tried.add(`hand:${task.id}:${person.name}`);
  return { action_type: 'delegate_task', task_id: task.id, contact_name: person.name };
}

function hasRoom({ takes_work, max_tasks, open_tasks }: ObservedContact): boolean {
  return takes_work && open_tasks < (max_tasks ?? Number.POSITIVE_INFINITY);
}

function isAble({ name, skills }: ObservedContact, { owner, skill }: ObservedTask): boolean {
  return skill === null || skills === null || owner === name || skills.includes(skill);
}

function finishTask(seen: Observation): PolicyAnswer | undefined {
  const task = seen.tasks.open.find((one) => one.delegated_to === null && fits(one, seen));
  return task && { action_type: 'complete_task', task_id: task.id };
}

/** Whether a task can be done before the next meeting and the end of the day, as far as the briefing shows. */
function fits({ takes_minutes }: ObservedTask, { time, day_ends, calendar }: Observation): boolean {
  if (takes_minutes === null) return true;
  const done = formatTime(utcOf(time) + takes_minutes * MINUTE);
  return (
    (day_ends === null || done <= day_ends) && calendar.meetings.every(({ start, end }) => done <= start || end <= time)
  );
}

/** True the first time that it is called with `what`. */
function once(tried: Tried, what: string): boolean {
  if (tried.has(what)) return false;
  tried.add(what);
  return true;
}
