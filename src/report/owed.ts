/** How often each obligation of a task was met, late and missed, counted over episodes that are played again. */
import { playAnswers } from '../analysis/play-answers.ts';
import type { RecordedSpecs } from '../analysis/replay.ts';
import { groupBy } from '../lib/group.ts';
import { readRecordAt } from '../records/read.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import type { Owed, OwedItem } from '../sim/v2/owed.ts';
import type { Spec } from '../vector/spec.ts';
import { type Arm, knownSpec } from './figures.ts';

/** One obligation over the episodes in which it arrived. */
export type OwedRow = ReturnType<typeof rowOf>;

/** The obligations of one arm, those that lost most first. */
export type ArmOwed = {
  readonly arm: Arm;
  /** Number of episodes that were played again with the rewards of their records. */
  readonly episodes: number;
  /** Number of those whose replay differs, which are left out. */
  readonly differing: number;
  readonly rows: readonly OwedRow[];
};

/** Counts the obligations of the sampled episodes of each arm. Arms without obligations (rules v1) are left out. */
export async function owedOf(trajectories: string, arms: readonly Arm[], specs: RecordedSpecs): Promise<ArmOwed[]> {
  const counted: ArmOwed[] = [];
  for (const arm of arms) {
    const spec = knownSpec(specs, arm);
    if (spec?.compiled.day === undefined) continue;
    const items: OwedItem[] = [];
    let episodes = 0;
    for (const place of arm.sample) {
      const owed = owedAtEnd(spec, await readRecordAt(trajectories, place));
      if (owed === undefined) continue;
      episodes++;
      items.push(...owed.items);
    }
    const rows = [...groupBy(items, ({ id }) => id).values()].map(rowOf).sort((a, b) => b.lost - a.lost);
    counted.push({ arm, episodes, differing: arm.sample.length - episodes, rows });
  }
  return counted;
}

/** What was owed at the end of an episode; undefined if its replay has other rewards, or goes on. */
function owedAtEnd(spec: Spec, { steps }: EpisodeRecord): Owed | undefined {
  const { env, isOver, rewards } = playAnswers(spec, steps);
  const isSame = rewards.length === steps.length && steps.every(({ reward }, at) => reward === rewards[at]);
  return isSame && isOver ? env.owed() : undefined;
}

/** @param items The same obligation at the end of each episode in which it arrived. */
function rowOf(items: readonly OwedItem[]) {
  const [{ id, what, most }] = items as [OwedItem];
  const count = (...states: OwedItem['state'][]): number => items.filter(({ state }) => states.includes(state)).length;
  const [came, met, late] = [items.length, count('met'), count('late', 'corrected')];
  const whys = groupBy(
    items.filter(({ state }) => state !== 'met'),
    ({ why }) => why,
  );
  const [first] = [...whys].sort(([, a], [, b]) => b.length - a.length);
  return {
    id,
    what,
    most,
    /** Number of episodes in which it arrived. */
    came,
    met,
    /** Late, or with a correction. */
    late,
    missed: came - met - late,
    /** Mean points that it was worth less than at most. */
    lost: items.reduce((sum, item) => sum + item.most - item.now, 0) / came,
    /** The most frequent reason why it was not met in time, and how often; undefined if it always was. */
    reason: first && { why: first[0], count: first[1].length },
  };
}
