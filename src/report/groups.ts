/** What a group-relative method as GRPO learns from: how far the returns of episodes that begin alike lie apart. */
import { sampleStandardDeviation } from 'simple-statistics';
import { type Spread, spreadOf } from './numbers.ts';

/** Returns that differ by less than rounding are the same. */
export const NO_SPREAD = 1e-9;

export type GroupSignal = {
  /** Groups with at least two complete episodes. */
  readonly groups: number;
  /** Groups with fewer: they give no advantage. */
  readonly small: number;
  /** Groups of `groups` in which all returns are equal, so that all advantages are 0. */
  readonly silent: number;
  readonly deviations: readonly number[];
  /** Of the sample standard deviations within the groups. */
  readonly deviation: Spread;
  /** Mean of best return less mean return, over the groups. */
  readonly headroom: number | undefined;
  /** Sums of squares within groups over the total: 1 where groups do not differ, 0 where only groups do. */
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
