/**
 * The maximum number of bytes of the parts of a scenario's briefings. Each bound is the length of the longest text that the
 * renderer can write, built from the same words and lines, with the widest possible numbers and times.
 */
import type { CompiledScenario } from '../../world/compile.ts';
import { CHANNELS, MOODS, PRIORITIES, TASK_STATUSES } from '../../world/schema.ts';
import { MAX_NEWS, MAX_NOTE } from '../episode.ts';
import { DUE_MARKS, dayEnd, dueTime, holds, moodAndPreference, travelTime } from './lines.ts';

/** The words of a briefing's head that are the same in every scenario and that sections.ts chooses. */
export const HEAD_WORDS = {
  step: ' UTC | step ',
  lastAction: '\nLast action: ',
  lastActionFailed: '\nLast action FAILED: ',
  noAction: '\nLast action: none yet; the day begins.',
  news: '\nSince then: ',
  over: '\nThe episode is over.',
} as const;

/** The words that assembly/sections.ts chooses, in the order of its class `Words`. */
export const WORDS = {
  left: ' left | stress ',
  hundred: '/100',
  comma: ', ',
  newline: '\n',
  dash: '-',
  space: ' ',
  inbox: '\n\nINBOX: ',
  unread: ' unread, ',
  unanswered: ' read but unanswered\n',
  unansweredTitle: ' READ, UNANSWERED\n',
  calendar: '\nCALENDAR: ',
  meetingAhead: ' meeting ahead, ',
  meetingsAhead: ' meetings ahead, ',
  clash: ' clash\n',
  clashes: ' clashes\n',
  clashesWith: ' CLASHES with ',
  and: ' and ',
  more: ' more',
  free: '  Free:',
  nowUntil: 'now until ',
  notFree: ' nothing until the day ends',
  tasks: '\nTASKS: ',
  open: ' open, ',
  overdue: ' overdue\n',
  until: ' until ',
  close: ')\n',
} as const;

/** The maximum number of clashing meetings that the line of a meeting names. */
export const MAX_CLASHES_NAMED = 8;

/** Bytes of a code point in UTF-8. */
const MAX_BYTES = 4;
const WIDEST_DAY = 'Wed 30 Sep';
const WIDEST_CLOCK = '23:59';

/** The time, the limits, the last action with its note, and the news. */
export function headBytes(c: CompiledScenario): number {
  const limit = c.world.max_episode_steps;
  const words = [
    `${WIDEST_DAY} 9999${WORDS.comma}${WIDEST_CLOCK}${HEAD_WORDS.step}${limit} of ${limit}, ${limit}`,
    `${WORDS.left}100${WORDS.hundred}${dayEnd(c).day}${HEAD_WORDS.lastActionFailed}${HEAD_WORDS.over}`,
  ];
  const news = c.day === undefined ? 0 : HEAD_WORDS.news.length + MAX_NEWS * MAX_BYTES;
  return total(words) + Math.max(HEAD_WORDS.noAction.length, MAX_NOTE * MAX_BYTES) + news;
}

/** All titles of the inbox. Its lines have the room that the previews leave. */
export function inboxTitleBytes(emails: number): number {
  const titles = PRIORITIES.map((priority) => ` ${priority.toUpperCase()}\n`);
  return total([
    `${WORDS.inbox}${emails}${WORDS.unread}${emails}${WORDS.unanswered}`,
    ...titles,
    WORDS.unansweredTitle,
  ]);
}

type MeetingParts = { readonly id: string; readonly head: string; readonly tail: string };

/** The calendar with every meeting ahead, moved, and in a clash with all others. */
export function calendarBytes(c: CompiledScenario, meetings: readonly MeetingParts[]): number {
  const count = meetings.length;
  const title = `${WORDS.calendar}${count}${WORDS.meetingsAhead}${count ** 2}${WORDS.clashes}`;
  const times = `${WIDEST_DAY} ${WIDEST_CLOCK}-${WIDEST_CLOCK}${WORDS.newline}`;
  const lines = total(meetings.map(({ head, tail }) => head + times + tail));
  return title.length + lines + count * clashBytes(meetings) + freeBytes(c, count);
}

/** The clashes in the line of one meeting. */
function clashBytes(meetings: readonly MeetingParts[]): number {
  const others = meetings.length - 1;
  if (others < 1) return 0;
  const lengths = meetings.map(({ id }) => Buffer.byteLength(id)).sort((a, b) => b - a);
  const named = lengths.slice(0, Math.min(MAX_CLASHES_NAMED, others));
  const names = named.reduce((sum, length) => sum + length + WORDS.comma.length, 0);
  const more = others > MAX_CLASHES_NAMED ? `${WORDS.and}${others}${WORDS.more}`.length : 0;
  return WORDS.clashesWith.length + names + more;
}

/** The line of free slots: one before each meeting, and one after the last. */
function freeBytes(c: CompiledScenario, meetings: number): number {
  if (c.day === undefined) return 0;
  const slot = `${WORDS.comma}${WIDEST_CLOCK}${WORDS.dash}${WIDEST_CLOCK}`;
  const words = [WORDS.free, WORDS.nowUntil, WORDS.notFree, travelTime(c), WORDS.newline];
  return total(words) + slot.length * (meetings + 1);
}

/** The lines of all contacts. As many of them hold tasks as there are tasks. */
export function peopleBytes(
  contacts: readonly { readonly head: string; readonly tail: string }[],
  tasks: number,
): number {
  const moods = MOODS.flatMap((_, mood) => CHANNELS.map((__, channel) => moodAndPreference(mood, channel)));
  const rest = longest(moods) + WORDS.newline.length;
  const held = longest(Array.from({ length: tasks + 1 }, (_, count) => holds(count)));
  const lines = total(contacts.map(({ head, tail }) => head + tail));
  return lines + contacts.length * rest + Math.min(contacts.length, tasks) * held;
}

/** The section with every task open and held by a contact. */
export function taskBytes(
  c: CompiledScenario,
  tasks: readonly { readonly head: string; readonly what: string }[],
  delegates: readonly string[],
): number {
  const title = `${WORDS.tasks}${tasks.length}${WORDS.open}${tasks.length}${WORDS.overdue}`;
  const due = longest(c.deadlines.map(({ utc }) => dueTime(utc)));
  const status = longest(TASK_STATUSES.map((one) => `${one}, with `)) + longest(delegates);
  const until = c.day === undefined ? '' : `${WORDS.until}${WIDEST_CLOCK}`;
  const marks = due + longest(DUE_MARKS) + status + `${until}${WORDS.close}`.length;
  return title.length + total(tasks.map(({ head, what }) => head + what)) + tasks.length * marks;
}

function longest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, Buffer.byteLength(text)), 0);
}

/** Total length of the texts in bytes. */
export function total(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
