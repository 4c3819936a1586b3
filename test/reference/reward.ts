/**
 * The reward of one step (rules-v1.md, section 4). Every fact is computed from the whole world before the action and the whole
 * world after it.
 */

import type { Pair } from './questions.ts';
import { crit, findContact, findEmail, MOOD_LADDER, over, pairs, samePair } from './questions.ts';
import { instantOf } from './time.ts';
import type { FullAction, World } from './world.ts';

export type RewardMode = 'full' | 'base' | 'shaping';

export interface Breakdown {
  conflict_raw: number;
  critical_queue_bonus: number;
  conflict: number;
  relationship: number;
  task: number;
  shaping_synergy: number;
  shaping_tradeoff: number;
  shaping_potential: number;
  shaping_scaffold: number;
  shaping_quality: number;
  shaping_total: number;
  shaping_to_base_ratio: number;
  weighted_base: number;
  output_scale: number;
  invalid_step_adjustment: number;
  episode_completion_bonus: number;
  catastrophic_penalty: number;
  do_nothing_floor: number;
  final: number;
}

/** All facts that the reward depends on. */
export interface Facts {
  /** The world after the drift of this step, before the action (section 3.4). */
  before: World;
  /** The world at the end of the step. */
  after: World;
  action: FullAction;
  valid: boolean;
  stepCount: number;
  done: boolean;
  /** Names whose replies earn no relationship (section 1, drift), including the drift of this step. */
  suppressed: readonly string[];
  rewardMode: RewardMode;
}

function clamp(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}

// ---------------------------------------------------------------- section 4, "Conflict"

function conflictCriticalQueueBonus({ before, after }: Facts): number {
  return 0.22 * Math.max(0, crit(before).length - crit(after).length);
}

function conflictEverybodyCalm(pair: Pair, after: World): boolean {
  const attendees = [...pair.first.attendees, ...pair.second.attendees];
  return attendees.every((name) => {
    const contact = findContact(after, name);
    return contact === undefined || contact.mood === 'happy' || contact.mood === 'neutral';
  });
}

function conflictRaw(facts: Facts): number {
  const { before, after, action, valid } = facts;
  const pairsBefore = pairs(before);
  const pairsAfter = pairs(after);
  let raw = 0;
  for (const pair of pairsBefore) {
    if (pairsAfter.some((other) => samePair(pair, other))) continue;
    raw += 2.12;
    if (conflictEverybodyCalm(pair, after)) raw += 1;
  }
  for (const pair of pairsAfter) {
    if (!pairsBefore.some((other) => samePair(pair, other))) raw -= 3;
  }
  if (valid && action.action_type === 'reschedule_meeting') raw += 0.1;
  return raw + conflictCriticalQueueBonus(facts);
}

// ---------------------------------------------------------------- section 4, "Relationship"

export type Tone = 'apologetic' | 'formal' | 'casual' | 'assertive' | 'neutral';

const TONE_WORDS: readonly (readonly [Tone, readonly string[]])[] = [
  ['apologetic', ['sorry', 'apologize', 'apologies', 'my mistake']],
  ['formal', ['dear ', 'sincerely', 'best regards', 'respectfully', 'cordially']],
  ['casual', ['hey', 'lol', 'haha', '👋', 'no worries', 'cheers']],
  ['assertive', ['must', 'immediately', 'asap', 'non-negotiable', 'demand']],
];

export function relationshipTone(text: string): Tone {
  const lower = text.toLowerCase();
  for (const [tone, words] of TONE_WORDS) {
    if (words.some((word) => lower.includes(word))) return tone;
  }
  return 'neutral';
}

const REPLY_WORTH = { critical: 0.3, high: 0.15, normal: 0.04, low: 0.02 };

