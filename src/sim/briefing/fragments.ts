/** What a scenario's briefings are put together from, as pieces in the memory of this thread. */
import { oneLine } from '../../lib/text.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { CHANNELS, MOODS, PRIORITIES, TASK_STATUSES } from '../../world/schema.ts';
import { EpisodeState, READ, REPLIED } from '../../world/state.ts';
import {
  contactLine,
  DUE_MARKS,
  dayEnd,
  dueTime,
  emailLines,
  emailTexts,
  holds,
  meetingLine,
  meetingTimes,
  moodAndPreference,
  peopleTitle,
  taskHead,
  taskLine,
  travelTime,
} from './lines.ts';
import { type Address, Pieces } from './pieces.ts';
import { calendarBytes, headBytes, inboxTitleBytes, peopleBytes, taskBytes, total } from './room.ts';
import { SCENE_FIELDS, type Scene } from './scene.ts';
import { HEAD_WORDS, WORDS } from './words.ts';

/** A briefing has at most so many code points. */
export const MAX_CODE_POINTS = 48_000;
export const CUT_MARK = '\n[... the briefing was cut here: it may have at most 48,000 characters]\n';
/** For worlds too large to be shown in full: previews shrink by these factors until the briefing fits. */
const PREVIEW_FACTORS = [0.5, 0.2, 0];

/** Pieces of which lines are made when they are first needed, and the list of those that are known. */
type Lines = { readonly known: Address; readonly parts: (at: number) => readonly Address[] };

export type Fragments = {
  /** A slot of this size holds every briefing of the scenario. */
  readonly maxBytes: number;
  /** In a slot the inbox ends here, and the calendar begins: head and inbox have no more bytes than that. */
  readonly anchor: number;
  /** Where the text of a fresh episode begins in it, if its head is ASCII, or somewhat before that. */
  readonly freshStart: number;
  readonly words: Readonly<Record<keyof typeof HEAD_WORDS, Address>>;
  /** How the head begins, by minute: `Mon 22 Jun 2026, 09:20 UTC | step `; those that were needed so far. */
  readonly times: Map<number, Address>;
  /** Behind the stress: when the day ends, on the day itself and before it. */
  readonly dayEnd: { readonly clock: Address; readonly day: Address };
  /** What the sections are chosen from, and where the state of an episode is put for that. */
  readonly scene: Address;
  readonly state: Address;
  /** Meetings by their start in the file, contacts by importance, highest first, and tasks by their deadline in the file. */
  readonly meetingOrder: readonly number[];
  readonly contactOrder: readonly number[];
  readonly taskOrder: readonly number[];
  readonly contactLines: Lines;
  readonly taskLines: Lines;
  /** Whether all of these are ASCII. */
  readonly isAscii: boolean;
};

/** The memory of this thread. */
export const pieces = new Pieces();

let known = new WeakMap<CompiledScenario, Fragments>();
/** Those that were asked for last: mostly they are asked for again. */
let last: { readonly c: CompiledScenario; readonly fragments: Fragments } | undefined;

/** The fragments of a scenario; not to be kept, since their pieces are forgotten when the memory is full. */
export function fragmentsOf(c: CompiledScenario): Fragments {
  if (pieces.isFull) {
    pieces.clear();
    known = new WeakMap();
    last = undefined;
  }
  if (last?.c === c) return last.fragments;
  const fragments = known.get(c) ?? makeFragments(c);
  known.set(c, fragments);
  last = { c, fragments };
  return fragments;
}

