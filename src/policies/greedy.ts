/**
 * Works through what the briefing shows in a fixed order: clashes, tasks that can be delegated, tasks that are due soon,
 * emails by priority, everything else. It reads only the briefing, remembers what it has tried, and plans one step ahead.
 * Every email gets the same polite answer.
 */
import { DAY, formatTime, HOUR, MINUTE } from '../lib/time.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { CHANNELS, PRIORITIES } from '../world/schema.ts';
import type { SeenBriefing, SeenMeeting, SeenPerson, SeenTask } from './briefing-reader.ts';
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
type Rule = (seen: SeenBriefing, tried: Tried) => PolicyAnswer | undefined;

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

function choose(seen: SeenBriefing, tried: Tried): PolicyAnswer {
  for (const rule of RULES) {
    const action = rule(seen, tried);
    if (action !== undefined) return action;
  }
  return { action_type: 'do_nothing' };
}

/** Moves the less important meeting of a clash to the first free slot, or cancels it if that is allowed. */
function resolveClash(seen: SeenBriefing, tried: Tried): PolicyAnswer | undefined {
  const urgency = (meeting: SeenMeeting): number => (PRIORITIES as readonly string[]).indexOf(meeting.priority);
  const clashing = seen.meetings.filter((meeting) => meeting.clashes.length > 0 && meeting.start > seen.now);
  clashing.sort((a, b) => urgency(b) - urgency(a) || b.clashes.length - a.clashes.length || a.start - b.start);
  for (const meeting of clashing) {
    const reason = `It overlaps with ${meeting.clashes.join(' and ')}.`;
    const slot = meeting.movable ? freeSlot(meeting, seen) : undefined;
    if (slot !== undefined && once(tried, `move:${meeting.id}`)) {
      return { action_type: 'reschedule_meeting', meeting_id: meeting.id, new_time: formatTime(slot), reason };
    }
    if (meeting.cancellable && once(tried, `cancel:${meeting.id}`)) {
      return { action_type: 'cancel_meeting', meeting_id: meeting.id, reason };
    }
  }
  return undefined;
}

/** The first start at which the meeting fits and the people whom the briefing knows are at work. */
function freeSlot(meeting: SeenMeeting, { meetings, people, now, dayEnd, travel }: SeenBriefing): number | undefined {
  const length = meeting.end - meeting.start;
  const first = Math.ceil((now + NOTICE) / GRID) * GRID;
  const last = Math.min(now + HORIZON, dayEnd === undefined ? Number.POSITIVE_INFINITY : dayEnd - length);
  const attendees = people.filter(({ name }) => meeting.attendees.includes(name));
  for (let start = first; start <= last; start += GRID) {
    const end = start + length;
    const clock = start % DAY;
    if (dayEnd === undefined && (clock < DAY_BEGINS || clock + length > DAY_ENDS)) continue;
    if (attendees.some(({ worksFrom, worksTo }) => clock < worksFrom || clock + length > worksTo)) continue;
    const isFree = meetings.every((other) => {
      const isElsewhere = other.place !== '' && meeting.place !== '' && other.place !== meeting.place;
      const way = isElsewhere ? travel : 0;
      return other.id === meeting.id || end + way <= other.start || other.end + way <= start;
    });
    if (isFree && start !== meeting.start) return start;
  }
  return undefined;
}

function answer(priority: string): Rule {
  return ({ emails, people }, tried) => {
    const waiting = emails.filter((email) => email.priority === priority && email.owed !== false);
    const email = waiting.find(({ id }) => !tried.has(`answer:${id}`));
    if (email === undefined) return undefined;
    tried.add(`answer:${email.id}`);
    const action = { action_type: 'reply_email', email_id: email.id, message_body: REPLY } as const;
    const prefers = CHANNELS.find((channel) => channel === people.find(({ name }) => name === email.sender)?.prefers);
    return email.owed === undefined || prefers === undefined ? action : { ...action, channel: prefers };
  };
}

function finishDueTask(seen: SeenBriefing): PolicyAnswer | undefined {
  const due = seen.tasks.filter(({ mark, delegated }) => mark === 'soon' && !delegated);
  for (const task of due) {
    if (fits(task, seen)) return { action_type: 'complete_task', task_id: task.id };
  }
  return undefined;
}

/** Delegates a task that is not due soon to the able person who holds the fewest tasks. */
function handOn(seen: SeenBriefing, tried: Tried): PolicyAnswer | undefined {
  for (const task of seen.tasks) {
    const action = task.mark !== 'overdue' && !task.delegated ? handOver(task, seen, tried) : undefined;
    if (action !== undefined) return action;
  }
  return undefined;
}

/** Delegates a task to its owner or to a person with the skill who is at work until the task is done and has room for it. */
function handOver(task: SeenTask, seen: SeenBriefing, tried: Tried): PolicyAnswer | undefined {
  const end = (seen.now % DAY) + DELEGATE_PACE * (task.takes ?? 0);
  const [person] = seen.people
    .filter((one) => one.held < one.limit && isAble(one, task) && one.worksFrom <= seen.now % DAY && end <= one.worksTo)
    .filter(({ name }) => !tried.has(`hand:${task.id}:${name}`))
    .sort((a, b) => a.held - b.held || a.importance - b.importance);
  if (person === undefined) return undefined;
  tried.add(`hand:${task.id}:${person.name}`);
  return { action_type: 'delegate_task', task_id: task.id, contact_name: person.name };
}

function isAble({ name, skills }: SeenPerson, { owner, needs }: SeenTask): boolean {
  return needs === undefined || skills === undefined || owner === name || skills.includes(needs);
}

function finishTask(seen: SeenBriefing): PolicyAnswer | undefined {
  const task = seen.tasks.find((candidate) => !candidate.delegated && fits(candidate, seen));
  return task && { action_type: 'complete_task', task_id: task.id };
}

/** Whether a task can be done before the next meeting and the end of the day, as far as the briefing shows. */
function fits({ takes }: SeenTask, { now, dayEnd, meetings }: SeenBriefing): boolean {
  if (takes === undefined) return true;
  return (
    now + takes <= (dayEnd ?? Number.POSITIVE_INFINITY) &&
    meetings.every(({ start, end }) => now + takes <= start || end <= now)
  );
}

/** True the first time that it is called with `what`. */
function once(tried: Tried, what: string): boolean {
  if (tried.has(what)) return false;
  tried.add(what);
  return true;
}