function relationship(facts: Facts): number {
  const { before, after, action, valid, suppressed } = facts;
  let total = 0;
  for (const contactAfter of after.contacts) {
    const contactBefore = findContact(before, contactAfter.name);
    if (contactBefore === undefined) continue;
    const rungBefore = MOOD_LADDER.indexOf(contactBefore.mood);
    const rungAfter = MOOD_LADDER.indexOf(contactAfter.mood);
    if (rungAfter > rungBefore) total += contactAfter.importance >= 4 ? 3 : 1;
    if (rungAfter < rungBefore) total -= contactAfter.importance >= 4 ? 4 : 2;
  }

  const email = findEmail(before, action.email_id);
  if (action.action_type === 'reply_email' && email !== undefined) {
    if (suppressed.includes(email.sender)) return 0; // kept: the moods' share goes too
    if (valid) {
      const worth = REPLY_WORTH[email.priority];
      total += email.sender_relationship === 'VIP' ? 2 * worth : worth;
    }
    const tone = relationshipTone(action.message_body);
    const sender = findContact(before, email.sender);
    if (sender !== undefined && sender.relationship_type === 'board_member') {
      const upset = ['annoyed', 'angry', 'furious'].includes(sender.mood);
      if (upset && tone === 'casual') total -= 0.35;
    }
    if (email.sender_relationship === 'personal' && tone === 'formal') total -= 0.08;
  }

  if (action.action_type === 'send_message' && valid) {
    // Intentionally not trimmed.
    if (findContact(before, action.contact_name) !== undefined) total += 0.08;
  }
  return total;
}

// ---------------------------------------------------------------- section 4, "Task"

function task({ before, after, action, valid }: Facts): number {
  const now = instantOf(after.simulation_time);
  let total = 0;
  for (const taskAfter of after.tasks) {
    const taskBefore = before.tasks.find((other) => other.id === taskAfter.id);
    if (taskBefore === undefined) continue;
    const wasLateOrDone = taskBefore.status === 'overdue' || taskBefore.status === 'done';
    if (!wasLateOrDone && taskAfter.status === 'overdue') total -= 2;
    if (taskBefore.status !== 'done' && taskAfter.status === 'done') {
      total += instantOf(taskAfter.deadline) >= now ? 2 : 0.5;
    }
    if (taskBefore.delegated_to === null && taskAfter.delegated_to !== null) {
      const delegate = findContact(after, taskAfter.delegated_to);
      if (delegate !== undefined && delegate.importance <= 3) total += 1;
    }
  }
  if (valid && action.action_type === 'complete_task') total += 0.06;
  if (valid && action.action_type === 'delegate_task') total += 0.1;
  return total;
}

// ---------------------------------------------------------------- section 4, "Shaping"

function shapingSynergy(c: number, r: number, t: number): number {
  let total = 0;
  if (c > 0 && r > 0) total += Math.min(0.4, 0.18 * Math.tanh(0.35 * c * r));
  if (t > 0 && (c > 0 || r > 0)) {
    total += Math.min(0.4, 0.1 * Math.tanh(0.25 * t * (Math.max(c, 0) + Math.max(r, 0))));
  }
  return total;
}

function shapingTradeoff(c: number, r: number, t: number): number {
  let total = 0;
  if (c < -0.5 && r < -0.5) total -= Math.min(0.3, 0.12 * Math.tanh(0.25 * Math.abs(c * r)));
  if (t < -0.5 && (c < 0 || r < 0)) {
    const others = Math.abs(Math.min(c, 0)) + Math.abs(Math.min(r, 0));
    total -= Math.min(0.3, 0.08 * Math.tanh(0.18 * Math.abs(t) * others));
  }
  return total;
}

function potentialOf(world: World): number {
  return -(1.15 * crit(world).length + 0.9 * pairs(world).length + 0.55 * over(world).length + 0.02 * world.stress);
}

function shapingPotential({ before, after }: Facts): number {
  return clamp(potentialOf(after) - potentialOf(before), 0.25);
}

function isValidAndNotIdle({ action, valid }: Facts): boolean {
  return valid && action.action_type !== 'do_nothing';
}

/** `fell` if the number fell, else `any` if it was above 0 before. */
function fellOrAny(before: number, after: number, fell: number, any: number): number {
  if (after < before) return fell;
  return before > 0 ? any : 0;
}

