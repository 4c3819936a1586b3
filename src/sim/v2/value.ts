/** What the world is worth: potentials, collateral damage, stress. All of it is read from the ledger. Source: rules v2. */
import type { Day } from '../../world/day.ts';
import type { EpisodeState } from '../../world/state.ts';
import type { Episode } from '../episode.ts';
import * as v2 from './constants.ts';

/** Where in `EpisodeState.sums` the collateral damage stands, and where the sums before the last step begin. */
export const COLLATERAL = 3;
export const BEFORE = 4;

/** Writes the three potentials and the collateral damage into the first half of `s.sums`, and the stress. */
export function appraise(e: Episode, day: Day): void {
  const { c, s } = e;
  const { sums } = s;
  if (!e.harmed && isUnchanged(s)) return;
  const { shares, channels, unowed } = day;
  let conflict = unowed[0] ?? 0;
  let relationship = unowed[1] ?? 0;
  let task = unowed[2] ?? 0;
  let strain = 0;
  let unease = 0;
  let backlog = 0;
  const { obligation, mood } = s;
  for (let o = 0; o < shares.length; o++) {
    const status = obligation[o] ?? 0;
    const share = shares[o] ?? 0;
    const value = share * (v2.STATUS_VALUE[status] ?? 0);
    const pressure = share * (v2.STATUS_PRESSURE[status] ?? 0);
    const channel = channels[o];
    if (channel === 0) {
      conflict += value;
      strain += pressure;
    } else if (channel === 1) {
      relationship += value;
      unease += pressure;
    } else {
      task += value;
      backlog += pressure;
    }
  }
  const { moodShare } = day;
  for (let contact = 0; contact < moodShare.length; contact++) {
    relationship += (moodShare[contact] ?? 0) * (mood[contact] ?? 0);
  }
  sums[0] = conflict;
  sums[1] = relationship;
  sums[2] = task;
  if (e.harmed) sums[COLLATERAL] = Math.min(v2.COLLATERAL_LIMIT, collateral(day, s));
  e.harmed = false;
  const [c0, c1, c2] = v2.CHANNEL_WEIGHTS;
  const pressure = c0 * strain + c1 * unease + c2 * backlog;
  s.stress = Math.min(v2.STRESS.limit, Math.round(v2.STRESS.base * c.world.stress + v2.STRESS.pressure * pressure));
}

/** Whether the last step has changed no obligation and no mood, with which the ledger begins. */
function isUnchanged({ ledger, ledgerBefore, obligation, mood }: EpisodeState): boolean {
  const end = obligation.length + mood.length;
  for (let at = 0; at < end; at++) if (ledger[at] !== ledgerBefore[at]) return false;
  return true;
}

/** V, as `appraise` has left it. */
export function worthOf({ sums }: EpisodeState): number {
  const [conflict, relationship, task] = v2.CHANNEL_WEIGHTS;
  return conflict * (sums[0] ?? 0) + relationship * (sums[1] ?? 0) + task * (sums[2] ?? 0) - (sums[COLLATERAL] ?? 0);
}

/** What the world is worth, in parts; the first three are shares of 1. */
export type Potentials = {
  readonly conflict: number;
  readonly relationship: number;
  readonly task: number;
  /** Damage, 0 or more. */
  readonly collateral: number;
  /** V: the three by weight, less the damage. */
  readonly value: number;
};

/** As `appraise` has left them. */
export function potentialsOf(s: EpisodeState): Potentials {
  const [conflict = 0, relationship = 0, task = 0, collateral = 0] = s.sums;
  return { conflict, relationship, task, collateral, value: worthOf(s) };
}

function collateral(day: Day, s: EpisodeState): number {
  let sum = 0;
  for (let meeting = 0; meeting < s.meetingHarm.length; meeting++) {
    const harm = s.meetingHarm[meeting] ?? 0;
    if (harm !== 0) sum += meetingDamage(day, meeting, harm);
  }
  for (let email = 0; email < s.emailHarm.length; email++) {
    const harm = s.emailHarm[email] ?? 0;
    if (harm !== 0) sum += emailDamage(harm);
  }
  for (let contact = 0; contact < s.contactHarm.length; contact++) {
    const harm = s.contactHarm[contact] ?? 0;
    if (harm !== 0) sum += contactDamage(harm);
  }
  return sum;
}

export function meetingDamage(day: Day, meeting: number, harm: number): number {
  const weight = v2.PRIORITY_DAMAGE[day.meetingPriority[meeting] ?? 0] ?? 0;
  let sum = 0;
  if ((harm & v2.MEETING_MISSED) !== 0) sum += v2.MEETING_DAMAGE.missed * weight;
  if ((harm & v2.MEETING_SPOILED) !== 0) sum += v2.MEETING_DAMAGE.spoiled * weight;
  if ((harm & v2.MEETING_NEEDLESS) !== 0) sum += v2.MEETING_DAMAGE.needless * weight;
  if ((harm & v2.MEETING_HASTY) !== 0) sum += v2.HASTY_DAMAGE;
  if ((harm & v2.MEETING_DECLINED) !== 0) sum += v2.DECLINED_DAMAGE;
  return sum;
}

export function emailDamage(harm: number): number {
  let sum = ((harm >> v2.RUDE_SHIFT) & v2.COUNT_LIMIT) * v2.RUDE_DAMAGE;
  if ((harm & v2.EMAIL_BURIED) !== 0) sum += v2.BURIED_DAMAGE;
  if ((harm & v2.EMAIL_FOBBED_OFF) !== 0) sum += v2.FOBBED_OFF_DAMAGE;
  return sum;
}

export function contactDamage(harm: number): number {
  return (harm & v2.UNASKED_MASK) * v2.UNASKED_DAMAGE + ((harm >> v2.RUDE_SHIFT) & v2.COUNT_LIMIT) * v2.RUDE_DAMAGE;
}
