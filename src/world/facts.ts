/** Queries about the current world. They change nothing. */
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
