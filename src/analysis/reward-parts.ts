/** Splits the reward of a step into parts that add up to it, under either ruleset. Pure. */
import type { Breakdown } from '../sim/breakdown.ts';
import { CHANNEL_WEIGHTS } from '../sim/v2/constants.ts';

/** In the order in which they are shown. */
export const REWARD_PARTS = [
  'conflict',
  'relationship',
  'task',
  'shaping',
  'damage',
  'completion',
  'invalid',
  'idle',
] as const;
export type RewardPart = (typeof REWARD_PARTS)[number];
export type RewardParts = Record<RewardPart, number>;

export function noParts(): RewardParts {
  return { conflict: 0, relationship: 0, task: 0, shaping: 0, damage: 0, completion: 0, invalid: 0, idle: 0 };
}

/**
 * `conflict`, `relationship` and `task` are multiplied by their weights and the scale of the output, and `shaping` is
 * limited, as in the reward. `damage` is the collateral damage of rules v2 and the catastrophe of rules v1; only rules v1
 * pay `completion`. Both rulesets give the channels the same weights.
 */
export function rewardParts(breakdown: Readonly<Breakdown>): RewardParts {
  const [conflict, relationship, task] = CHANNEL_WEIGHTS;
  const scale = breakdown.output_scale;
  const parts = noParts();
  parts.conflict = scale * conflict * breakdown.conflict;
  parts.relationship = scale * relationship * breakdown.relationship;
  parts.task = scale * task * breakdown.task;
  parts.shaping = withoutNoise(breakdown.weighted_base - parts.conflict - parts.relationship - parts.task);
  parts.damage = breakdown.catastrophic_penalty;
  parts.completion = breakdown.episode_completion_bonus;
  parts.invalid = breakdown.invalid_step_adjustment;
  parts.idle = breakdown.do_nothing_floor;
  return parts;
}

/** Replaces the rounding error that remains of a difference of equal sums by 0. */
function withoutNoise(value: number): number {
  return Math.abs(value) < 1e-12 ? 0 : value;
}