function shapingScaffold(facts: Facts): number {
  const { before, after, action, stepCount } = facts;
  if (!isValidAndNotIdle(facts)) return 0;
  let amount = 0;
  if (action.action_type === 'reply_email') {
    amount = fellOrAny(crit(before).length, crit(after).length, 0.16, 0.05);
  }
  if (action.action_type === 'reschedule_meeting' || action.action_type === 'cancel_meeting') {
    amount = fellOrAny(pairs(before).length, pairs(after).length, 0.15, 0.04);
  }
  if (action.action_type === 'complete_task' || action.action_type === 'delegate_task') {
    amount = fellOrAny(over(before).length, over(after).length, 0.12, 0.03);
  }
  const progress = stepCount / after.max_episode_steps;
  if (progress <= 0.33) amount *= 1.2;
  else if (progress >= 0.85) amount *= 0.9;
  return clamp(amount, 0.35);
}

function shapingQuality(facts: Facts, base: number): number {
  if (!isValidAndNotIdle(facts)) return 0;
  if (base >= 0.9) return 0.28;
  if (base >= 0.35) return 0.12;
  if (base <= -0.9) return -0.28;
  if (base <= -0.35) return -0.12;
  return 0;
}

// ---------------------------------------------------------------- section 4, the sum

function completionBonus({ after, done }: Facts): number {
  return done && after.stress < 40 ? 10 : 0;
}

function catastrophe({ after, done }: Facts): number {
  const lost = after.contacts.some((who) => who.importance >= 4 && who.mood === 'furious');
  return done && (lost || crit(after).length > 3) ? -15 : 0;
}

export function rewardOf(facts: Facts): Breakdown {
  const scale = 0.48;
  const raw = conflictRaw(facts);
  const c = clamp(raw, 6);
  const r = relationship(facts);
  const t = task(facts);
  const base = 0.35 * c + 0.35 * r + 0.3 * t;

  const shaped = facts.rewardMode !== 'base'; // full and shaping are the same: kept
  const synergy = shaped ? shapingSynergy(c, r, t) : 0;
  const tradeoff = shaped ? shapingTradeoff(c, r, t) : 0;
  const potential = shaped ? shapingPotential(facts) : 0;
  const scaffold = shaped ? shapingScaffold(facts) : 0;
  const quality = shaped ? shapingQuality(facts, base) : 0;
  const sum = synergy + tradeoff + potential + scaffold + quality;
  const inner = base + clamp(sum, 1.25 * (Math.abs(base) + 0.05));

  const shapingTotal = scale * sum;
  const ratio = Math.min(10, Math.abs(shapingTotal) / (scale * Math.abs(base) + 1e-6));
  const weightedBase = scale * inner;
  const invalid = facts.valid ? 0 : -0.25;
  const completion = completionBonus(facts);
  const catastrophic = catastrophe(facts);
  const floor = facts.action.action_type === 'do_nothing' ? -0.15 : 0;
  return {
    conflict_raw: raw,
    critical_queue_bonus: conflictCriticalQueueBonus(facts),
    conflict: c,
    relationship: r,
    task: t,
    shaping_synergy: scale * synergy,
    shaping_tradeoff: scale * tradeoff,
    shaping_potential: scale * potential,
    shaping_scaffold: scale * scaffold,
    shaping_quality: scale * quality,
    shaping_total: shapingTotal,
    shaping_to_base_ratio: ratio,
    weighted_base: weightedBase,
    output_scale: scale,
    invalid_step_adjustment: invalid,
    episode_completion_bonus: completion,
    catastrophic_penalty: catastrophic,
    do_nothing_floor: floor,
    final: weightedBase + invalid + completion + catastrophic + floor,
  };
}

/** Section 3.0: a step of an episode that is over. */
export function rewardOfInactiveStep(): Breakdown {
  return {
    conflict_raw: 0,
    critical_queue_bonus: 0,
    conflict: 0,
    relationship: 0,
    task: 0,
    shaping_synergy: 0,
    shaping_tradeoff: 0,
    shaping_potential: 0,
    shaping_scaffold: 0,
    shaping_quality: 0,
    shaping_total: 0,
    shaping_to_base_ratio: 0,
    weighted_base: 0,
    output_scale: 1,
    invalid_step_adjustment: -0.25,
    episode_completion_bonus: 0,
    catastrophic_penalty: 0,
    do_nothing_floor: 0,
    final: -0.25,
  };
}
