/** The trajectory graders of rules v1, paragraph 6. They read only rewards, not the world. */
import { GRADE } from './constants.ts';

type Weights = {
  /** Penalty per unsafe miss and per bad call. */
  readonly miss: number;
  readonly bad: number;
  /** Bonuses for the share of strong steps and of expert steps. */
  readonly strong: number;
  readonly expert: number;
};

/** The trajectory graders of rules v1, by name. */
export const V1_GRADERS = {
  phase2_core: { miss: 0.12, bad: 0.03, strong: 0.05, expert: 0.01 },
  monday_morning: { miss: 0.09, bad: 0.04, strong: 0.03, expert: 0.02 },
  dinner_disaster: { miss: 0.07, bad: 0.03, strong: 0.02, expert: 0.04 },
} as const satisfies Record<string, Weights>;

/** The name of a trajectory grader of rules v1. */
export type V1Grader = keyof typeof V1_GRADERS;

export function isV1Grader(name: string): name is V1Grader {
  return Object.hasOwn(V1_GRADERS, name);
}

/**
 * The grade of a trajectory, in [0.01, 0.99], rounded to 4 decimals.
 * @param trajectory `{rewards}`, `{score}`, `{reward: {total}}` or `{reward}`. Entries that are not finite numbers are dropped.
 * Without any reward the grade is 0.5 (kept from the published environment).
 * @example
 * gradeV1('phase2_core', { rewards: [0.2, 0.4] });
 */
export function gradeV1(grader: V1Grader, trajectory: unknown): number {
  return gradeRewards(V1_GRADERS[grader], rewardsOf(trajectory));
}

function gradeRewards(weights: Weights, rewards: readonly number[]): number {
  if (rewards.length === 0) return GRADE.noRewards;
  const count = { unsafe_miss: 0, bad_call: 0, weak: 0, workable: 0, strong: 0, expert: 0 };
  let sum = 0;
  for (const reward of rewards) {
    sum += reward;
    const label = GRADE.labels.find((entry) => ('upTo' in entry ? reward <= entry.upTo : reward < entry.below));
    count[label?.name ?? 'expert'] += 1;
  }
  const penalty =
    Math.min(count.unsafe_miss * weights.miss, GRADE.missLimit) +
    Math.min(count.bad_call * weights.bad, GRADE.badLimit) +
    Math.min(count.weak * GRADE.weak, GRADE.weakLimit);
  let bonus = 0;
  if ((count.strong + count.expert) / rewards.length >= GRADE.strongShare) bonus += weights.strong;
  if (count.expert / rewards.length >= GRADE.expertShare) bonus += weights.expert;
  const score = roundHalfEven4(sum / rewards.length - penalty + bonus);
  return Number.isFinite(score) ? Math.min(GRADE.max, Math.max(GRADE.min, score)) : GRADE.noRewards;
}

function rewardsOf(trajectory: unknown): number[] {
  if (typeof trajectory !== 'object' || trajectory === null) return [];
  const { rewards, score, reward } = trajectory as Record<string, unknown>;
  if (Array.isArray(rewards) && rewards.length > 0) return rewards.filter(isFiniteNumber);
  if (score !== undefined && score !== null) return [score].filter(isFiniteNumber);
  const total = typeof reward === 'object' && reward !== null ? (reward as Record<string, unknown>).total : reward;
  return [total].filter(isFiniteNumber);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * Rounds to 4 decimals, ties to even on the exact binary value. A double lies exactly between two such decimals only if it is
 * an odd multiple of 1/32. For all others toFixed, which is exact, gives the result.
 */
function roundHalfEven4(value: number): number {
  const halves = value * 32;
  if (Number.isSafeInteger(halves) && Math.abs(halves % 2) === 1) {
    const lower = Math.floor(value * 1e4);
    return (lower % 2 === 0 ? lower : lower + 1) / 1e4;
  }
  return Number(value.toFixed(4));
}
