/** Writes an observation as text, which is what a language model reads: head, inbox, calendar, people, tasks. */

import { plural } from '../../lib/text.ts';
import { formatDay, utcOf } from '../../lib/time.ts';
import { keptFor } from '../../world/kept.ts';
import { PRIORITIES } from '../../world/schema.ts';
import type {
  FreeSlot,
  Observation,
  ObservedCalendar,
  ObservedContact,
  ObservedEmail,
  ObservedHead,
  ObservedInbox,
  ObservedMeeting,
  ObservedPeople,
  ObservedTask,
  ObservedTasks,
} from './observation.ts';

/** The maximum length of a briefing, in code points. */
export const MAX_CODE_POINTS = 48_000;
/** The last line of a briefing that was cut. */
export const CUT_MARK = '\n[... the briefing was cut here: it may have at most 48,000 characters]\n';

/** The titles above unread emails. */
export const PRIORITY_TITLES = PRIORITIES.map((priority) => ` ${priority.toUpperCase()}\n`);
const URGENCY_MARKS: Readonly<Record<ObservedTask['urgency'], string>> = {
  later: '',
  soon: ' DUE SOON',
  overdue: ' OVERDUE',
};

/**
 * The briefing: plain text, at most 48,000 code points. Equal observations give equal texts.
 * @example
 * const text = briefing(batch.observation(0));
 */
export function briefing(observation: Observation): string {
  return joinBriefing([
    headText(observation),
    ...inboxLines(observation.inbox),
    ...calendarLines(observation.calendar),
    ...peopleLines(observation.people),
    ...tasksLines(observation.tasks),
  ]);
}

/** The lines of a section, each with its line end. */
export type Lines = readonly string[];

/** A briefing from its parts, cut if it is too long. */
export function joinBriefing(parts: readonly string[]): string {
  const text = parts.join('');
  return text.length <= MAX_CODE_POINTS ? text : cut(text);
}

function cut(text: string): string {
  const points = Array.from(text.slice(0, 2 * MAX_CODE_POINTS + 1));
  if (points.length <= MAX_CODE_POINTS) return text;
  return `${points.slice(0, MAX_CODE_POINTS - CUT_MARK.length).join('')}${CUT_MARK}`;
}

/** The first lines: time, limits, the last action and the news. */
export function headText(o: ObservedHead): string {
  const end = o.day_ends === null ? '' : ` | the day ends ${whenSeenFrom(o.time, o.day_ends)}`;
  let last = 'Last action: none yet; the day begins.';
  if (o.note !== '') last = o.step_ok ? `Last action: ${o.note}` : `Last action FAILED: ${o.note}`;
  const news = o.news === '' ? '' : `\nSince then: ${o.news}`;
  const over = o.active ? '' : '\nThe episode is over.';
  const steps = `step ${o.step} of ${o.max_steps}, ${o.steps_left} left`;
  return `${timeText(o.time)} UTC | ${steps} | stress ${o.stress}/100${end}\n${last}${news}${over}\n`;
}

/** `10:30` if it is on the same day as `time`, otherwise `Tue 23 Jun 10:30`. */
function whenSeenFrom(time: string, instant: string): string {
  return instant.startsWith(time.slice(0, 10)) ? clockText(instant) : dateText(instant);
}

export function inboxLines(inbox: ObservedInbox): Lines {
  const groups = new Map<string, ObservedEmail[]>();
  for (const email of inbox.emails) {
    const title = groupTitle(email);
    const group = groups.get(title);
    if (group === undefined) groups.set(title, [email]);
    else group.push(email);
  }
  return [inboxTitle(inbox), ...[...groups.values()].flatMap(groupLines)];
}

export function inboxTitle({ unread, unanswered, dealt_with }: Omit<ObservedInbox, 'emails'>): string {
  const rest = dealt_with === null ? '' : `, ${dealt_with} answered or archived`;
  return `\nINBOX: ${unread} unread, ${unanswered} read but unanswered${rest}\n`;
}