function makeFragments(c: CompiledScenario): Fragments {
  const { world } = c;
  const meetings = world.meetings.map((meeting, index) => {
    const { head, tail } = meetingLine(c, index, meeting);
    const start = c.meetingStart[index] ?? 0;
    const line = head + meetingTimes(start, start + (c.meetingDuration[index] ?? 0)) + tail;
    return { id: meeting.id, head, tail, line };
  });
  const contacts = world.contacts.map((contact, index) => contactLine(c, index, contact));
  const tasks = world.tasks.map((task, index) => ({ head: taskHead(task.id), what: taskLine(c, index, task) }));
  const names = world.contacts.map((contact) => oneLine(contact.name));
  const delegatesInFile = world.tasks.map((task) => oneLine(task.delegated_to ?? ''));
  const title = peopleTitle(c);

  const headRoom = headBytes(c);
  const beforeEmails = headRoom + inboxTitleBytes(world.emails.length);
  const behindEmails =
    calendarBytes(c, meetings) +
    Buffer.byteLength(title) +
    peopleBytes(contacts, tasks.length) +
    taskBytes(c, tasks, [...names, ...delegatesInFile]);
  const { emails, anchor } = fitInbox(c, beforeEmails, MAX_CODE_POINTS - behindEmails);
  const bytes = anchor + behindEmails;

  const { emailFlags } = new EpisodeState(c.layout, Uint8Array.from(c.initialRegion).buffer);
  const listed = emails.map(({ unread, unanswered }, email) => {
    if (((emailFlags[email] ?? 0) & READ) === 0) return unread;
    return ((emailFlags[email] ?? 0) & REPLIED) === 0 ? unanswered : '';
  });
  const freshInbox = inboxTitleBytes(world.emails.length) + total(listed);

  pieces.onlyAscii = true;
  const keep = (text: string): Address => pieces.keep(text);
  const keepAll = (texts: readonly string[]): Address[] => texts.map(keep);
  const end = dayEnd(c);
  const moods = keepAll(MOODS.flatMap((_, mood) => CHANNELS.map((__, channel) => moodAndPreference(mood, channel))));
  const contactHeads = keepAll(contacts.map(({ head }) => head));
  const contactTails = keepAll(contacts.map(({ tail }) => tail));
  const taskHeads = keepAll(tasks.map(({ head }) => head));
  const taskTails = keepAll(tasks.map(({ what }) => what));
  const deadlineTexts = keepAll(c.deadlines.map(({ utc }) => dueTime(utc)));
  const dueMarks = keepAll(DUE_MARKS);
  const meetingOrder = orderBy(c.meetingStart);
  const contactOrder = orderBy(world.contacts.map(({ importance }) => -importance));
  const taskOrder = orderBy(c.deadlineInstants.subarray(0, tasks.length));
  const contactLines = pieces.room(4 * contacts.length * moods.length);
  const taskLines = pieces.room(4 * tasks.length * dueMarks.length);
  const state = pieces.room(c.layout.byteLength);
  const scene: Scene = {
    ...placesInState(c, state),
    hasDay: Number(c.day !== undefined),
    dayEnd: pieces.numbers([c.day?.end ?? 0]),
    travel: pieces.numbers([c.travel]),
    order: pieces.room(4 * Math.max(meetings.length, tasks.length)),
    load: pieces.room(4 * contacts.length),
    due: pieces.room(8 * tasks.length),
    emailsByPriority: pieces.list(c.emailsByPriority),
    priorityEnds: pieces.list(
      PRIORITIES.map((_, priority) => {
        const upTo: readonly string[] = PRIORITIES.slice(0, priority + 1);
        return world.emails.filter((email) => upTo.includes(email.priority)).length;
      }),
    ),
    priorityTitles: pieces.list(PRIORITIES.map((priority) => keep(` ${priority.toUpperCase()}\n`))),
    unread: pieces.list(keepAll(emails.map(({ unread }) => unread))),
    unanswered: pieces.list(keepAll(emails.map(({ unanswered }) => unanswered))),
    meetingOrder: pieces.list(meetingOrder),
    fileStart: pieces.numbers(c.meetingStart),
    duration: pieces.numbers(c.meetingDuration),
    places: pieces.list(c.places),
    meetingIds: pieces.list(keepAll(meetings.map(({ id }) => id))),
    meetingLines: pieces.list(keepAll(meetings.map(({ line }) => line))),
    meetingHeads: pieces.list(keepAll(meetings.map(({ head }) => head))),
    meetingTails: pieces.list(keepAll(meetings.map(({ tail }) => tail))),
    contactOrder: pieces.list(contactOrder),
    contactNames: pieces.list(keepAll(names)),
    contactLines,
    holds: pieces.list(keepAll(Array.from({ length: tasks.length + 1 }, (_, count) => `${holds(count)}\n`))),
    taskOrder: pieces.list(taskOrder),
    deadlines: pieces.numbers(c.deadlineInstants),
    deadlineTexts: pieces.list(deadlineTexts),
    taskLines,
    taskHeads: pieces.list(taskHeads),
    taskTails: pieces.list(taskTails),
    dueMarks: pieces.list(dueMarks),
    alone: pieces.list(keepAll(TASK_STATUSES.map((status) => `${status})\n`))),
    handed: pieces.list(keepAll(TASK_STATUSES.map((status) => `${status}, with `))),
    delegatesInFile: pieces.list(keepAll(delegatesInFile)),
    limit: keep(` of ${world.max_episode_steps}, `),
    travelTime: keep(travelTime(c)),
    peopleTitle: keep(title),
    words: pieces.list(keepAll(Object.values(WORDS))),
  };
  return {
    maxBytes: Math.min(bytes, MAX_CODE_POINTS * 4),
    anchor,
    freshStart: Math.max(0, anchor - headRoom / 4 - freshInbox),
    words: Object.fromEntries(
      Object.entries(HEAD_WORDS).map(([name, text]) => [name, keep(text)]),
    ) as Fragments['words'],
    times: new Map(),
    dayEnd: { clock: keep(end.clock), day: keep(end.day) },
    scene: pieces.list(SCENE_FIELDS.map((field) => scene[field])),
    state,
    meetingOrder,
    contactOrder,
    taskOrder,
    contactLines: {
      known: contactLines,
      parts: (at) => {
        const contact = Math.floor(at / moods.length);
        return [contactHeads[contact] ?? 0, moods[at % moods.length] ?? 0, contactTails[contact] ?? 0];
      },
    },
    taskLines: {
      known: taskLines,
      parts: (at) => {
        const task = Math.floor(at / dueMarks.length);
        const due = [taskHeads[task] ?? 0, deadlineTexts[task] ?? 0, dueMarks[at % dueMarks.length] ?? 0];
        return [...due, taskTails[task] ?? 0];
      },
    },
    // Said of all that stands above.
    isAscii: pieces.onlyAscii,
  };
}

