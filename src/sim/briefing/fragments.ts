/**
 * The parts of a briefing that never change for a scenario, encoded once. Template punctuation is ASCII: one character
 * outside Latin-1 doubles the cost of decoding a text.
 */
import { utf8 } from '../../lib/byte-writer.ts';
import { clip, oneLine, plural } from '../../lib/text.ts';
import { DAY, formatClock, formatDay, HOUR, MINUTE } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import type { Day } from '../../world/day.ts';
import { CHANNELS, MOODS, PRIORITIES, TASK_STATUSES } from '../../world/schema.ts';
import { MAX_NEWS, MAX_NOTE } from '../episode.ts';

/** A briefing has at most so many code points. */
export const MAX_CODE_POINTS = 48_000;
export const CUT_MARK = '\n[... the briefing was cut here: it may have at most 48,000 characters]\n';
/** A meeting names at most so many of the meetings it clashes with. */
export const MAX_CLASHES_NAMED = 8;
/** Code points of an email's body that are shown, by priority. */
export const PREVIEW_LENGTHS: Readonly<Record<(typeof PRIORITIES)[number], number>> = {
  critical: 400,
  high: 280,
  normal: 160,
  low: 90,
};
const MAX_SUBJECT = 120;
const MAX_DESCRIPTION = 240;
/** What the head may take at the most, in bytes: its own words, and a note of MAX_NOTE code points. */
const HEAD_ROOM = 192 + 4 * MAX_NOTE;
/** The same where there are news and an end of the day. */
const DAY_HEAD_ROOM = HEAD_ROOM + 64 + 4 * MAX_NEWS;
/** What the line of free slots may take at the most, in bytes: its own words, and one slot before each meeting. */
const FREE_WORDS = 96;
const FREE_SLOT = 13;
/** What the titles of the sections may take at the most, in bytes. */
const TITLES = 320;
/** What may be added to a line of these kinds at the most, in bytes. */
const MEETING_MARKS = 40;
const CONTACT_MARKS = 64;
const TASK_MARKS = 72;
/** For worlds too large to be shown in full: previews shrink by these factors until the briefing fits. */
const PREVIEW_FACTORS = [1, 0.5, 0.2, 0];

/** How close a task's deadline is; an index into DUE_MARKS. */
export const LATER = 0;
export const SOON = 1;
export const PAST = 2;
const DUE_MARKS = ['', ' DUE SOON', ' OVERDUE'];

export type Fragments = {
  /** A slot of this size holds every briefing of the scenario. */
  readonly maxBytes: number;
  /** So many bytes before the inbox are kept for the head; a multiple of 8. */
  readonly headRoom: number;
  /** Whole lines. */
  readonly emails: readonly { readonly unread: Uint8Array; readonly unanswered: Uint8Array }[];
  readonly meetings: readonly {
    readonly id: Uint8Array;
    /** The line as long as the meeting is where the file puts it, up to the clashes. */
    readonly line: Uint8Array;
    /** The line before and after the times, for a meeting that was moved. */
    readonly head: Uint8Array;
    readonly tail: Uint8Array;
  }[];
  /** Meetings by their start in the file. */
  readonly meetingOrder: readonly number[];
  readonly peopleTitle: Uint8Array;
  /** When the day ends: on the day itself, and before it. Empty under rules v1. */
  readonly dayEnd: { readonly clock: string; readonly day: string };
  readonly contactNames: readonly Uint8Array[];
  /** Contacts by importance, highest first, then in file order. */
  readonly contactOrder: readonly number[];
  /** The whole line of a contact. `held` is the number of open tasks that the contact holds. */
  readonly contactLine: (contact: number, mood: number, preference: number, held: number) => Uint8Array;
  /** The line of a task: whole where nobody holds it, else up to the delegate's name. `due` is LATER, SOON or PAST. */
  readonly taskLine: (task: number, deadline: number, due: number, status: number, held: boolean) => Uint8Array;
  /** Tasks by their deadline in the file. */
  readonly taskOrder: readonly number[];
  readonly delegatesInFile: readonly Uint8Array[];
};

/** By index into PRIORITIES. */
export const PRIORITY_TITLES = PRIORITIES.map((priority) => utf8(` ${priority.toUpperCase()}\n`));

/** `Mon 22 Jun 10:00-11:00`. */
export function meetingTimes(start: number, end: number): string {
  return `${formatDay(start)} ${formatClock(start)}-${formatClock(end)}`;
}

/** Contacts of these relationships are the ones to whom work is given. */
const WORKING_RELATIONSHIPS: ReadonlySet<string> = new Set(['direct_report', 'team_member']);

