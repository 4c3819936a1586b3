/** Means over worlds with their intervals, and how often a policy passes. */
import { mean, quantileSorted, sampleWithReplacement } from 'simple-statistics';
import { Random } from '../lib/random.ts';

/** How intervals are made: share of confidence, number of resamples, and the seed of every interval. */
export const INTERVAL = { confidence: 0.95, resamples: 2_000, seed: 0 } as const;

/** The mean over worlds of the means of their episodes, with its interval. */
export type Estimate = {
  /** Null if there is no value. */
  readonly mean: number | null;
  /** The ends of the 95 % interval; null with fewer than two worlds and fewer than two episodes. */
  readonly low: number | null;
  readonly high: number | null;
  /** Number of worlds with a value. */
  readonly worlds: number;
};

/**
 * Estimates a mean. Every world counts alike, whatever its number of episodes. The interval is a percentile bootstrap that resamples
 * whole worlds, because the episodes of a world are alike (the cluster bootstrap; Davison and Hinkley, 1997, Bootstrap Methods and
 * their Application, 3.8). With one world it resamples the episodes of that world, and says nothing about other worlds.
 * @param worlds The values of the episodes of each world. Worlds without values are left out.
 * @example
 * estimateOf([[0.2, 0.4], [0.9, 0.9]]).mean; // 0.6
 */
export function estimateOf(worlds: readonly (readonly number[])[]): Estimate {
  const present = worlds.filter((values) => values.length > 0);
  const means = present.map((values) => mean([...values]));
  const sampled = means.length === 1 ? [...(present[0] ?? [])] : means;
  const center = meanOrNull(means);
  if (sampled.length < 2) return { mean: center, low: null, high: null, worlds: means.length };
  const random = new Random(INTERVAL.seed);
  const resampled = Array.from({ length: INTERVAL.resamples }, () =>
    mean(sampleWithReplacement(sampled, sampled.length, () => random.float())),
  );
  resampled.sort((a, b) => a - b);
  const tail = (1 - INTERVAL.confidence) / 2;
  const [low, high] = [quantileSorted(resampled, tail), quantileSorted(resampled, 1 - tail)];
  return { mean: center, low, high, worlds: means.length };
}

/** The mean of some values; null if there are none. */
export function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean([...values]);
}

/**
 * The probability that k episodes of a world all pass, estimated without bias from n episodes of which c passed: C(c, k) / C(n, k)
 * (pass^k; Yao et al., 2024, tau-bench, 4). With k = 1 it is pass@1. simple-statistics lists combinations, and does not count them.
 * @returns null if there are fewer than k episodes
 * @example
 * passAll(4, 3, 2); // 0.5
 */
export function passAll(n: number, c: number, k: number): number | null {
  if (n < k) return null;
  let share = 1;
  for (let i = 0; i < k; i++) share *= (c - i) / (n - i);
  return share;
}
