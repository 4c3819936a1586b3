import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { EpisodeSummary } from './records.ts';

/** Keeps the advantage of a group without spread finite. */
const EPSILON = 1e-4;

/**
 * Group-relative advantages as in GRPO (Shao et al., 2024, DeepSeekMath, 4.1.2), with the sample standard deviation
 * and the epsilon that TRL uses: (return - mean) / (std + 1e-4). Failed episodes, given as null, take no part; a group
 * with fewer than two complete episodes tells nothing, so its advantages are null. Where all returns are equal, all are 0.
 */
export function groupAdvantages(returns: readonly (number | null)[]): (number | null)[] {
  const complete = returns.filter((value) => value !== null);
  if (complete.length < 2) return returns.map(() => null);
  // Their mean may be rounded: that of three times 0.1 is not 0.1.
  if (complete.every((value) => value === complete[0])) return returns.map((value) => (value === null ? null : 0));
  const center = mean(complete);
  const spread = sampleStandardDeviation(complete) + EPSILON;
  return returns.map((value) => (value === null ? null : (value - center) / spread));
}

/** Fills in the advantages of episodes that come in the order of the run. */
export class Groups<T extends { readonly summary: EpisodeSummary }> {
  private readonly size: number;
  private group: T[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Takes the next episode; answers those whose advantage has changed with it. */
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