function dayEndOf({ day }: CompiledScenario): Fragments['dayEnd'] {
  if (day === undefined) return { clock: '', day: '' };
  const clock = formatClock(day.end);
  return { clock: ` | the day ends ${clock}`, day: ` | the day ends ${formatDay(day.end)} ${clock}` };
}

function workOf(relationship: string): string {
  return WORKING_RELATIONSHIPS.has(relationship) ? ', can take work' : '';
}

/** When an answer to an email is due: `; answer by 10:30`. Only rules v2 know. */
function answerDue(c: CompiledScenario, email: number): string {
  const obligation = c.day?.obligations[c.day.replyOf[email] ?? -1];
  if (obligation === undefined) return '';
  if (Number.isFinite(obligation.due)) return `; answer by ${formatClock(obligation.due)}`;
  return Number.isFinite(obligation.span)
    ? `; answer within ${plural(obligation.span / HOUR, 'hour')}`
    : '; answer owed';
}

/** What may be done with a meeting. */
function freedom({ day }: CompiledScenario, meeting: number): string {
  if (day === undefined) return '';
  return `${day.movable[meeting] ? '' : '; must not be moved'}${day.cancellable[meeting] ? '; may be cancelled' : ''}`;
}

/** What a contact can do, how much of it, and when. */
function abilities(day: Day, contact: number, skills: readonly string[]): string {
  const limit = day.loadLimit[contact] ?? 0;
  const from = day.worksFrom[contact] ?? 0;
  const to = day.worksTo[contact] ?? DAY;
  const hours = to - from < DAY ? `, works ${formatClock(from)}-${formatClock(to)}` : '';
  if (limit === 0) return hours;
  const able = skills.length === 0 ? '' : ` (skills: ${skills.map(oneLine).join(', ')})`;
  return `${hours}, takes up to ${plural(limit, 'task')}${able}`;
}

function demands({ takes }: Day, task: number, priority = 'normal', skill?: string): string {
  const minutes = (takes[task] ?? 0) / MINUTE;
  return ` (${minutes} min), ${priority} priority${skill === undefined ? '' : `, needs ${oneLine(skill)}`}`;
}

const known = new WeakMap<CompiledScenario, Fragments>();

/** The fragments of a scenario; made once for each. */
export function fragmentsOf(c: CompiledScenario): Fragments {
  let fragments = known.get(c);
  if (fragments === undefined) {
    for (const factor of PREVIEW_FACTORS) {
      fragments = buildFragments(c, factor);
      if (fragments.maxBytes <= MAX_CODE_POINTS) break;
    }
    if (fragments === undefined) throw new RangeError('PREVIEW_FACTORS is empty');
    known.set(c, fragments);
  }
  return fragments;
}

