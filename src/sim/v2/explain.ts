/** Explains the reward of a step: the difference of the ledgers, in words. Source: rules v2, property 11. */
import { z } from 'zod';
import { type Obligation, REWARD_CHANNELS, STATUSES } from '../../world/day.ts';
import { MOODS } from '../../world/schema.ts';
import { type EpisodeState, HIDDEN, NOT_ARRIVED } from '../../world/state.ts';
import type { Breakdown } from '../breakdown.ts';
import type { Episode } from '../episode.ts';
import * as v2 from './constants.ts';
import { BEFORE, COLLATERAL, contactDamage, emailDamage, meetingDamage } from './value.ts';

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
  const before = s.ledgerBefore;
  let at = 0;
  day.obligations.forEach(({ id, kind, channel, share, subject, other }, o) => {
    const was = before[at + o] ?? 0;
    const is = s.obligation[o] ?? 0;
    const change = (v2.STATUS_VALUE[is] ?? 0) - (v2.STATUS_VALUE[was] ?? 0);
    if (was === is || change === 0) return;
    const amount = v2.SCALE * (v2.CHANNEL_WEIGHTS[channel] ?? 0) * share * change;
    parts.push({
      channel: REWARD_CHANNELS[channel] ?? 'task',
      obligation: isHidden(s, kind, subject, other) ? `${kind}:not arrived` : id,
      amount,
      reason: `${STATUSES[was]} to ${STATUSES[is]}`,
    });
  });
  at += day.obligations.length;
  world.contacts.forEach(({ name }, contact) => {
    const was = before[at + contact] ?? 0;
    const is = s.mood[contact] ?? 0;
    if (was === is) return;
    const amount = v2.SCALE * v2.CHANNEL_WEIGHTS[1] * (day.moodShare[contact] ?? 0) * (is - was);
    parts.push({
      channel: 'relationship',
      obligation: `mood:${name}`,
      amount,
      reason: `${MOODS[was]} to ${MOODS[is]}`,
    });
  });
  at += world.contacts.length;
  let damage = 0;
  const harmed = (obligation: string, was: number, is: number, reason: string): void => {
    if (was === is) return;
    damage += is - was;
    parts.push({ channel: 'collateral', obligation, amount: -v2.SCALE * (is - was), reason });
  };
  world.meetings.forEach(({ id }, meeting) => {
    const was = before[at + meeting] ?? 0;
    const is = s.meetingHarm[meeting] ?? 0;
    if (was !== is)
      harmed(
        `meeting:${id}`,
        meetingDamage(day, meeting, was),
        meetingDamage(day, meeting, is),
        meetingReason(is & ~was),
      );
  });
  at += world.meetings.length;
  world.emails.forEach(({ id }, email) => {
    const was = before[at + email] ?? 0;
    const is = s.emailHarm[email] ?? 0;
    if (was !== is) harmed(`email:${id}`, emailDamage(was), emailDamage(is), emailReason(was, is));
  });
  at += world.emails.length;
  world.contacts.forEach(({ name }, contact) => {
    const was = before[at + contact] ?? 0;
    const is = s.contactHarm[contact] ?? 0;
    if (was !== is) harmed(`contact:${name}`, contactDamage(was), contactDamage(is), 'a message without an occasion');
  });
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

/** Whether the subject of an obligation has not arrived, so that it must not be revealed. */
function isHidden(s: EpisodeState, kind: Obligation['kind'], subject: number, other: number): boolean {
  if (kind === 'reply') return ((s.emailFlags[subject] ?? 0) & HIDDEN) !== 0;
  return kind === 'clash' && [subject, other].some((meeting) => s.meetingCancelled[meeting] === NOT_ARRIVED);
}

function meetingReason(fresh: number): string {
  if ((fresh & v2.MEETING_SPOILED) !== 0) return 'moved or cancelled, which it must not be';
  if ((fresh & v2.MEETING_NEEDLESS) !== 0) return 'cancelled without need';
  if ((fresh & v2.MEETING_HASTY) !== 0) return 'moved without notice or once too often';
  if ((fresh & v2.MEETING_DECLINED) !== 0) return 'moved outside working hours';
  return 'missed';
}

function emailReason(was: number, is: number): string {
  const fresh = is & ~was;
  if ((fresh & v2.EMAIL_BURIED) !== 0) return 'archived though an answer is owed';
  if ((fresh & v2.EMAIL_FOBBED_OFF) !== 0) return 'answered with something that will not do';
  return 'an insult or noise';
}
