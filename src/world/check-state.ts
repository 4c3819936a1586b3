/** Checks whether untrusted bytes can be a state: every field must be in its range for this scenario. */

import { inRange } from '../lib/time.ts';
import type { CompiledScenario } from './compile.ts';
import {
  ASK_STATES,
  CONTACT_HARM_BITS,
  EMAIL_HARM_BITS,
  EVENT_STATUSES,
  HANDS,
  MEETING_HARM_BITS,
  STATUSES,
} from './day.ts';
import { keptFor } from './kept.ts';
import { CHANNELS, MOODS, TASK_STATUSES } from './schema.ts';
import {
  ARCHIVED,
  AS_IN_FILE,
  CANCELLED,
  EpisodeState,
  HIDDEN,
  NO_CONTACT,
  NOT_ARRIVED,
  READ,
  REPLIED,
  SUPPRESSED,
} from './state.ts';

/** Describes what is wrong with a state; undefined if nothing is. */
export type Check = (c: CompiledScenario, s: EpisodeState) => string | undefined;

/**
 * Describes what is wrong with a region as the state of an episode of this scenario; undefined if the episode can be continued.
 * @param fresh The state of an episode that has not taken a step. Its flags are overwritten.
 * @param byRules Checks the state against the rules. It is called if the state has taken a step and each field by itself is in
 * range. It must check all fields that only rules v2 have, except for the range of their bytes.
 * @param timeOf The instant that the start of a meeting means, in microseconds; NaN if it means none.
 * @param isOver Whether the episode must have ended.
 */
export function fieldProblem(
  c: CompiledScenario,
  region: Uint8Array,
  fresh: EpisodeState,
  byRules: Check,
  timeOf: (text: string) => number,
  isOver: boolean,
): string | undefined {
  const { byteLength } = c.layout;
  if (region.length !== byteLength) return `${region.length} bytes where ${byteLength} are expected`;
  const checker = checkerOf(c);
  const { s } = checker;
  s.region.set(region);
  const problem = endProblem(c, s, isOver);
  if (problem !== undefined) return problem;
  if (s.stepCount === 0) {
    return isFresh(s, fresh) ? undefined : 'no step was taken, and it is not as it was when the day began';
  }
  if (!Number.isInteger(s.clock) || !inRange(s.clock)) return 'simulated time out of range';
  if (!Number.isInteger(s.stress) || s.stress < 0 || s.stress > 100) return 'stress out of range';
  if (!s.startsAgree(c.meetingStart, c.meetingDuration, timeOf)) return 'a meeting does not start when its text says';
  return (
    // Nearly always all bytes are in range, which is quick to test. Finding the byte that is out of range takes longer.
    (areWithin(checker) ? undefined : byteProblem(checker)) ??
    indexProblem(checker) ??
    arrivalProblem(s) ??
    byRules(c, s)
  );
}

/**
 * The data for checking states of one scenario, with scratch memory into which regions are copied. Its views would cost more to
 * make than the check.
 */
const checkerOf = keptFor((c) => {
  const initial = new EpisodeState(c.layout, c.initialRegion.slice().buffer);
  return {
    s: new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength)),
    /** The state as the scenario states it. */
    initial,
    /** The maximum value of each byte; 0xff if all values are allowed. */
    most: limitsOf(c, initial),
    /** Bits that are never cleared. */
    least: leastOf(c, initial),
    /** The task of each possible deadline. */
    taskOfDeadline: taskOfDeadline(c),
    /** The minimum value of each task's delegate. */
    leastDelegate: initial.taskDelegate.map((delegate) => (delegate === AS_IN_FILE ? AS_IN_FILE : NO_CONTACT)),
  };
});

type Checker = ReturnType<typeof checkerOf>;

/** Deadlines are those of the file, task by task, and then those that drift sets. */
function taskOfDeadline({ deadlines, layout, driftByStep, day }: CompiledScenario): Int32Array {
  const tasks = Int32Array.from(deadlines, (_, entry) => (entry < layout.tasks ? entry : -1));
  const events = [...[...driftByStep.values()].flat(), ...(day?.events ?? []).map(({ effects }) => effects)];
  for (const { deadline } of events) if (deadline !== undefined) tasks[deadline.entry] = deadline.task;
  return tasks;
}

