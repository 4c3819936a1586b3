/** What the briefing of one state shares with that of another. */
import type { EpisodeState } from '../../world/state.ts';
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../episode.ts';

/**
 * Sections that may read differently in two states of the same scenario, time apart: what BriefingSlot knows of time
 * decides whether the calendar and the tasks do because of it.
 */
export function changesBetween(a: EpisodeState, b: EpisodeState): number {
  let changed = 0;
  if (!sameBytes(a.emailFlags, b.emailFlags)) changed |= INBOX;
  if (!sameBytes(a.meetingCancelled, b.meetingCancelled) || !sameNumbers(a.meetingStart, b.meetingStart)) {
    changed |= CALENDAR;
  }
  if (!sameBytes(a.mood, b.mood) || !sameBytes(a.preference, b.preference)) changed |= PEOPLE;
  if (!sameBytes(a.taskStatus, b.taskStatus) || !sameIntegers(a.taskDelegate, b.taskDelegate)) {
    changed |= PEOPLE | TASKS;
  } else if (!sameDeadlines(a, b)) changed |= TASKS;
  return changed;
}

/** When the tasks are due, and when those that were delegated will be done. */
function sameDeadlines(a: EpisodeState, b: EpisodeState): boolean {
  return (
    sameIntegers(a.taskDeadline, b.taskDeadline) &&
    sameBytes(a.taskHand, b.taskHand) &&
    sameNumbers(a.taskUntil, b.taskUntil)
  );
}

// One function for all three kinds of arrays would be slower.

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameIntegers(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
