/** Queries about the current world. They change nothing. */
import { groupBy } from '../lib/group.ts';
import type { CompiledScenario } from './compile.ts';
import { TASK_STATUSES } from './schema.ts';
import { type EpisodeState, REPLIED } from './state.ts';

export const DONE = TASK_STATUSES.indexOf('done');
export const OVERDUE = TASK_STATUSES.indexOf('overdue');
export const IN_PROGRESS = TASK_STATUSES.indexOf('in-progress');

/** The end of a meeting, an instant in microseconds. */
export function meetingEnd(c: CompiledScenario, s: EpisodeState, meeting: number): number {
  return (s.meetingStart[meeting] ?? 0) + (c.meetingDuration[meeting] ?? 0);
}

/**
 * Whether two meetings overlap, including the travel time between their places. Meetings that only touch do not overlap;
 * neither does a meeting that is cancelled or has not arrived.
 */
export function overlap(c: CompiledScenario, s: EpisodeState, a: number, b: number): boolean {
  if (s.meetingCancelled[a] !== 0 || s.meetingCancelled[b] !== 0) return false;
  const way = wayBetween(c, a, b);
  return (s.meetingStart[a] ?? 0) < meetingEnd(c, s, b) + way && (s.meetingStart[b] ?? 0) < meetingEnd(c, s, a) + way;
}

/** Travel time between the places of two meetings, in microseconds; 0 if a meeting has no place, and under rules v1. */
export function wayBetween(c: CompiledScenario, a: number, b: number): number {
  if (c.travel === 0) return 0;
  const from = c.places[a] ?? -1;
  const to = c.places[b] ?? -1;
  return from >= 0 && to >= 0 && from !== to ? c.travel : 0;
}

/** How late someone comes to the second meeting who stays in the first one to its end, in microseconds; negative if early. */
export function latenessAfter(c: CompiledScenario, s: EpisodeState, first: number, second: number): number {
  return meetingEnd(c, s, first) + wayBetween(c, first, second) - (s.meetingStart[second] ?? 0);
}

/** Number of critical emails without a reply. */
export function countCriticalUnreplied(c: CompiledScenario, s: EpisodeState): number {
  let count = 0;
  for (const email of c.criticalEmails) if (((s.emailFlags[email] ?? 0) & REPLIED) === 0) count++;
  return count;
}

/** The instant at which a task is due. */
export function deadlineOf(c: CompiledScenario, s: EpisodeState, task: number): number {
  return c.deadlineInstants[s.taskDeadline[task] ?? 0] ?? 0;
}

/** Whether a task is not done although its deadline is before `at`, whatever its status. */
export function isPastDeadline(c: CompiledScenario, s: EpisodeState, task: number, at: number): boolean {
  return s.taskStatus[task] !== DONE && deadlineOf(c, s, task) < at;
}

/** Number of tasks past their deadline at the instant `at`. */
export function countPastDeadline(c: CompiledScenario, s: EpisodeState, at: number): number {
  const { taskStatus, taskDeadline } = s;
  const { deadlineInstants } = c;
  let count = 0;
  for (let task = 0; task < taskStatus.length; task++) {
    if (taskStatus[task] !== DONE && (deadlineInstants[taskDeadline[task] ?? 0] ?? 0) < at) count++;
  }
  return count;
}

// Finds meetings that overlap. The search goes by their start times, so that a day of thousands of meetings costs little.

/** Up to this number of meetings, comparing all pairs is fastest. */
const FEW = 150;

/**
 * Number of unordered pairs of meetings that overlap. The pairs are counted without listing them, except for a small number of
 * meetings.
 */
export function countOverlappingPairs(c: CompiledScenario, s: EpisodeState): number {
  const { meetings } = c.layout;
  if (meetings > FEW) return countByTimes(c, s);
  let pairs = 0;
  for (let a = 0; a < meetings; a++) pairs += countOverlapsOf(c, s, a, a + 1);
  return pairs;
}