function limitsOf({ layout, day, driftByStep }: CompiledScenario, initial: EpisodeState): EpisodeState {
  const most = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  most.region.fill(0xff);
  most.active = most.limitReached = most.stepOk = true;
  const effects = [...[...driftByStep.values()].flat(), ...(day?.events ?? []).map((event) => event.effects)];
  // Events that silence the same sender share its list.
  const lists = new Set(effects.flatMap(({ suppressedEmails }) => suppressedEmails));
  const silenced = new Set([...lists].flat());
  initial.emailFlags.forEach((flags, email) => {
    const archived = day === undefined ? 0 : ARCHIVED;
    most.emailFlags[email] = READ | REPLIED | archived | (silenced.has(email) ? SUPPRESSED : 0) | (flags & HIDDEN);
  });
  initial.meetingCancelled.forEach((value, meeting) => {
    most.meetingCancelled[meeting] = value === NOT_ARRIVED ? NOT_ARRIVED : CANCELLED;
  });
  most.mood.fill(MOODS.length - 1);
  most.preference.fill(CHANNELS.length - 1);
  most.taskStatus.fill(TASK_STATUSES.length - 1);
  most.obligation.fill(STATUSES.length - 1);
  most.eventStatus.fill(EVENT_STATUSES.length - 1);
  most.taskHand.fill(HANDS.length - 1);
  most.meetingHarm.fill(MEETING_HARM_BITS);
  most.emailHarm.fill(EMAIL_HARM_BITS);
  most.contactHarm.fill(CONTACT_HARM_BITS);
  most.ask.fill(ASK_STATES.length - 1);
  most.told.fill(1);
  most.ledgerBefore.set(most.ledger);
  return most;
}

function leastOf({ layout }: CompiledScenario, initial: EpisodeState): EpisodeState {
  const least = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  least.emailFlags.set(initial.emailFlags.map(lasting));
  least.meetingCancelled.set(initial.meetingCancelled.map((value) => value & CANCELLED));
  return least;
}

/** Whether no byte exceeds its limit and none lacks a required bit. */
function areWithin({ s: { region }, most, least }: Checker): boolean {
  for (let at = 0; at < region.length; at++) {
    const byte = region[at] ?? 0;
    if (byte > (most.region[at] ?? 0) || (~byte & (least.region[at] ?? 0)) !== 0) return false;
  }
  return true;
}

/** An active episode has begun and has steps left. The step limit ends an episode with its last step. */
function endProblem({ world }: CompiledScenario, s: EpisodeState, isOver: boolean): string | undefined {
  const { stepCount } = s;
  if (isOver && s.active) return 'a reset is due although the episode goes on';
  const last = world.episode_active ? world.max_episode_steps : 0;
  if (!Number.isInteger(stepCount) || stepCount < 0 || stepCount > last) return 'step count out of range';
  if (s.active && stepCount === last) return 'it is active, but has no steps left';
  // Before the first step the only possible end is a failure of the episode.
  if (stepCount === 0 && world.episode_active && s.active !== s.stepOk) return 'it has ended before it began';
  if (s.limitReached && (s.active || stepCount !== last || last === 0)) return 'the step limit was not reached';
  return undefined;
}

/** The episode may have failed, or been over from the beginning. */
function isFresh(s: EpisodeState, fresh: EpisodeState): boolean {
  fresh.active = s.active;
  fresh.stepOk = s.stepOk;
  return Buffer.compare(s.region, fresh.region) === 0;
}

function byteProblem({ s, most, initial }: Checker): string {
  for (const [name, what] of BYTE_FIELDS) {
    if (s[name].some((value, i) => value > (most[name][i] ?? 0))) return `${what} out of range`;
  }
  const isUndone = initial.emailFlags.some((flags, email) => (lasting(flags) & ~(s.emailFlags[email] ?? 0)) !== 0);
  return isUndone ? 'an email is not read or replied any more' : 'flags or cancellation out of range';
}

const BYTE_FIELDS = [
  ['emailFlags', 'email flags'],
  ['meetingCancelled', 'cancellation'],
  ['mood', 'mood'],
  ['preference', 'preference'],
  ['taskStatus', 'task status'],
  ['obligation', 'status of an obligation'],
  ['eventStatus', 'status of an event'],
  ['taskHand', 'hand of a task'],
  ['ledger', 'harm'],
  ['ledgerBefore', 'former status, mood or harm'],
] as const;

/** The initial flags that an email keeps, if it is there when the day begins. */
function lasting(flags: number): number {
  return (flags & HIDDEN) === 0 ? flags : 0;
}

function indexProblem({ s, taskOfDeadline, leastDelegate }: Checker): string | undefined {
  const { taskDeadline, taskDelegate, preference } = s;
  const contacts = preference.length;
  for (let task = 0; task < taskDeadline.length; task++) {
    if (taskOfDeadline[taskDeadline[task] ?? -1] !== task) return 'task deadline out of range';
    const delegate = taskDelegate[task] ?? 0;
    if (delegate < (leastDelegate[task] ?? 0) || delegate >= contacts) return 'task delegate out of range';
  }
  return undefined;
}

/** An email that has not arrived counts as read and replied. */
function arrivalProblem({ emailFlags }: EpisodeState): string | undefined {
  const hidden = HIDDEN | READ | REPLIED;
  const isEarly = emailFlags.some((flags) => (flags & HIDDEN) !== 0 && (flags & hidden) !== hidden);
  return isEarly ? 'an email that has not arrived is unread or without a reply' : undefined;
}
