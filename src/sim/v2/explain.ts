/** Explains the reward of a step: the difference of the ledgers, in words. Source: rules v2, property 11. */
import { z } from 'zod';
import { ASK_STATES, type Day, type Obligation, REWARD_CHANNELS, STATUSES } from '../../world/day.ts';
import { type Email, MOODS } from '../../world/schema.ts';
import { type EpisodeState, HIDDEN, NOT_ARRIVED } from '../../world/state.ts';
import type { Breakdown } from '../breakdown.ts';
import type { Episode } from '../episode.ts';
import * as v2 from './constants.ts';
import { askValue, BEFORE, COLLATERAL, contactDamage, emailDamage, isAnyWrong, meetingDamage } from './value.ts';

export const attributionSchema = z.strictObject({
  channel: z.enum([...REWARD_CHANNELS, 'collateral', 'shaping', 'penalty']),
  obligation: z
    .string()
    .describe('What it is about: reply:EMAIL, clash:MEETING+MEETING, task:TASK, mood:NAME and the like'),
  amount: z.number().describe('Part of the reward'),
  reason: z.string(),
});
/** One part of a reward: its amount, its channel and the reason for it. */
export type Attribution = z.output<typeof attributionSchema>;

/** The parts of the last step's reward. Their amounts add up to the reward. */
export function explain({ c, s }: Episode, breakdown: Breakdown): Attribution[] {
  const { day, world } = c;
  if (day === undefined) return [];
  const parts: Attribution[] = [];
  parts.push(...answerParts(day, s, world.emails));
  const changed = changesOf(s);
  for (const { index, was, is } of changed(s.obligation)) {
    if (index < day.firstClash) continue;
    const obligation = day.obligations[index];
    const change = (v2.STATUS_VALUE[is] ?? 0) - (v2.STATUS_VALUE[was] ?? 0);
    if (obligation === undefined || change === 0) continue;
    const { id, kind, channel, share } = obligation;
    parts.push({
      channel: REWARD_CHANNELS[channel] ?? 'task',
      obligation: isHidden(s, obligation) ? `${kind}:not arrived` : id,
      amount: v2.SCALE * (v2.CHANNEL_WEIGHTS[channel] ?? 0) * share * change,
      reason: `${STATUSES[was]} to ${STATUSES[is]}`,
    });
  }
  for (const { index, was, is } of changed(s.mood)) {
    const amount = v2.SCALE * v2.CHANNEL_WEIGHTS[1] * (day.moodShare[index] ?? 0) * (is - was);
    const reason = `${MOODS[was]} to ${MOODS[is]}`;
    parts.push({ channel: 'relationship', obligation: `mood:${world.contacts[index]?.name}`, amount, reason });
  }
  let damage = 0;
  const harmed = (obligation: string, was: number, is: number, reason: string): void => {
    if (was === is) return;
    damage += is - was;
    parts.push({ channel: 'collateral', obligation, amount: -v2.SCALE * (is - was), reason });
  };
  for (const { index, was, is } of changed(s.meetingHarm)) {
    const [before, now] = [meetingDamage(day, index, was), meetingDamage(day, index, is)];
    harmed(`meeting:${world.meetings[index]?.id}`, before, now, meetingReason(is & ~was));
  }
  for (const { index, was, is } of changed(s.emailHarm)) {
    harmed(`email:${world.emails[index]?.id}`, emailDamage(was), emailDamage(is), emailReason(was, is));
  }
  for (const { index, was, is } of changed(s.contactHarm)) {
    const reason = 'a message without an occasion';
    harmed(`contact:${world.contacts[index]?.name}`, contactDamage(was), contactDamage(is), reason);
  }
  changed(s.ask);
  for (const { index, was, is } of changed(s.told)) {
    const { person, fact } = day.denied[index] ?? {};
    harmed(
      `contact:${person}`,
      was * v2.TOLD_DAMAGE,
      is * v2.TOLD_DAMAGE,
      `learned ${fact?.id}, which they must not know`,
    );
  }
  const counted = (s.sums[COLLATERAL] ?? 0) - (s.sums[BEFORE + COLLATERAL] ?? 0);
  if (Math.abs(damage - counted) > 1e-12) {
    parts.push({
      channel: 'collateral',
      obligation: 'limit',
      amount: v2.SCALE * (damage - counted),
      reason: 'damage counts up to a limit',
    });
  }
  const add = (channel: 'shaping' | 'penalty', obligation: string, amount: number, reason: string): void => {
    if (amount !== 0) parts.push({ channel, obligation, amount, reason });
  };
  add('shaping', 'stress', breakdown.shaping_total, breakdown.shaping_total > 0 ? 'less stress' : 'more stress');
  add('penalty', 'invalid', breakdown.invalid_step_adjustment, 'the action was invalid');
  add('penalty', 'idle', breakdown.do_nothing_floor, 'the step furthered nothing that is owed');
  return parts;
}

