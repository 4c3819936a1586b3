import { mean, sampleStandardDeviation } from 'simple-statistics';

/** Keeps the advantage of a group without spread finite. */
const EPSILON = 1e-4;

/**
 * Group-relative advantages as in GRPO (Shao et al., 2024, DeepSeekMath, 4.1.2), with the sample standard deviation
 * and the epsilon that TRL uses: (return - mean) / (std + 1e-4). Failed episodes, given as null, take no part; a group
 * with fewer than two complete episodes tells nothing, so its advantages are null.
 */
export function groupAdvantages(returns: readonly (number | null)[]): (number | null)[] {
  const complete = returns.filter((value) => value !== null);
  if (complete.length < 2) return returns.map(() => null);
  const center = mean(complete);
  const spread = sampleStandardDeviation(complete) + EPSILON;
  return returns.map((value) => (value === null ? null : (value - center) / spread));
}
