/** What a scenario's briefings are put together from, as pieces in the memory of this thread. */
import { type Piece, Pieces } from '../../lib/pieces.ts';
import { oneLine } from '../../lib/text.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { CHANNELS, MOODS, PRIORITIES, TASK_STATUSES } from '../../world/schema.ts';
import {
  contactLine,
  DUE_MARKS,
  dayEnd,
  dueTime,
  emailLines,
  holds,
  meetingLine,
  meetingTimes,
  moodAndPreference,
  peopleTitle,
  taskHead,
  taskLine,
  travelTime,
} from './lines.ts';
import { calendarBytes, headBytes, inboxTitleBytes, peopleBytes, taskBytes, total } from './room.ts';
import { WORDS } from './words.ts';

/** A briefing has at most so many code points. */
export const MAX_CODE_POINTS = 48_000;
export const CUT_MARK = '\n[... the briefing was cut here: it may have at most 48,000 characters]\n';
/** For worlds too large to be shown in full: previews shrink by these factors until the briefing fits. */
const PREVIEW_FACTORS = [1, 0.5, 0.2, 0];

export type Fragments = {
  /** A slot of this size holds every briefing of the scenario. */
  readonly maxBytes: number;
  /** The head takes so many bytes at the most: a multiple of 8. */
  readonly headRoom: number;
  readonly words: Readonly<Record<keyof typeof WORDS, Piece>>;
  /** How the head begins, by minute: `Mon 22 Jun 2026, 09:20 UTC | step `; those that were needed so far. */
  readonly times: Map<number, Piece>;
  /** The days of meetings that were moved, by their numbers, in the same way. */
  readonly days: Map<number, Piece>;
  /** Behind the number of steps: ` of 48, `. */
  readonly limit: Piece;
  /** Behind the stress: when the day ends, on the day itself and before it. */
  readonly dayEnd: { readonly clock: Piece; readonly day: Piece };
  /** By index into PRIORITIES. */
  readonly priorityTitles: readonly Piece[];
  /** Index into PRIORITIES of each email. */
  readonly emailPriority: Uint8Array;
  /** The line of each email. */
  readonly unread: Int32Array;
  readonly unanswered: Int32Array;
  readonly meetings: readonly {
    readonly id: Piece;
    /** The line as long as the meeting is where the file puts it, up to the clashes. */
    readonly line: Piece;
    /** The line before and after the times, for a meeting that was moved. */
    readonly head: Piece;
    readonly tail: Piece;
  }[];
  /** Meetings by their start in the file. */
  readonly meetingOrder: Int32Array;
  /** Where a meeting of rules v2 is far from others, behind the free slots: `; 10 min from one place to another`. */
  readonly travel: Piece;
  readonly peopleTitle: Piece;
  readonly contactNames: Int32Array;
  /** Contacts by importance, highest first, then in file order. */
  readonly contactOrder: Int32Array;
  /** Each contact's line before mood and preference, and from there to the tasks that the contact holds. */
  readonly contactHead: Int32Array;
  readonly contactTail: Int32Array;
  /** `happy, prefers email`: mood * CHANNELS.length + preference. */
  readonly moods: Int32Array;
  /** The end of the line of somebody who holds so many tasks. */
  readonly held: Int32Array;
  /** Whole lines that were needed so far, 0 where they were not: of contacts who hold nothing, of tasks that nobody else holds. */
  readonly contactLines: Int32Array;
  readonly taskLines: Int32Array;
  /** Each task's line up to the deadline, and from there to the status. */
  readonly taskHead: Int32Array;
  readonly taskWhat: Int32Array;
  readonly deadlines: Int32Array;
  /** By LATER, SOON and PAST. */
  readonly dueMarks: Int32Array;
  /** By status: the end of the line of a task, and the same up to the name of whoever holds it. */
  readonly alone: Int32Array;
  readonly handed: Int32Array;
  /** Tasks by their deadline in the file. */
  readonly taskOrder: Int32Array;
  readonly delegatesInFile: Int32Array;
  /** Whether all of these are ASCII. */
  readonly isAscii: boolean;
};

/** The memory of this thread. */
export const pieces = new Pieces();

let known = new WeakMap<CompiledScenario, Fragments>();

/** The fragments of a scenario; not to be kept, since their pieces are forgotten when the memory is full. */
export function fragmentsOf(c: CompiledScenario): Fragments {
  if (pieces.isFull) {
    pieces.clear();
    known = new WeakMap();
  }
  let fragments = known.get(c);
  if (fragments === undefined) {
    fragments = makeFragments(c);
    known.set(c, fragments);
  }
  return fragments;
}

