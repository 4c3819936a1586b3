/** How often each obligation of a task was met, late and missed, counted over episodes that are played again. */
import { RecordedSpecs } from '../analysis/replay.ts';
import { readRecordAt } from '../records/read.ts';
import { answerOf } from '../records/recorded-answer.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import type { RolloutPlan } from '../rollout/plan.ts';
import type { Owed, OwedItem } from '../sim/v2/owed.ts';
import { SoloEnv } from '../vector/solo-env.ts';
import type { Spec } from '../vector/spec.ts';
import { readAction } from '../world/completion/completion.ts';
import { knownSpec } from './baselines.ts';
import type { Arm } from './figures.ts';

/** One obligation over the episodes in which it arrived. */
export type OwedRow = Pick<OwedItem, 'id' | 'what' | 'most'> & {
  /** Number of episodes in which it arrived. */
  readonly came: number;
  readonly met: number;
  /** Late, or with a correction. */
  readonly late: number;
  readonly missed: number;
  /** Mean points that it was worth less than at most. */
  readonly lost: number;
  /** The most frequent reason why it was not met in time, and how often; undefined if it always was. */
  readonly reason: { readonly why: string; readonly count: number } | undefined;
};

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
export async function owedOf(
  trajectories: string,
  arms: readonly Arm[],
  plan: RolloutPlan | undefined,
): Promise<ArmOwed[]> {
  const specs = new RecordedSpecs(plan);
  const counted: ArmOwed[] = [];
  for (const arm of arms) {
    const spec = knownSpec(specs, arm);
    if (spec?.compiled.day === undefined) continue;
    const tallies = new Map<string, Tally>();
    let episodes = 0;
    for (const place of arm.sample) {
      const owed = owedAtEnd(spec, await readRecordAt(trajectories, place));
      if (owed === undefined) continue;
      episodes++;
      for (const item of owed.items) {
        const tally = tallies.get(item.id) ?? new Tally(item);
        tallies.set(item.id, tally);
        tally.add(item);
      }
    }
    const rows = [...tallies.values()].map((tally) => tally.row()).sort((a, b) => b.lost - a.lost);
    counted.push({ arm, episodes, differing: arm.sample.length - episodes, rows });
  }
  return counted;
}

/** What was owed at the end of an episode; undefined if its replay has other rewards, or goes on. */
function owedAtEnd(spec: Spec, { steps }: EpisodeRecord): Owed | undefined {
  const env = new SoloEnv(spec);
  env.reset();
  const isSame = steps.every((step) => env.play(readAction(answerOf(step))).reward === step.reward);
  return isSame && env.active === false ? env.owed() : undefined;
}

class Tally {
  private readonly item: OwedItem;
  private readonly whys = new Map<string, number>();
  private came = 0;
  private met = 0;
  private late = 0;
  private lost = 0;

  constructor(item: OwedItem) {
    this.item = item;
  }

  add({ state, most, now, why }: OwedItem): void {
    this.came++;
    this.lost += most - now;
    if (state === 'met') this.met++;
    else {
      if (state === 'late' || state === 'corrected') this.late++;
      this.whys.set(why, (this.whys.get(why) ?? 0) + 1);
    }
  }

  row(): OwedRow {
    const { item, came, met, late, lost } = this;
    const { id, what, most } = item;
    const [first] = [...this.whys].sort((a, b) => b[1] - a[1]);
    const reason = first && { why: first[0], count: first[1] };
    return { id, what, most, came, met, late, missed: came - met - late, lost: lost / came, reason };
  }
}
