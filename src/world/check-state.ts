/** Whether bytes from outside may be used as a state. */
import { inRange } from '../lib/time.ts';
import type { CompiledScenario } from './compile.ts';
import { EVENT_STATUSES, HANDS, STATUSES } from './day.ts';
import { CHANNELS, MOODS, TASK_STATUSES } from './schema.ts';
import { AS_IN_FILE, CANCELLED, EpisodeState, HIDDEN, NOT_ARRIVED, READ, REPLIED, SUPPRESSED } from './state.ts';

/** For each scenario a state into which regions are copied, to be looked at: its views cost more than the look. */
const desks = new WeakMap<CompiledScenario, EpisodeState>();

/** What is wrong with a region as the state of an episode of this scenario; nothing if it can be played on. */
export function stateProblem(c: CompiledScenario, region: Uint8Array): string | undefined {
  const { byteLength } = c.layout;
  if (region.length !== byteLength) return `${region.length} bytes where ${byteLength} are expected`;
  const s = deskOf(c);
  s.region.set(region);
  if (!Number.isInteger(s.clock) || !inRange(s.clock)) return 'simulated time out of range';
  if (!Number.isInteger(s.stress) || s.stress < 0 || s.stress > 100) return 'stress out of range';
  if (!Number.isInteger(s.stepCount) || s.stepCount < 0 || s.stepCount > c.world.max_episode_steps) {
    return 'step count out of range';
  }
  for (let meeting = 0; meeting < c.layout.meetings; meeting++) {
    const start = s.movedStart(meeting) ?? c.meetingStart[meeting];
    if (start !== s.meetingStart[meeting]) return 'a meeting does not start when its text says';
  }
  const { day } = c;
  const flags = READ | REPLIED | SUPPRESSED | (day === undefined ? 0 : HIDDEN);
  if (!upTo(s.emailFlags, flags)) return 'email flags out of range';
  if (!upTo(s.meetingCancelled, day === undefined ? CANCELLED : NOT_ARRIVED)) return 'cancellation out of range';
  if (!upTo(s.mood, MOODS.length - 1)) return 'mood out of range';
  if (!upTo(s.preference, CHANNELS.length - 1)) return 'preference out of range';
  if (!upTo(s.taskStatus, TASK_STATUSES.length - 1)) return 'task status out of range';
  if (!within(s.taskDeadline, 0, c.deadlines.length - 1)) return 'task deadline out of range';
  if (!within(s.taskDelegate, AS_IN_FILE, c.layout.contacts - 1)) return 'task delegate out of range';
  return day === undefined ? undefined : ledgerProblem(s);
}

function deskOf(c: CompiledScenario): EpisodeState {
  let desk = desks.get(c);
  if (desk === undefined) {
    desk = new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength));
    desks.set(c, desk);
  }
  return desk;
}

function ledgerProblem(s: EpisodeState): string | undefined {
  if (!upTo(s.obligation, STATUSES.length - 1)) return 'status of an obligation out of range';
  if (!upTo(s.eventStatus, EVENT_STATUSES.length - 1)) return 'status of an event out of range';
  if (!upTo(s.taskHand, HANDS.length - 1)) return 'hand of a task out of range';
  if (s.eventTime.some(Number.isNaN) || s.taskUntil.some(Number.isNaN)) return 'a time is no number';
  if (!s.sums.every(Number.isFinite)) return 'a sum is no number';
  const moodAt = s.obligation.length;
  const before = s.ledgerBefore;
  if (!upTo(before.subarray(0, moodAt), STATUSES.length - 1)) return 'former status out of range';
  if (!upTo(before.subarray(moodAt, moodAt + s.mood.length), MOODS.length - 1)) return 'former mood out of range';
  return undefined;
}

// In both, the length is made an integer of 32 bits: V8 compares others as doubles, in each turn of a loop.

function within(values: Int32Array, least: number, most: number): boolean {
  for (let i = 0, end = values.length | 0; i < end; i++) {
    const value = values[i] ?? 0;
    if (value < least || value > most) return false;
  }
  return true;
}

/** The same for bytes, from 0; a function of its own, since one that reads both kinds of lists is slower. */
function upTo(values: Uint8Array, most: number): boolean {
  let greatest = 0;
  for (let i = 0, end = values.length | 0; i < end; i++) greatest = Math.max(greatest, values[i] ?? 0);
  return greatest <= most;
}
