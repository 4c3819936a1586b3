/** The value of the world: potentials, collateral damage, stress, all computed from the ledger. Source: rules v2. */

import { ASK_OPEN, ASK_WRONG, type Day } from '../../world/day.ts';
import type { EpisodeState } from '../../world/state.ts';
import type { Breakdown } from '../breakdown.ts';
import { moveMood } from '../effects.ts';
import { type Episode, INBOX } from '../episode.ts';
import * as v2 from './constants.ts';
import { stakeAt } from './obligations.ts';

// Changes of the ledger, which record what must be summed up again at the end of the step.

/** Bits of `Episode.changed` besides those of the briefing. They are set and cleared within one step. */
const OBLIGATIONS = 16;
export const MOODS_CHANGED = 32;
export const SUMMED = OBLIGATIONS | MOODS_CHANGED;

/** Sets the state of an ask. */
export function setAsk(e: Episode, ask: number, state: number): void {
  e.s.ask[ask] = state;
  e.changed |= OBLIGATIONS | INBOX;
}

/** Sets the status of an obligation. */
export function setStatus(e: Episode, o: number, status: number): void {
  e.s.obligation[o] = status;
  e.changed |= OBLIGATIONS;
}

/** Moves the mood of a contact up or down by one level. A contact of -1 is ignored. */
export function shiftMood(e: Episode, contact: number, rungs: 1 | -1): void {
  moveMood(e, contact, rungs);
  e.changed |= MOODS_CHANGED;
}

const [WEIGHT_0, WEIGHT_1, WEIGHT_2] = v2.CHANNEL_WEIGHTS;
// Local copies: an imported binding is looked up at every use.
const { SCALE, CALM } = v2;
const NONE = new Int32Array(0);

/** Indices in `EpisodeState.sums`: the collateral damage, and the first of the sums before the last step. */
export const COLLATERAL = 3;
export const BEFORE = 4;

/**
 * Writes the three potentials and the collateral damage into the first half of `s.sums`, and the stress. Only the parts that
 * the step has changed are summed up again.
 */
export function appraise(e: Episode, day: Day): void {
  const { s } = e;
  const changed = e.changed & SUMMED;
  if (e.v2.harmed) {
    s.sums[COLLATERAL] = Math.min(v2.COLLATERAL_LIMIT, collateral(day, s));
    e.v2.harmed = false;
  }
  if (changed === 0) return;
  e.changed ^= changed;
  const unease = sumUp(s, day, 1);
  addMoods(s, day);
  if (changed === MOODS_CHANGED) return;
  const strain = sumUp(s, day, 0);
  const backlog = sumUp(s, day, 2);
  const pressure = WEIGHT_0 * strain + WEIGHT_1 * unease + WEIGHT_2 * backlog;
  s.stress = Math.min(v2.STRESS.limit, Math.round(v2.STRESS.base * e.c.world.stress + v2.STRESS.pressure * pressure));
}

/** Writes the value of the obligations of a channel. Returns their pressure. */
function sumUp(s: EpisodeState, day: Day, channel: number): number {
  const { sums, obligation } = s;
  const { shares, stakes, unowed, members, firstClash } = day;
  const list = members[channel] ?? NONE;
  let value = unowed[channel] ?? 0;
  let pressure = 0;
  for (let i = 0; i < list.length; i++) {
    const o = list[i] ?? 0;
    const at = stakeAt(o, obligation[o] ?? 0);
    value += o < firstClash ? (shares[o] ?? 0) * replyValue(day, o, obligation, s.ask) : (stakes[at] ?? 0);
    pressure += stakes[at + 1] ?? 0;
  }
  sums[channel] = value;
  return pressure;
}

/** The value of a reply, in [-1, 1]: the mean over its asks. */
export function replyValue(day: Day, o: number, statuses: Uint8Array, asks: Uint8Array): number {
  const from = day.askStart[o] ?? 0;
  const to = day.askStart[o + 1] ?? 0;
  const isWrong = isAnyWrong(day, o, asks);
  let value = 0;
  for (let ask = from; ask < to; ask++) value += askValue(day, o, ask, statuses, asks, isWrong);
  return value / (to - from);
}

/**
 * The value of an ask of reply `o`, in [-1, 1]. As long as one ask of an email is answered wrongly, its other asks are worth
 * nothing.
 * @param statuses The status of each obligation.
 * @param asks The state of each ask.
 * @param isWrong Whether one of the asks of the email is answered wrongly.
 */
export function askValue(
  day: Day,
  o: number,
  ask: number,
  statuses: Uint8Array,
  asks: Uint8Array,
  isWrong: boolean,
): number {
  const state = asks[ask] ?? ASK_OPEN;
  if (state !== ASK_WRONG && isWrong) return 0;
  if (state === ASK_OPEN) return v2.STATUS_VALUE[statuses[o] ?? 0] ?? 0;
  return (day.isChoice[ask] === 1 ? v2.CHOICE_VALUE : v2.ASK_VALUE)[state] ?? 0;
}

/** Whether the last word on one of the asks of reply `o` was wrong. */
export function isAnyWrong({ askStart }: Day, o: number, asks: Uint8Array): boolean {
  const to = askStart[o + 1] ?? 0;
  for (let ask = askStart[o] ?? 0; ask < to; ask++) if (asks[ask] === ASK_WRONG) return true;
  return false;
}

function addMoods({ sums, mood }: EpisodeState, { moodShare }: Day): void {
  let relationship = sums[1] ?? 0;
  for (let contact = 0; contact < moodShare.length; contact++) {
    relationship += (moodShare[contact] ?? 0) * (mood[contact] ?? 0);
  }
  sums[1] = relationship;
}

