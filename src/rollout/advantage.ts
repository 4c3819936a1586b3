import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { EpisodeSummary } from './records.ts';

/** Added to the standard deviation, so that advantages stay small if the returns of a group hardly differ. */
const EPSILON = 1e-4;

/**
 * Group-relative advantages as in GRPO (Shao et al., 2024, DeepSeekMath, 4.1.2), with the sample standard deviation
 * and the epsilon that TRL uses: (return - mean) / (std + 1e-4). The return of a failed episode is null, and so is its advantage.
 * All advantages are null if fewer than two episodes are complete. If all returns are equal, the advantages are 0.
 */
export function groupAdvantages(returns: readonly (number | null)[]): (number | null)[] {
  const complete = returns.filter((value) => value !== null);
  if (complete.length < 2) return returns.map(() => null);
  // The mean may be rounded: the mean of three times 0.1 is not 0.1.
  if (complete.every((value) => value === complete[0])) return returns.map((value) => (value === null ? null : 0));
  const center = mean(complete);
  const spread = sampleStandardDeviation(complete) + EPSILON;
  return returns.map((value) => (value === null ? null : (value - center) / spread));
}

/** Fills in the advantages of episodes, which are added in the order of the run. */
export class Groups<T extends { readonly summary: EpisodeSummary }> {
  private readonly size: number;
  private group: T[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Adds the next episode. @returns the episodes whose advantage has changed */
  add(episode: T): T[] {
    this.group.push(episode);
    if (this.group.length < this.size) return [];
    const { group } = this;
    this.group = [];
    const advantages = groupAdvantages(group.map(({ summary }) => summary.return));
    return group.filter(({ summary }, member) => {
      const advantage = advantages[member] ?? null;
      if (summary.advantage === advantage) return false;
      summary.advantage = advantage;
      return true;
    });
  }
}