function makeFragments(c: CompiledScenario): Fragments {
  const { world } = c;
  const meetings = world.meetings.map((meeting, index) => {
    const { head, tail } = meetingLine(c, index, meeting);
    const start = c.meetingStart[index] ?? 0;
    return {
      id: meeting.id,
      head,
      tail,
      line: head + meetingTimes(start, start + (c.meetingDuration[index] ?? 0)) + tail,
    };
  });
  const contacts = world.contacts.map((contact, index) => contactLine(c, index, contact));
  const tasks = world.tasks.map((task, index) => {
    const head = taskHead(task.id);
    return { head, due: head + dueTime(c.deadlineInstants[index] ?? 0), what: taskLine(c, index, task) };
  });
  const names = world.contacts.map((contact) => oneLine(contact.name));
  const delegatesInFile = world.tasks.map((task) => oneLine(task.delegated_to ?? ''));
  const title = peopleTitle(c);

  const headRoom = Math.ceil(headBytes(c) / 8) * 8;
  const bytesBesidesEmails =
    headRoom +
    inboxTitleBytes(world.emails.length) +
    calendarBytes(c, meetings) +
    Buffer.byteLength(title) +
    peopleBytes(contacts, tasks.length) +
    taskBytes(c, tasks, [...names, ...delegatesInFile]);
  const shrunk = PREVIEW_FACTORS.map((factor) => {
    const emails = world.emails.map((email, index) => emailLines(c, index, email, factor));
    return { emails, bytes: bytesBesidesEmails + total(emails.map(({ unanswered }) => unanswered)) };
  });
  const { emails, bytes } = shrunk.find((one) => one.bytes <= MAX_CODE_POINTS) ??
    shrunk.at(-1) ?? { emails: [], bytes: 0 };
  const end = dayEnd(c);
  pieces.onlyAscii = true;
  return {
    maxBytes: Math.min(bytes, headRoom + MAX_CODE_POINTS * 4),
    headRoom,
    words: Object.fromEntries(
      Object.entries(WORDS).map(([name, text]) => [name, pieces.keep(text)]),
    ) as Fragments['words'],
    times: new Map(),
    days: new Map(),
    limit: pieces.keep(` of ${world.max_episode_steps}, `),
    dayEnd: { clock: pieces.keep(end.clock), day: pieces.keep(end.day) },
    priorityTitles: PRIORITIES.map((priority) => pieces.keep(` ${priority.toUpperCase()}\n`)),
    emailPriority: Uint8Array.from(world.emails, ({ priority }) => PRIORITIES.indexOf(priority)),
    unread: keepAll(emails.map(({ unread }) => unread)),
    unanswered: keepAll(emails.map(({ unanswered }) => unanswered)),
    meetings: meetings.map(({ id, line, head, tail }) => ({
      id: pieces.keep(id),
      line: pieces.keep(line),
      head: pieces.keep(head),
      tail: pieces.keep(tail),
    })),
    meetingOrder: orderBy(c.meetingStart),
    travel: pieces.keep(travelTime(c)),
    peopleTitle: pieces.keep(title),
    contactNames: keepAll(names),
    contactOrder: orderBy(world.contacts.map(({ importance }) => -importance)),
    contactHead: keepAll(contacts.map(({ head }) => head)),
    contactTail: keepAll(contacts.map(({ tail }) => tail)),
    moods: keepAll(MOODS.flatMap((_, mood) => CHANNELS.map((__, channel) => moodAndPreference(mood, channel)))),
    held: keepAll(Array.from({ length: tasks.length + 1 }, (_, count) => `${holds(count)}\n`)),
    contactLines: new Int32Array(contacts.length * MOODS.length * CHANNELS.length),
    taskLines: new Int32Array(tasks.length * DUE_MARKS.length * TASK_STATUSES.length),
    taskHead: keepAll(tasks.map(({ head }) => head)),
    taskWhat: keepAll(tasks.map(({ what }) => what)),
    deadlines: keepAll(c.deadlines.map(({ utc }) => dueTime(utc))),
    dueMarks: keepAll(DUE_MARKS),
    alone: keepAll(TASK_STATUSES.map((status) => `${status})\n`)),
    handed: keepAll(TASK_STATUSES.map((status) => `${status}, with `)),
    taskOrder: orderBy(c.deadlineInstants.subarray(0, tasks.length)),
    delegatesInFile: keepAll(delegatesInFile),
    // Said of all that stands above.
    isAscii: pieces.onlyAscii,
  };
}

function keepAll(texts: readonly string[]): Int32Array {
  return Int32Array.from(texts, (text) => pieces.keep(text));
}

/** Indices by ascending key, then by themselves. */
function orderBy(keys: ArrayLike<number>): Int32Array {
  const order = Array.from(keys, (key, index) => ({ key, index }));
  order.sort((a, b) => a.key - b.key || a.index - b.index);
  return Int32Array.from(order, ({ index }) => index);
}