/** Emails under the same title. There is at least one. */
export function groupLines(emails: readonly ObservedEmail[]): Lines {
  const [first] = emails;
  return first === undefined ? [] : [groupTitle(first), ...emails.map(emailLine)];
}

function groupTitle({ unread, priority, answered, archived }: ObservedEmail): string {
  if (unread) return PRIORITY_TITLES[PRIORITIES.indexOf(priority)] ?? '';
  return answered || archived ? ' ANSWERED OR ARCHIVED\n' : ' READ, UNANSWERED\n';
}

/** Keeps the line of each thing as long as the thing exists: `Things` makes a thing in the same state once. */
function remembered<T extends object>(write: (thing: T) => string): (thing: T) => string {
  // In one piece and in well-formed Unicode: V8 would copy the pieces of a template again for each text that contains it.
  return keptFor((thing: T) => Buffer.from(write(thing)).toString());
}

const emailLine = remembered((email: ObservedEmail): string => {
  const priority = email.unread ? '' : `${email.priority}, `;
  return `  [${email.id}] ${priority}${emailHead(email)}: ${email.body}\n`;
});

/** The line of an email in a list of all kinds, without its body, which never changes. */
export function changedEmailLine(email: ObservedEmail): string {
  return `  [${email.id}] ${email.unread ? 'unread' : 'read'}, ${email.priority}, ${emailHead(email)}\n`;
}

/** The same with the body. */
export function newEmailLine(email: ObservedEmail): string {
  return `${changedEmailLine(email).trimEnd()}: ${email.body}\n`;
}

/** The sender and the subject of an email, and what was done about it. */
function emailHead(email: ObservedEmail): string {
  return `${email.sender} (${email.sender_relationship}${answerText(email)}) "${email.subject}"`;
}

/** The state of an email: `; answered: the cost answered`, or `; archived; so far: the cost answered, the date open`. */
function answerText({ answered, archived, answers }: ObservedEmail): string {
  const marks = answers.map(({ ask, state }) => `${ask} ${state}`).join(', ');
  const said = marks === '' ? '' : answered ? `: ${marks}` : `; so far: ${marks}`;
  return `${archived ? '; archived' : ''}${answered ? '; answered' : ''}${said}`;
}

export function calendarLines({ meetings, clashes, free, travel_minutes }: ObservedCalendar): Lines {
  return [calendarTitle(meetings.length, clashes), ...meetings.map(meetingLine), freeLine({ free, travel_minutes })];
}

export function calendarTitle(meetings: number, clashes: number): string {
  return `\nCALENDAR: ${plural(meetings, 'meeting')} ahead, ${plural(clashes, 'clash', 'clashes')}\n`;
}

export function freeLine({ free, travel_minutes }: Pick<ObservedCalendar, 'free' | 'travel_minutes'>): string {
  if (free === null) return '';
  const slots = free.length === 0 ? 'nothing until the day ends' : free.map(slotText).join(', ');
  const travel = travel_minutes === null ? '' : `; ${travel_minutes} min from one place to another`;
  return `  Free: ${slots}${travel}\n`;
}

export const meetingLine = remembered((meeting: ObservedMeeting): string => {
  const { clashes_with, further_clashes } = meeting;
  const place = meeting.location === null ? '' : `, ${meeting.location}`;
  const freedom = `${meeting.movable === false ? '; must not be moved' : ''}${meeting.cancellable === true ? '; may be cancelled' : ''}`;
  const people = meeting.attendees.length === 0 ? '' : ` with ${meeting.attendees.join(', ')}`;
  const more = further_clashes === 0 ? '' : ` and ${further_clashes} more`;
  const clash = clashes_with.length === 0 ? '' : ` CLASHES with ${clashes_with.join(', ')}${more}`;
  const moved = meeting.moved_from === null ? '' : ` (moved from ${dateText(meeting.moved_from)})`;
  const times = `${dateText(meeting.start)}-${clockText(meeting.end)}${moved}`;
  return `  [${meeting.id}] ${times} ${meeting.title} (${meeting.priority}${place}${freedom})${people}${clash}\n`;
});

function slotText({ from, to }: FreeSlot): string {
  return from === null ? `now until ${clockText(to)}` : `${clockText(from)}-${clockText(to)}`;
}