/** V, as `appraise` has computed it. */
export function worthOf({ sums }: EpisodeState): number {
  const [conflict, relationship, task] = v2.CHANNEL_WEIGHTS;
  return conflict * (sums[0] ?? 0) + relationship * (sums[1] ?? 0) + task * (sums[2] ?? 0) - (sums[COLLATERAL] ?? 0);
}

/** What the rewards of an episode have paid for its present state, idle and invalid steps apart. */
export function payOf({ s, rewardMode }: Episode): number {
  return SCALE * (worthOf(s) - (rewardMode === 'base' ? 0 : (CALM * s.stress) / 100));
}

/** The parts of the value of the world. The first three are shares of 1. */
export type Potentials = Readonly<ReturnType<typeof potentialsOf>>;

/** The potentials as `appraise` has computed them. */
export function potentialsOf(s: EpisodeState) {
  const [conflict = 0, relationship = 0, task = 0, collateral = 0] = s.sums;
  return {
    conflict,
    relationship,
    task,
    /** Collateral damage, 0 or more. */
    collateral,
    /** V: the weighted sum of the three potentials, minus the damage. */
    value: worthOf(s),
  };
}

function collateral(day: Day, { meetingHarm, emailHarm, contactHarm, told }: EpisodeState): number {
  let sum = 0;
  // An iterator would take longer than the sum.
  for (let fact = 0; fact < told.length; fact++) sum += v2.TOLD_DAMAGE * (told[fact] ?? 0);
  for (let meeting = 0; meeting < meetingHarm.length; meeting++) {
    const harm = meetingHarm[meeting] ?? 0;
    if (harm !== 0) sum += meetingDamage(day, meeting, harm);
  }
  for (let email = 0; email < emailHarm.length; email++) {
    const harm = emailHarm[email] ?? 0;
    if (harm !== 0) sum += emailDamage(harm);
  }
  for (let contact = 0; contact < contactHarm.length; contact++) {
    const harm = contactHarm[contact] ?? 0;
    if (harm !== 0) sum += contactDamage(harm);
  }
  return sum;
}

/** The collateral damage of one meeting, as a part of V. */
export function meetingDamage(day: Day, meeting: number, harm: number): number {
  const weight = v2.PRIORITY_DAMAGE[day.meetingPriority[meeting] ?? 0] ?? 0;
  let sum = 0;
  if ((harm & v2.MEETING_MISSED) !== 0) sum += v2.MEETING_DAMAGE.missed * weight;
  if ((harm & v2.MEETING_LATE) !== 0) sum += v2.MEETING_DAMAGE.late * weight;
  if ((harm & v2.MEETING_SPOILED) !== 0) sum += v2.MEETING_DAMAGE.spoiled * weight;
  if ((harm & v2.MEETING_NEEDLESS) !== 0) sum += v2.MEETING_DAMAGE.needless * weight;
  if ((harm & v2.MEETING_HASTY) !== 0) sum += v2.HASTY_DAMAGE;
  if ((harm & v2.MEETING_DECLINED) !== 0) sum += v2.DECLINED_DAMAGE;
  return sum;
}

/** The collateral damage of one email, as a part of V. */
export function emailDamage(harm: number): number {
  let sum = ((harm >> v2.RUDE_SHIFT) & v2.COUNT_LIMIT) * v2.RUDE_DAMAGE;
  if ((harm & v2.EMAIL_BURIED) !== 0) sum += v2.BURIED_DAMAGE;
  if ((harm & v2.EMAIL_FOBBED_OFF) !== 0) sum += v2.FOBBED_OFF_DAMAGE;
  return sum;
}

/** The collateral damage of one contact, as a part of V. */
export function contactDamage(harm: number): number {
  return (harm & v2.UNASKED_MASK) * v2.UNASKED_DAMAGE + ((harm >> v2.RUDE_SHIFT) & v2.COUNT_LIMIT) * v2.RUDE_DAMAGE;
}

// The reward of one step under rules v2: the change of V, shaping, and the cost of an invalid or idle step.

/**
 * Fills `out`; `out.final` is the reward. `conflict`, `relationship` and `task` are the changes of the three potentials, and
 * `catastrophic_penalty` is the cost of the step's collateral damage. Fields that v2 does not use stay 0.
 * @param stress Stress before the step.
 * @param idled Whether the step furthered nothing although an obligation can still be met.
 */
export function rewardStep({ s, rewardMode }: Episode, stress: number, idled: boolean, out: Breakdown): void {
  const { sums } = s;
  const conflict = (sums[0] ?? 0) - (sums[BEFORE] ?? 0);
  const relationship = (sums[1] ?? 0) - (sums[BEFORE + 1] ?? 0);
  const task = (sums[2] ?? 0) - (sums[BEFORE + 2] ?? 0);
  const damage = (sums[COLLATERAL] ?? 0) - (sums[BEFORE + COLLATERAL] ?? 0);
  const base = SCALE * (WEIGHT_0 * conflict + WEIGHT_1 * relationship + WEIGHT_2 * task);
  const calmer = rewardMode === 'base' ? 0 : (SCALE * CALM * (stress - s.stress)) / 100;
  const invalid = s.stepOk ? 0 : v2.INVALID_STEP;
  const idle = idled ? v2.IDLE_STEP : 0;
  out.conflict = out.conflict_raw = conflict;
  out.relationship = relationship;
  out.task = task;
  out.output_scale = SCALE;
  out.shaping_potential = out.shaping_total = calmer;
  out.weighted_base = base + calmer;
  out.catastrophic_penalty = -SCALE * damage;
  out.invalid_step_adjustment = invalid;
  out.do_nothing_floor = idle;
  out.final = base + calmer + -SCALE * damage + invalid + idle;
}