function buildFragments(c: CompiledScenario, previewFactor: number): Fragments {
  const { world } = c;
  const emails = world.emails.map((email, index) => {
    const preview = clip(oneLine(email.body), Math.floor(PREVIEW_LENGTHS[email.priority] * previewFactor));
    const from = `${oneLine(email.sender)} (${email.sender_relationship}${answerDue(c, index)})`;
    const subject = clip(oneLine(email.subject), MAX_SUBJECT);
    return {
      unread: utf8(`  [${email.id}] ${from} "${subject}": ${preview}\n`),
      unanswered: utf8(`  [${email.id}] ${email.priority}, ${from} "${subject}": ${preview}\n`),
    };
  });
  const meetings = world.meetings.map((meeting, index) => {
    const start = c.meetingStart[index] ?? 0;
    const place = meeting.location === '' ? '' : `, ${oneLine(meeting.location)}`;
    const people = meeting.attendees.length === 0 ? '' : ` with ${meeting.attendees.map(oneLine).join(', ')}`;
    const head = `  [${meeting.id}] `;
    const tail = ` ${clip(oneLine(meeting.title), MAX_SUBJECT)} (${meeting.priority}${place}${freedom(c, index)})${people}`;
    return {
      id: utf8(meeting.id),
      line: utf8(`${head}${meetingTimes(start, start + (c.meetingDuration[index] ?? 0))}${tail}`),
      head: utf8(head),
      tail: utf8(tail),
    };
  });
  const whose =
    c.day === undefined || world.executive === undefined
      ? ''
      : ` around ${clip(oneLine(world.executive), MAX_SUBJECT)}`;
  const peopleTitle = utf8(`\nPEOPLE${whose}\n`);
  const contactNames = world.contacts.map((contact) => utf8(oneLine(contact.name)));
  const contactLine = (contact: number, mood: number, preference: number, held: number): string => {
    const person = world.contacts[contact];
    if (person === undefined) return '';
    const work =
      c.day === undefined ? workOf(person.relationship_type) : abilities(c.day, contact, person.skills ?? []);
    const load = held === 0 ? '' : `, holds ${plural(held, 'open task')}`;
    const kind = person.relationship_type.replace('_', ' ');
    const likes = `${MOODS[mood]}, prefers ${CHANNELS[preference]}`;
    return `  ${oneLine(person.name)}: ${kind}, importance ${person.importance}/5, ${likes}${work}${load}\n`;
  };
  const taskLine = (index: number, deadline: number, due: number, status: number, held: boolean): string => {
    const task = world.tasks[index];
    const utc = c.deadlines[deadline]?.utc ?? 0;
    if (task === undefined) return '';
    const what = clip(oneLine(task.description), MAX_DESCRIPTION);
    const effort = `${task.effort} effort${c.day === undefined ? '' : demands(c.day, index, task.priority, task.skill)}`;
    const how = `owner ${oneLine(task.owner)}, ${effort}, ${TASK_STATUSES[status]}`;
    const when = `${formatDay(utc)} ${formatClock(utc)}${DUE_MARKS[due]}`;
    return `  [${task.id}] due ${when}: ${what} (${how}${held ? ', with ' : ')\n'}`;
  };
  const contactLines = new Map<number, Uint8Array>();
  const taskLines = new Map<number, Uint8Array>();
  const delegatesInFile = world.tasks.map((task) => utf8(oneLine(task.delegated_to ?? '')));

  const longest = (list: readonly Uint8Array[]): number => Math.max(0, ...list.map((bytes) => bytes.length));
  const total = (list: readonly Uint8Array[]): number => list.reduce((sum, bytes) => sum + bytes.length, 0);
  const clashes = Math.min(MAX_CLASHES_NAMED, meetings.length) * (longest(meetings.map(({ id }) => id)) + 2);
  const headRoom = c.day === undefined ? HEAD_ROOM : DAY_HEAD_ROOM;
  const maxBytes =
    headRoom +
    peopleTitle.length +
    (c.day === undefined ? 0 : FREE_WORDS + FREE_SLOT * (meetings.length + 1)) +
    TITLES +
    total(emails.map((email) => email.unanswered)) +
    total(meetings.map((meeting) => meeting.line)) +
    meetings.length * (MEETING_MARKS + clashes) +
    total(world.contacts.map((_, contact) => utf8(contactLine(contact, 0, 0, 0)))) +
    contactNames.length * CONTACT_MARKS +
    total(world.tasks.map((_, task) => utf8(taskLine(task, task, LATER, 0, true)))) +
    world.tasks.length * (TASK_MARKS + Math.max(longest(contactNames), longest(delegatesInFile)));
  return {
    maxBytes: Math.min(maxBytes, headRoom + MAX_CODE_POINTS * 4),
    headRoom,
    emails,
    meetings,
    meetingOrder: orderBy(c.meetingStart),
    peopleTitle,
    dayEnd: dayEndOf(c),
    contactNames,
    contactOrder: world.contacts
      .map((contact, index) => ({ index, importance: contact.importance }))
      .sort((a, b) => b.importance - a.importance || a.index - b.index)
      .map(({ index }) => index),
    contactLine: (contact, mood, preference, held) => {
      const key = ((contact * MOODS.length + mood) * CHANNELS.length + preference) * (world.tasks.length + 1) + held;
      return contactLines.get(key) ?? learn(contactLines, key, contactLine(contact, mood, preference, held));
    },
    taskLine: (task, deadline, due, status, held) => {
      const place = (task * c.deadlines.length + deadline) * DUE_MARKS.length + due;
      const key = (place * TASK_STATUSES.length + status) * 2 + Number(held);
      return taskLines.get(key) ?? learn(taskLines, key, taskLine(task, deadline, due, status, held));
    },
    taskOrder: orderBy(world.tasks.map((_, task) => c.deadlines[task]?.utc ?? 0)),
    delegatesInFile,
  };
}

/** Indices by ascending key, then by themselves. */
function orderBy(keys: ArrayLike<number>): number[] {
  return Array.from(keys, (key, index) => ({ key, index }))
    .sort((a, b) => a.key - b.key || a.index - b.index)
    .map(({ index }) => index);
}

/** Lines that depend on the state are encoded when they are first needed. */
function learn(lines: Map<number, Uint8Array>, key: number, line: string): Uint8Array {
  const bytes = utf8(line);
  lines.set(key, bytes);
  return bytes;
}