type Change = { readonly index: number; readonly was: number; readonly is: number };

/** Returns a function that lists the changes in a part of the ledger. Call it with all parts, in the order of the ledger. */
function changesOf({ ledgerBefore }: EpisodeState): (part: Uint8Array) => Change[] {
  let at = 0;
  return (part) => {
    const changes: Change[] = [];
    for (let index = 0; index < part.length; index++) {
      const is = part[index] ?? 0;
      const was = ledgerBefore[at + index] ?? 0;
      if (was !== is) changes.push({ index, was, is });
    }
    at += part.length;
    return changes;
  };
}

/** What the asks of emails gained or lost: one part for each ask whose state changed, and one for the rest of its email. */
function answerParts(day: Day, s: EpisodeState, emails: readonly Email[]): Attribution[] {
  const { obligation, ledger, ledgerBefore, ask: asks } = s;
  const askOffset = asks.byteOffset - ledger.byteOffset;
  const asksBefore = ledgerBefore.subarray(askOffset, askOffset + asks.length);
  const parts: Attribution[] = [];
  for (let o = 0; o < day.firstClash; o++) {
    const [from, to] = [day.askStart[o] ?? 0, day.askStart[o + 1] ?? 0];
    const one = day.obligations[o];
    if (one === undefined || (obligation[o] === ledgerBefore[o] && isSame(asks, asksBefore, from, to))) continue;
    const unit = (v2.SCALE * (v2.CHANNEL_WEIGHTS[one.channel] ?? 0) * one.share) / (to - from);
    const add = (change: number, reason: string): void => {
      if (change === 0) return;
      const hidden = isHidden(s, one);
      parts.push({
        channel: REWARD_CHANNELS[one.channel] ?? 'task',
        obligation: hidden ? 'reply:not arrived' : one.id,
        amount: unit * change,
        reason,
      });
    };
    const [isWrong, wasWrong] = [isAnyWrong(day, o, asks), isAnyWrong(day, o, asksBefore)];
    let rest = 0;
    for (let ask = from; ask < to; ask++) {
      const [was, is] = [asksBefore[ask] ?? 0, asks[ask] ?? 0];
      const change =
        askValue(day, o, ask, obligation, asks, isWrong) - askValue(day, o, ask, ledgerBefore, asksBefore, wasWrong);
      if (was === is) rest += change;
      else add(change, `${emails[one.subject]?.asks?.[ask - from]?.id}: ${ASK_STATES[was]} to ${ASK_STATES[is]}`);
    }
    add(rest, `${STATUSES[ledgerBefore[o] ?? 0]} to ${STATUSES[obligation[o] ?? 0]}`);
  }
  return parts;
}

function isSame(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Whether the subject of an obligation has not arrived, so that it must not be revealed. */
export function isHidden(s: EpisodeState, { kind, subject, other }: Obligation): boolean {
  if (kind === 'reply') return ((s.emailFlags[subject] ?? 0) & HIDDEN) !== 0;
  return kind === 'clash' && [subject, other].some((meeting) => s.meetingCancelled[meeting] === NOT_ARRIVED);
}

function meetingReason(fresh: number): string {
  if ((fresh & v2.MEETING_SPOILED) !== 0) return 'moved or cancelled, which it must not be';
  if ((fresh & v2.MEETING_NEEDLESS) !== 0) return 'cancelled without need';
  if ((fresh & v2.MEETING_HASTY) !== 0) return 'moved without notice or once too often';
  if ((fresh & v2.MEETING_DECLINED) !== 0) return 'moved outside working hours';
  if ((fresh & v2.MEETING_LATE) !== 0) return 'late';
  return 'missed';
}

function emailReason(was: number, is: number): string {
  const fresh = is & ~was;
  if ((fresh & v2.EMAIL_BURIED) !== 0) return 'archived though an answer is owed';
  if ((fresh & v2.EMAIL_FOBBED_OFF) !== 0) return 'answered with something that will not do';
  return 'an insult or noise';
}
