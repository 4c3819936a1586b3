/** Checks states under rules v2: the fields that depend on each other by the rules. */
import { inRange, MINUTE } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import {
  ASK_OPEN,
  AWAITED,
  CORRECTED,
  type Day,
  type DayEvent,
  HAPPENED,
  IN_HAND,
  LATE,
  MET,
  MISSED,
  NEVER,
  NOW,
  type Obligation,
  OPEN,
  OVERDUE_STATUS,
  SPARED,
  SPOILED,
  WORKS,
  WRONG,
} from '../../world/day.ts';
import { DONE } from '../../world/facts.ts';
import { keptFor } from '../../world/kept.ts';
import { EpisodeState, HIDDEN, NOT_ARRIVED } from '../../world/state.ts';
import { Episode } from '../episode.ts';
import { statusByAsks } from './answers.ts';
import { COLLATERAL_LIMIT, MINUTES, WORK } from './constants.ts';
import { isOwed } from './react.ts';
import { dayOf } from './step.ts';
import { appraise, BEFORE, COLLATERAL, SUMMED } from './value.ts';

/** The minimum and the maximum duration of a step. */
const SHORTEST_STEP = MINUTES.archive;
const LONGEST_STEP = WORK.high;

/** The shares of a channel add up to 1, within rounding errors. */
const MOST_SHARE = 1 + 1e-9;
/** The first of the sums that wrong choices cannot make negative. */
const TASK_SUM = 2;

/** The possible statuses of an obligation of each kind, unless an event must bring it first. */
const STATUSES_OF: Readonly<Record<Obligation['kind'], readonly number[]>> = {
  reply: [OPEN, OVERDUE_STATUS, MET, LATE, MISSED, WRONG, CORRECTED],
  clash: [OPEN, MET, MISSED, SPOILED],
  task: [OPEN, IN_HAND, OVERDUE_STATUS, MET, LATE, MISSED],
};

/** The cached facts about a scenario. */
type Facts = ReturnType<typeof factsOf>;
const factsOf = keptFor((c) => {
  const day = dayOf(c);
  const initial = new EpisodeState(c.layout, c.initialRegion.slice().buffer);
  const brought = new Set(day.events.flatMap(({ brings }) => brings));
  return {
    day,
    /** For each obligation, one bit for each status that it can have. */
    statuses: Int32Array.from(day.obligations, ({ kind }, o) => {
      const list = brought.has(o) ? [...STATUSES_OF[kind], AWAITED, SPARED] : STATUSES_OF[kind];
      return list.reduce((bits, status) => bits | (1 << status), 0);
    }),
    longestResponse: day.response.reduce((most, one) => Math.max(most, one), 0),
    initial,
    /** The beginning of the day, an instant in microseconds. */
    begin: initial.clock,
    /** For summing up the state again. */
    scratch: Episode.of(c, 'base'),
  };
});

/**
 * Describes what is wrong with a state that has taken a step and whose fields, each by itself, are in range. Returns undefined
 * if the episode can be continued. Sums and stress must equal those of the ledger to the last bit, since the reward of the next
 * step depends on them.
 */
export function stateProblemV2(c: CompiledScenario, s: EpisodeState): string | undefined {
  const facts = factsOf(c);
  return (
    timeProblem(facts, s) ??
    obligationProblem(facts, s) ??
    taskProblem(facts, s) ??
    eventsProblem(facts, s) ??
    sumProblem(facts, s)
  );
}

function timeProblem({ day, begin }: Facts, s: EpisodeState): string | undefined {
  const { clock, stepCount, active, limitReached } = s;
  const passed = clock - begin;
  // At the end of the year 9999 the clock stops.
  const least = inRange(clock + LONGEST_STEP) ? stepCount * SHORTEST_STEP : 0;
  if (passed % MINUTE !== 0 || passed < least || passed > stepCount * LONGEST_STEP) {
    return 'simulated time does not follow from the step count';
  }
  if ((active || limitReached) && clock >= day.end) return 'the day is over';
  if (stepCount > 1 && clock - LONGEST_STEP >= day.end) return 'the day was over before the last step';
  return undefined;
}