export function peopleLines({ executive, contacts }: ObservedPeople): Lines {
  return [peopleTitle(executive), ...contacts.map(contactLine)];
}

export function peopleTitle(executive: ObservedPeople['executive']): string {
  return `\nPEOPLE${executive === null ? '' : ` around ${executive}`}\n`;
}

export const contactLine = remembered((contact: ObservedContact): string => {
  const kind = contact.relationship_type.replace('_', ' ');
  const hours = contact.works_from === null ? '' : `, works ${contact.works_from}-${contact.works_to}`;
  const facts = `${kind}, importance ${contact.importance}/5`;
  return `  ${contact.name}: ${facts}, ${moodText(contact)}${hours}${workText(contact)}${holdsText(contact)}\n`;
});

/** The line of a contact without what never changes. */
export function changedContactLine(contact: ObservedContact): string {
  return `  ${contact.name}: ${moodText(contact)}${holdsText(contact)}\n`;
}

function moodText({ mood, unmoved, prefers, preferred_before }: ObservedContact): string {
  const before = preferred_before === null ? '' : ` (was ${preferred_before})`;
  return `${mood}${unmoved ? ' whatever you answer' : ''}, prefers ${prefers}${before}`;
}

function holdsText({ open_tasks }: ObservedContact): string {
  return open_tasks === 0 ? '' : `, holds ${plural(open_tasks, 'open task')}`;
}

function workText({ takes_work, max_tasks, skills }: ObservedContact): string {
  if (!takes_work) return '';
  if (max_tasks === null) return ', can take work';
  const able = skills === null || skills.length === 0 ? '' : ` (skills: ${skills.join(', ')})`;
  return `, takes up to ${plural(max_tasks, 'task')}${able}`;
}

export function tasksLines({ open, overdue }: ObservedTasks): Lines {
  return [tasksTitle(open.length, overdue), ...open.map(taskLine)];
}

export function tasksTitle(open: number, overdue: number): string {
  return `\nTASKS: ${open} open, ${overdue} overdue\n`;
}

export const taskLine = remembered((task: ObservedTask): string => {
  const needs = task.skill === null ? '' : `, needs ${task.skill}`;
  const demands = task.takes_minutes === null ? '' : ` (${task.takes_minutes} min), ${task.priority} priority${needs}`;
  return `  ${dueText(task)} (owner ${task.owner}, ${task.effort} effort${demands}, ${progressText(task)})\n`;
});

/** The line of a task without what never changes, its description apart. */
export function changedTaskLine(task: ObservedTask): string {
  return `  ${dueText(task)} (${progressText(task)})\n`;
}

function dueText({ id, due, due_before, urgency, description }: ObservedTask): string {
  const before = due_before === null ? '' : ` (was ${dateText(due_before)})`;
  return `[${id}] due ${dateText(due)}${before}${URGENCY_MARKS[urgency]}: ${description}`;
}

function progressText({ status, takes_minutes, delegated_to, delegated_until }: ObservedTask): string {
  const until = delegated_until === null ? '' : ` until ${delegated_until}`;
  const waits = takes_minutes === null ? '' : ', not begun: give it to someone or do it';
  return `${status}${delegated_to === null ? waits : `, with ${delegated_to}${until}`}`;
}

/** `10:30`; counted from the end, since a meeting may end in the year 10000. */
function clockText(instant: string): string {
  return instant.slice(-8, -3);
}

/** `Mon 22 Jun 10:30` */
function dateText(instant: string): string {
  return `${formatDay(utcOf(instant))} ${clockText(instant)}`;
}

const MAX_TIMES = 4_096;
const times = new Map<string, string>();

/** `Mon 22 Jun 2026, 10:30` */
function timeText(instant: string): string {
  let text = times.get(instant);
  if (text === undefined) {
    text = `${formatDay(utcOf(instant))} ${Number(instant.slice(0, 4))}, ${clockText(instant)}`;
    if (times.size === MAX_TIMES) times.clear();
    times.set(instant, text);
  }
  return text;
}
