/** Whether bytes from outside may be used as a state. */
import { inRange } from '../lib/time.ts';
import type { CompiledScenario } from './compile.ts';
import { EVENT_STATUSES, HANDS, STATUSES } from './day.ts';
import { CHANNELS, MOODS, TASK_STATUSES } from './schema.ts';
import { AS_IN_FILE, CANCELLED, EpisodeState, HIDDEN, NOT_ARRIVED, READ, REPLIED, SUPPRESSED } from './state.ts';

/** For each scenario a state into which regions are copied, to be looked at: its views cost more than the look. */
type Desk = {
  readonly maxSteps: number;
  readonly s: EpisodeState;
  /** The greatest value that each byte may have; 0xff where all may be. */
  readonly most: EpisodeState;
  readonly limited: LimitedWords;
};

/** The words of a region with limited bytes in them. No limit is above 0x7f. */
type LimitedWords = {
  readonly at: Int32Array;
  /** For each limited byte what lifts just those values above 0x7f that are too great. */
  readonly lift: Int32Array;
  /** 0x80 for each limited byte. */
  readonly high: Int32Array;
};

const desks = new WeakMap<CompiledScenario, Desk>();

/** What is wrong with a region as the state of an episode of this scenario; nothing if it can be played on. */
export function stateProblem(c: CompiledScenario, region: Uint8Array): string | undefined {
  const { byteLength } = c.layout;
  if (region.length !== byteLength) return `${region.length} bytes where ${byteLength} are expected`;
  const { maxSteps, s, most, limited } = deskOf(c);
  s.region.set(region);
  if (!Number.isInteger(s.clock) || !inRange(s.clock)) return 'simulated time out of range';
  if (!Number.isInteger(s.stress) || s.stress < 0 || s.stress > 100) return 'stress out of range';
  if (!Number.isInteger(s.stepCount) || s.stepCount < 0 || s.stepCount > maxSteps) return 'step count out of range';
  if (!s.startsAgree(c.meetingStart)) return 'a meeting does not start when its text says';
  // Nearly always no byte is too great, which is soon found out; which one it is takes longer.
  const isFine = areWithin(s.words, limited);
  return (
    (isFine ? undefined : recordProblem(s, most)) ??
    indexProblem(c, s) ??
    (isFine ? undefined : statusProblem(s, most)) ??
    numberProblem(s) ??
    (isFine ? undefined : formerProblem(s, most))
  );
}

function deskOf(c: CompiledScenario): Desk {
  let desk = desks.get(c);
  if (desk === undefined) {
    desk = makeDesk(c);
    desks.set(c, desk);
  }
  return desk;
}

function makeDesk(c: CompiledScenario): Desk {
  const most = limitsOf(c);
  return {
    maxSteps: c.world.max_episode_steps,
    s: new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength)),
    most,
    limited: limitedWords(most),
  };
}

function limitsOf({ layout, day }: CompiledScenario): EpisodeState {
  const most = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  most.region.fill(0xff);
  most.emailFlags.fill(READ | REPLIED | SUPPRESSED | (day === undefined ? 0 : HIDDEN));
  most.meetingCancelled.fill(day === undefined ? CANCELLED : NOT_ARRIVED);
  most.mood.fill(MOODS.length - 1);
  most.preference.fill(CHANNELS.length - 1);
  most.taskStatus.fill(TASK_STATUSES.length - 1);
  most.obligation.fill(STATUSES.length - 1);
  most.eventStatus.fill(EVENT_STATUSES.length - 1);
  most.taskHand.fill(HANDS.length - 1);
  const moodAt = most.obligation.length;
  most.ledgerBefore.fill(STATUSES.length - 1, 0, moodAt);
  most.ledgerBefore.fill(MOODS.length - 1, moodAt, moodAt + most.mood.length);
  return most;
}

function limitedWords({ region }: EpisodeState): LimitedWords {
  const lift = new Int32Array(region.map((most) => (most === 0xff ? 0 : 0x7f - most)).buffer);
  const high = new Int32Array(region.map((most) => (most === 0xff ? 0 : 0x80)).buffer);
  const at = Int32Array.from(high.keys()).filter((word) => high[word] !== 0);
  return { at, lift: at.map((word) => lift[word] ?? 0), high: at.map((word) => high[word] ?? 0) };
}

/** Whether no byte is above its limit: four at a time, since a sum of two values up to 0x7f does not reach the next byte. */
function areWithin(words: Int32Array, { at, lift, high }: LimitedWords): boolean {
  let above = 0;
  // Here and below, the length is made an integer of 32 bits: V8 compares others as doubles, in each turn of a loop.
  for (let i = 0, end = at.length | 0; i < end; i++) {
    const word = words[at[i] ?? 0] ?? 0;
    above |= (((word & 0x7f7f7f7f) + (lift[i] ?? 0)) | word) & (high[i] ?? 0);
  }
  return above === 0;
}

function recordProblem(s: EpisodeState, most: EpisodeState): string | undefined {
  if (isAbove(s.emailFlags, most.emailFlags)) return 'email flags out of range';
  if (isAbove(s.meetingCancelled, most.meetingCancelled)) return 'cancellation out of range';
  if (isAbove(s.mood, most.mood)) return 'mood out of range';
  if (isAbove(s.preference, most.preference)) return 'preference out of range';
  if (isAbove(s.taskStatus, most.taskStatus)) return 'task status out of range';
  return undefined;
}

function statusProblem(s: EpisodeState, most: EpisodeState): string | undefined {
  if (isAbove(s.obligation, most.obligation)) return 'status of an obligation out of range';
  if (isAbove(s.eventStatus, most.eventStatus)) return 'status of an event out of range';
  if (isAbove(s.taskHand, most.taskHand)) return 'hand of a task out of range';
  return undefined;
}

function formerProblem(s: EpisodeState, most: EpisodeState): string | undefined {
  const moodAt = s.obligation.length;
  const isStatus = !isAbove(s.ledgerBefore.subarray(0, moodAt), most.ledgerBefore);
  return isStatus ? 'former mood out of range' : 'former status out of range';
}

function isAbove(values: Uint8Array, most: Uint8Array): boolean {
  return values.some((value, i) => value > (most[i] ?? 0));
}

function indexProblem(c: CompiledScenario, s: EpisodeState): string | undefined {
  if (!within(s.taskDeadline, 0, c.deadlines.length - 1)) return 'task deadline out of range';
  if (!within(s.taskDelegate, AS_IN_FILE, c.layout.contacts - 1)) return 'task delegate out of range';
  return undefined;
}

function within(values: Int32Array, least: number, most: number): boolean {
  for (let i = 0, end = values.length | 0; i < end; i++) {
    const value = values[i] ?? 0;
    if (value < least || value > most) return false;
  }
  return true;
}

function numberProblem({ eventTime, taskUntil, sums }: EpisodeState): string | undefined {
  if (someNaN(eventTime) || someNaN(taskUntil)) return 'a time is no number';
  for (let i = 0, end = sums.length | 0; i < end; i++) if (!Number.isFinite(sums[i])) return 'a sum is no number';
  return undefined;
}

function someNaN(values: Float64Array): boolean {
  for (let i = 0, end = values.length | 0; i < end; i++) if (Number.isNaN(values[i])) return true;
  return false;
}