function obligationProblem({ day, statuses }: Facts, s: EpisodeState): string | undefined {
  const { obligation, ledgerBefore, emailFlags, meetingCancelled, active } = s;
  const { firstClash, firstTask, subjects, others } = day;
  for (let o = 0, end = obligation.length | 0; o < end; o++) {
    const status = obligation[o] ?? 0;
    const known = statuses[o] ?? 0;
    if (((known >> status) & (known >> (ledgerBefore[o] ?? 0)) & 1) === 0)
      return 'status of an obligation out of range';
    // Before the episode is over, only obligations that never arrive and clashes that have begun can be missed.
    const isLost = active && status === MISSED;
    if (o >= firstTask) {
      if (isLost) return 'an obligation is missed though the episode goes on';
      continue;
    }
    const subject = subjects[o] ?? 0;
    const isThere =
      o < firstClash
        ? ((emailFlags[subject] ?? 0) & HIDDEN) === 0
        : meetingCancelled[subject] !== NOT_ARRIVED && meetingCancelled[others[o] ?? 0] !== NOT_ARRIVED;
    const waits = status === AWAITED || status === SPARED;
    if (isThere ? waits : !waits && status !== MISSED)
      return 'an obligation came up before, or without, what it is about';
    if (o < firstClash && !fitsAsks(day, s, o)) return 'the status of a reply is not what its asks say';
    if (isThere) {
      if (isLost && o < firstClash) return 'an obligation is missed though the episode goes on';
    } else if (active && status !== AWAITED && !isGivenUp(day, s, o)) {
      return 'an obligation is given up though what it is about may still arrive';
    }
  }
  if (s.active || !s.stepOk) return undefined;
  for (let o = 0, end = obligation.length | 0; o < end; o++)
    if (isOwed(obligation[o] ?? 0)) return 'something is owed though the episode is over';
  return undefined;
}

/** Whether the status of a reply agrees with the states of its asks. */
function fitsAsks(day: Day, s: EpisodeState, o: number): boolean {
  const status = s.obligation[o];
  const byAsks = statusByAsks(s, day, o);
  if (status === OPEN || status === OVERDUE_STATUS) return byAsks === undefined;
  if (status === MISSED) return byAsks === undefined || byAsks === WRONG;
  if (status !== AWAITED && status !== SPARED) return byAsks === status;
  return s.ask.subarray(day.askStart[o], day.askStart[o + 1]).every((state) => state === ASK_OPEN);
}

/** Whether the subject of an answer or a clash cannot arrive any more. */
function isGivenUp(day: Day, { eventStatus }: EpisodeState, o: number): boolean {
  const sources = o < day.firstClash ? day.emailEvent : day.meetingEvent;
  const [one, other] = [sources[day.subjects[o] ?? -1] ?? -1, sources[day.others[o] ?? -1] ?? -1];
  return eventStatus[one] === NEVER || eventStatus[other] === NEVER;
}

function taskProblem({ day, begin, longestResponse }: Facts, s: EpisodeState): string | undefined {
  const { taskHand, taskStatus, taskDelegate, taskUntil, obligation, clock } = s;
  const now = Math.min(clock, day.end);
  for (let task = 0, end = taskHand.length | 0; task < end; task++) {
    const hand = taskHand[task] ?? 0;
    const until = taskUntil[task] ?? 0;
    const takes = day.takesDelegate[task] ?? 0;
    const isDone = taskStatus[task] === DONE;
    if (hand !== 0) {
      const delegate = taskDelegate[task] ?? -1;
      if (delegate < 0 || isDone) return 'a task is in work without a contact, or done';
      const lasts = hand === WORKS ? takes : (day.response[delegate] ?? 0);
      if (!(until > now && until <= clock + lasts)) return 'time of a task out of range';
    } else if (until !== 0 && !(until >= begin && until <= clock + Math.max(takes, longestResponse))) {
      return 'time of a task out of range';
    }
    const o = day.taskOf[task] ?? -1;
    if (o < 0) continue;
    const status = obligation[o];
    if (isDone !== (status === MET || status === LATE))
      return 'a task is done though it is owed, or the other way round';
    if (status === IN_HAND && hand !== WORKS) return 'a task is in work without a contact';
  }
  return undefined;
}

