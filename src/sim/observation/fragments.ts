/** The cached lines and words of a scenario's briefings, in the WebAssembly memory of this thread. */
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
import { calendarBytes, HEAD_WORDS, headBytes, inboxTitleBytes, peopleBytes, taskBytes, total, WORDS } from './room.ts';
import { SCENE_FIELDS, type SceneAddresses } from './scene.ts';

/** The maximum length of a briefing, in code points. */
export const MAX_CODE_POINTS = 48_000;
/** The last line of a briefing that was cut. */
export const CUT_MARK = '\n[... the briefing was cut here: it may have at most 48,000 characters]\n';
/** For worlds that are too large to be shown in full, previews shrink by these factors until the briefing fits. */
const PREVIEW_FACTORS = [0.5, 0.2, 0];

/** Addresses from which lines are built on first use, and the list of lines that are cached. */
type ScenarioLines = { readonly known: Address; readonly parts: (at: number) => readonly Address[] };

/** The addresses of everything that the briefings of one scenario are built from. */
export type Fragments = {
  /** Size of a slot that fits every briefing of the scenario, in bytes. */
  readonly maxBytes: number;
  /** Offset in a slot at which the inbox ends and the calendar begins: the maximum length of head and inbox together. */
  readonly anchor: number;
  /** Offset at which the text of a new episode begins if its head is ASCII; at most a few bytes before that. */
  readonly freshStart: number;
  readonly words: Readonly<Record<keyof typeof HEAD_WORDS, Address>>;
  /** The beginning of the head, by minute: `Mon 22 Jun 2026, 09:20 UTC | step `. Only the minutes that were used so far. */
  readonly times: Map<number, Address>;
  /** The text about the end of the day, which follows the stress: on that day and before it. */
  readonly dayEnd: { readonly clock: Address; readonly day: Address };
  /**
   * The address of the scene, from which the sections are chosen, and the address to which the state of an episode is copied
   * for that.
   */
  readonly scene: Address;
  readonly state: Address;
  /** Meetings by their start in the file, contacts by importance, highest first, and tasks by their deadline in the file. */
  readonly meetingOrder: readonly number[];
  readonly contactOrder: readonly number[];
  readonly taskOrder: readonly number[];
  readonly contactLines: ScenarioLines;
  readonly taskLines: ScenarioLines;
  /** Whether all cached texts are ASCII. */
  readonly isAscii: boolean;
};

/** The cached lines of this thread. */
export const lineCache = new Pieces();

let known = new WeakMap<CompiledScenario, Fragments>();
/** The fragments of the last call, since consecutive calls usually concern the same scenario. */
let last: { readonly c: CompiledScenario; readonly fragments: Fragments } | undefined;

/** The fragments of a scenario. The caller must not keep them: a full memory is cleared. */
export function fragmentsOf(c: CompiledScenario): Fragments {
  if (lineCache.isFull) {
    lineCache.clear();
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

  lineCache.onlyAscii = true;
  const keep = (text: string): Address => lineCache.keep(text);
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
  const contactLines = lineCache.room(4 * contacts.length * moods.length);
  const taskLines = lineCache.room(4 * tasks.length * dueMarks.length);
  const state = lineCache.room(c.layout.byteLength);
  const scene: SceneAddresses = {
    ...placesInState(c, state),
    hasDay: Number(c.day !== undefined),
    dayEnd: lineCache.numbers([c.day?.end ?? 0]),
    travel: lineCache.numbers([c.travel]),
    order: lineCache.room(4 * Math.max(meetings.length, tasks.length)),
    load: lineCache.room(4 * contacts.length),
    due: lineCache.room(8 * tasks.length),
    emailsByPriority: lineCache.list(c.emailsByPriority),
    priorityEnds: lineCache.list(
      PRIORITIES.map((_, priority) => {
        const upTo: readonly string[] = PRIORITIES.slice(0, priority + 1);
        return world.emails.filter((email) => upTo.includes(email.priority)).length;
      }),
    ),
    priorityTitles: lineCache.list(PRIORITIES.map((priority) => keep(` ${priority.toUpperCase()}\n`))),
    unread: lineCache.list(keepAll(emails.map(({ unread }) => unread))),
    unanswered: lineCache.list(keepAll(emails.map(({ unanswered }) => unanswered))),
    meetingOrder: lineCache.list(meetingOrder),
    fileStart: lineCache.numbers(c.meetingStart),
    duration: lineCache.numbers(c.meetingDuration),
    places: lineCache.list(c.places),
    meetingIds: lineCache.list(keepAll(meetings.map(({ id }) => id))),
    meetingLines: lineCache.list(keepAll(meetings.map(({ line }) => line))),
    meetingHeads: lineCache.list(keepAll(meetings.map(({ head }) => head))),
    meetingTails: lineCache.list(keepAll(meetings.map(({ tail }) => tail))),
    contactOrder: lineCache.list(contactOrder),
    contactNames: lineCache.list(keepAll(names)),
    contactLines,
    holds: lineCache.list(keepAll(Array.from({ length: tasks.length + 1 }, (_, count) => `${holds(count)}\n`))),
    taskOrder: lineCache.list(taskOrder),
    deadlines: lineCache.numbers(c.deadlineInstants),
    deadlineTexts: lineCache.list(deadlineTexts),
    taskLines,
    taskHeads: lineCache.list(taskHeads),
    taskTails: lineCache.list(taskTails),
    dueMarks: lineCache.list(dueMarks),
    alone: lineCache.list(keepAll(TASK_STATUSES.map((status) => `${status})\n`))),
    handed: lineCache.list(keepAll(TASK_STATUSES.map((status) => `${status}, with `))),
    delegatesInFile: lineCache.list(keepAll(delegatesInFile)),
    limit: keep(` of ${world.max_episode_steps}, `),
    travelTime: keep(travelTime(c)),
    peopleTitle: keep(title),
    words: lineCache.list(keepAll(Object.values(WORDS))),
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
    scene: lineCache.list(SCENE_FIELDS.map((field) => scene[field])),
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
    // Covers all texts cached above.
    isAscii: lineCache.onlyAscii,
  };
}

/**
 * The lines of all emails, with previews short enough for head and inbox to fit into `room` if possible, and the end of the
 * inbox.
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

/** The numbers of entities, and the addresses of their state. */
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

/** Indices by ascending key, then by index. */
function orderBy(keys: ArrayLike<number>): number[] {
  const order = Array.from(keys, (key, index) => ({ key, index }));
  order.sort((a, b) => a.key - b.key || a.index - b.index);
  return order.map(({ index }) => index);
}
