/** The signal for a group-relative method such as GRPO: the spread of the returns of episodes that begin alike. */
import { sampleStandardDeviation } from 'simple-statistics';
import { type Spread, spreadOf } from './numbers.ts';

/** Returns that differ by less than this rounding error count as equal. */
export const NO_SPREAD = 1e-9;

export type GroupSignal = {
  /** Number of groups with at least two complete episodes. */
  readonly groups: number;
  /** Number of groups with fewer complete episodes; they give no advantages. */
  readonly small: number;
  /** Number of those `groups` in which all returns are equal, so that all advantages are 0. */
  readonly silent: number;
  readonly deviations: readonly number[];
  /** Distribution of the sample standard deviations within the groups. */
  readonly deviation: Spread;
  /** Mean over the groups of the best return minus the mean return. */
  readonly headroom: number | undefined;
  /** Sum of squares within groups over the total sum of squares: 1 if the group means are equal, 0 if only they differ. */
  readonly within: number | undefined;
  readonly advantages: readonly number[];
};

export class Groups {
  private readonly returns = new Map<string, number[]>();
  private readonly advantages: number[] = [];

  add(group: string, value: number | null, advantage: number | null): void {
    const known = this.returns.get(group) ?? [];
    this.returns.set(group, known);
    if (value !== null) known.push(value);
    if (advantage !== null) this.advantages.push(advantage);
  }

  signal(): GroupSignal {
    const all = [...this.returns.values()];
    const large = all.filter((members) => members.length >= 2);
    const deviations = large.map((members) => sampleStandardDeviation(members));
    const rooms = large.map((members) => members.reduce((best, one) => Math.max(best, one)) - meanOf(members));
    return {
      groups: large.length,
      small: all.length - large.length,
      silent: deviations.filter((one) => one < NO_SPREAD).length,
      deviations,
      deviation: spreadOf(deviations),
      headroom: rooms.length === 0 ? undefined : meanOf(rooms),
      within: withinShare(large),
      advantages: this.advantages,
    };
  }
}

function withinShare(groups: readonly (readonly number[])[]): number | undefined {
  const center = meanOf(groups.flat());
  let [within, total] = [0, 0];
  for (const members of groups) {
    const own = meanOf(members);
    for (const one of members) {
      within += (one - own) ** 2;
      total += (one - center) ** 2;
    }
  }
  return total < NO_SPREAD ? undefined : within / total;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