function eventsProblem({ day, begin, initial }: Facts, s: EpisodeState): string | undefined {
  const { events } = day;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    if (event === undefined) continue;
    const status = s.eventStatus[index] ?? 0;
    const came = status === HAPPENED || status === NOW;
    const isNever = initial.eventStatus[index] === NEVER;
    if (isNever && status !== NEVER) return 'an event came that cannot come';
    const fault = eventFault(day, s, begin, event, status, s.eventTime[index] ?? 0, isNever);
    if (fault !== undefined) return `${fault} of an event out of range`;
    for (const email of event.emails) {
      if ((((s.emailFlags[email] ?? 0) & HIDDEN) === 0) !== came) return 'an email arrived without its event';
    }
    for (const meeting of event.meetings) {
      const isThere = s.meetingCancelled[meeting] !== NOT_ARRIVED;
      if (isThere !== came) return 'an invitation arrived without its event';
      if (!isThere && (s.isMoved(meeting) || s.meetingHarm[meeting] !== 0))
        return 'a meeting was moved or harmed before it arrived';
    }
  }
  return undefined;
}

/** Which of the status and the time of an event does not follow from its condition. */
function eventFault(
  day: Day,
  { clock, stepCount, active }: EpisodeState,
  begin: number,
  event: DayEvent,
  status: number,
  time: number,
  isNever: boolean,
): 'time' | 'status' | undefined {
  const came = status === HAPPENED || status === NOW;
  // Until when events can have happened. After the end of the episode, the rest of the day has passed without the executive.
  const now = active ? clock : Math.max(clock, day.end);
  if (!Number.isNaN(event.at)) {
    if (time !== event.at) return 'time';
    const isWrong = !isNever && (status === NEVER || (came ? time > now : time <= clock));
    return isWrong ? 'status' : undefined;
  }
  if (came && !(time >= begin && time <= now)) return 'time';
  if (isNever || event.afterStep > 0) {
    if (!came && time !== Number.POSITIVE_INFINITY) return 'time';
    const isRight = status !== NEVER && came === stepCount >= event.afterStep;
    return isNever || (isRight && (status !== NOW || stepCount === event.afterStep)) ? undefined : 'status';
  }
  if (came || time === Number.POSITIVE_INFINITY) return undefined;
  return status === NEVER || !(time > clock && time <= now + event.delay) ? 'time' : undefined;
}

function sumProblem({ day, scratch }: Facts, s: EpisodeState): string | undefined {
  const { sums } = scratch.s;
  scratch.s.ledger.set(s.ledger);
  scratch.v2.harmed = true;
  scratch.changed = SUMMED;
  appraise(scratch, day);
  if (scratch.s.stress !== s.stress) return 'stress out of range';
  for (let sum = 0; sum < BEFORE; sum++) if (sums[sum] !== s.sums[sum]) return 'a sum is not what the ledger says';
  // The next step overwrites these before any reward depends on them.
  for (let sum = 0; sum < BEFORE; sum++) {
    const most = sum === COLLATERAL ? COLLATERAL_LIMIT : MOST_SHARE;
    const least = sum < TASK_SUM ? -MOST_SHARE : 0;
    const former = s.sums[BEFORE + sum] ?? 0;
    if (!(former >= least && former <= most)) return 'a former sum is out of range';
  }
  return undefined;
}
