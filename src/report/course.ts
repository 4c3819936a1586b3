/** The growth of the return from step to step, over the episodes of one arm. */
import { quantileSorted } from 'simple-statistics';
import { Random } from '../lib/random.ts';

/** Quartiles are computed from a uniform random sample of at most this number of episodes; the mean covers all episodes. */
export const SAMPLE = 1_000;

export type CoursePoint = {
  /** Steps played, from 1. */
  readonly step: number;
  /** Mean over the episodes of the rewards summed up to here; a finished episode keeps its return. */
  readonly mean: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
};

export class Course {
  private readonly sums: number[] = [];
  private readonly sample: Float64Array[] = [];
  private readonly random = new Random(0);
  private episodes = 0;

  add(rewards: readonly number[]): void {
    let total = 0;
    const grown = new Float64Array(rewards.length);
    rewards.forEach((reward, step) => {
      total += reward;
      grown[step] = total;
      this.sums[step] = (this.sums[step] ?? 0) + reward;
    });
    // Algorithm R (Vitter, 1985).
    const place = this.episodes < SAMPLE ? this.episodes : this.random.below(this.episodes + 1);
    if (place < SAMPLE) this.sample[place] = grown;
    this.episodes++;
  }

  /** Whether the quartiles cover only a sample of the episodes. */
  get isSampled(): boolean {
    return this.episodes > SAMPLE;
  }

  points(): CoursePoint[] {
    let total = 0;
    return this.sums.map((sum, index) => {
      total += sum;
      const values = Float64Array.from(this.sample, (grown) => grown[Math.min(index, grown.length - 1)] ?? 0).sort();
      const at = (share: number): number => quantileSorted(Array.from(values), share);
      return {
        step: index + 1,
        mean: total / this.episodes,
        lower: at(0.25),
        median: at(0.5),
        upper: at(0.75),
      };
    });
  }
}