/**
 * The lines of all emails, with previews so short that head and inbox have `room` if that can be, and where the inbox ends.
 * @param before Bytes before the first line.
 */
function fitInbox(c: CompiledScenario, before: number, room: number) {
  const texts = c.world.emails.map((email, index) => emailTexts(c, index, email));
  const shrink = (factor: number) => {
    const emails = texts.map((one) => emailLines(one, factor));
    return { emails, anchor: Math.ceil((before + total(emails.map(({ unanswered }) => unanswered))) / 8) * 8 };
  };
  let shrunk = shrink(1);
  for (const factor of PREVIEW_FACTORS) if (shrunk.anchor > room) shrunk = shrink(factor);
  return shrunk;
}

/** How much there is of everything, and where its state lies. */
function placesInState(c: CompiledScenario, state: Address) {
  const { emails, meetings, contacts, tasks } = c.layout;
  const s = new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength));
  const at = (part: { readonly byteOffset: number }): Address => state + part.byteOffset;
  return {
    emails,
    meetings,
    contacts,
    tasks,
    // A state begins with its clock.
    clock: state,
    meetingStart: at(s.meetingStart),
    taskUntil: at(s.taskUntil),
    taskDeadline: at(s.taskDeadline),
    taskDelegate: at(s.taskDelegate),
    emailFlags: at(s.emailFlags),
    meetingCancelled: at(s.meetingCancelled),
    preference: at(s.preference),
    taskStatus: at(s.taskStatus),
    taskHand: at(s.taskHand),
    mood: at(s.mood),
  };
}

/** Indices by ascending key, then by themselves. */
function orderBy(keys: ArrayLike<number>): number[] {
  const order = Array.from(keys, (key, index) => ({ key, index }));
  order.sort((a, b) => a.key - b.key || a.index - b.index);
  return order.map(({ index }) => index);
}