/** Number of the meetings from the index `from` on that overlap with `meeting`. */
export function countOverlapsOf(c: CompiledScenario, s: EpisodeState, meeting: number, from = 0): number {
  const { meetingStart, meetingCancelled } = s;
  const { meetingDuration, places, travel } = c;
  if (meetingCancelled[meeting] !== 0) return 0;
  const start = meetingStart[meeting] ?? 0;
  const end = start + (meetingDuration[meeting] ?? 0);
  // Without travel, no meeting has a place.
  const place = travel === 0 ? -1 : (places[meeting] ?? -1);
  let way = 0;
  let count = 0;
  for (let other = from; other < meetingStart.length; other++) {
    if (meetingCancelled[other] !== 0 || other === meeting) continue;
    if (place >= 0) {
      const otherPlace = places[other] ?? -1;
      way = otherPlace >= 0 && place !== otherPlace ? travel : 0;
    }
    const otherStart = meetingStart[other] ?? 0;
    if (start < otherStart + (meetingDuration[other] ?? 0) + way && otherStart < end + way) count++;
  }
  return count;
}

/** The first `limit` unordered pairs of meetings that overlap, in file order. */
export function overlappingPairs(c: CompiledScenario, s: EpisodeState, limit: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let a = 0; a < c.layout.meetings; a++) {
    for (let b = a + 1; b < c.layout.meetings; b++) {
      if (pairs.length >= limit) return pairs;
      if (overlap(c, s, a, b)) pairs.push([a, b]);
    }
  }
  return pairs;
}

/**
 * Visits the pairs of meetings that overlap, by the start of the earlier one. Returns the number of pairs that were compared:
 * these, and pairs that would overlap if they were at different places.
 * @param visit Called with each pair, in file order. Returns whether to continue.
 */
export function sweepOverlaps(c: CompiledScenario, s: EpisodeState, visit: (a: number, b: number) => boolean): number {
  const order = byStart(s);
  let compared = 0;
  for (const [place, a] of order.entries()) {
    const until = meetingEnd(c, s, a) + c.travel;
    for (let next = place + 1; next < order.length; next++) {
      const b = order[next] ?? 0;
      if ((s.meetingStart[b] ?? 0) >= until) break;
      compared++;
      if (overlap(c, s, a, b) && !visit(Math.min(a, b), Math.max(a, b))) return compared;
    }
  }
  return compared;
}

/**
 * Counts by starts and ends alone. Travel time applies only to pairs at different places: these are all pairs with places,
 * minus the pairs at the same place.
 */
function countByTimes(c: CompiledScenario, s: EpisodeState): number {
  const all = byStart(s);
  let pairs = countWithin(c, s, all, 0);
  if (c.travel === 0) return pairs;
  const further = (meetings: readonly number[]): number =>
    countWithin(c, s, meetings, c.travel) - countWithin(c, s, meetings, 0);
  const somewhere = groupBy(all, (meeting) => c.places[meeting] ?? -1);
  somewhere.delete(-1);
  pairs += further([...somewhere.values()].flat());
  for (const here of somewhere.values()) pairs -= further(here);
  return pairs;
}

/** Number of pairs of these meetings that overlap if `way` is the travel time between any two of them. */
function countWithin(c: CompiledScenario, s: EpisodeState, meetings: readonly number[], way: number): number {
  const starts = Float64Array.from(meetings, (meeting) => s.meetingStart[meeting] ?? 0).sort();
  const ends = Float64Array.from(meetings, (meeting) => meetingEnd(c, s, meeting) + way).sort();
  let pairs = 0;
  let over = 0;
  for (let begun = 0; begun < starts.length; begun++) {
    while ((ends[over] ?? Number.POSITIVE_INFINITY) <= (starts[begun] ?? 0)) over++;
    pairs += begun - over;
  }
  return pairs;
}

/** Meetings that take place, by their start, then in file order. */
function byStart(s: EpisodeState): number[] {
  const { meetingStart, meetingCancelled } = s;
  const order: number[] = [];
  for (let meeting = 0; meeting < meetingStart.length; meeting++) {
    if (meetingCancelled[meeting] === 0) order.push(meeting);
  }
  return order.sort((a, b) => (meetingStart[a] ?? 0) - (meetingStart[b] ?? 0) || a - b);
}
