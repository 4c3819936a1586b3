/** The comparison of two runs, world by world. Differences are B - A. */
import { groupBy } from '../lib/group.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import type { RunManifest } from '../rollout/manifest.ts';
import { readEpisodes } from '../rollout/read-run.ts';
import { differenceBetween } from '../rollout/run.ts';
import { isSuccess } from '../sim/reward-profile.ts';
import { manifestOf } from './evaluate-run.ts';
import { estimateOf, meanOrNull, PASS_GRADES } from './evaluation.ts';
import { countedGrade } from './measure.ts';

/** Means that differ by less than this rounding error are equal. */
const NO_CHANGE = 1e-9;

/** The comparison of two runs. */
export type RunComparison = Awaited<ReturnType<typeof compareRuns>>;

/**
 * Compares two runs of rules v2. A world has its counterpart in the world of the same scenario and drift, whatever its name; each
 * world counts alike. The interval of a difference resamples pairs of worlds, so what makes both runs good or bad in a world cancels out.
 * @throws GhostexecError if one has no manifest (NO_FILE), or is of rules v1 (USAGE)
 * @example
 * const { figures, changed } = await compareRuns('runs/a', 'runs/b');
 */
export async function compareRuns(a: string, b: string) {
  const [manifestA, manifestB] = [manifestOf(a), manifestOf(b)];
  const [inA, inB] = [await worldsOf(a, manifestA), await worldsOf(b, manifestB)];
  const shared = [...inA].flatMap(([world, one]) => {
    const other = inB.get(world);
    return other === undefined || one.episodes.length === 0 || other.episodes.length === 0
      ? []
      : [{ world, a: one, b: other }];
  });
  // Means over the worlds that both have, and the mean difference of a world.
  const figures = FIGURES.map(([name, figureOf]) => {
    const pairs = shared.flatMap((pair) => {
      const [one, other] = [meanIn(pair.a, figureOf), meanIn(pair.b, figureOf)];
      return one === null || other === null ? [] : [[one, other] as const];
    });
    return {
      name,
      a: meanOrNull(pairs.map(([one]) => one)),
      b: meanOrNull(pairs.map(([, other]) => other)),
      difference: estimateOf(pairs.map(([one, other]) => [other - one])),
    };
  });
  const worlds = shared.map((pair) => {
    const [one, other] = [meanIn(pair.a, countedGrade), meanIn(pair.b, countedGrade)];
    return {
      task_id: pair.a.task,
      episodes: [pair.a.episodes.length, pair.b.episodes.length] as const,
      a: one,
      b: other,
      difference: one === null || other === null ? null : other - one,
    };
  });
  const both = new Set(shared.map(({ world }) => world));
  return {
    a: sideOf(a, manifestA),
    b: sideOf(b, manifestB),
    /** Number of worlds that both runs have. */
    worlds: shared.length,
    /** Tasks of worlds that only one run has, because of another scenario, or because all its episodes there were lost. */
    only: { a: tasksWithout(both, inA), b: tasksWithout(both, inB) },
    figures,
    /** Worlds whose mean grades differ, the largest difference first. */
    changed: worlds
      .filter(({ difference }) => Math.abs(difference ?? 0) > NO_CHANGE)
      .sort((one, other) => Math.abs(other.difference ?? 0) - Math.abs(one.difference ?? 0)),
    /** What the runs do not have in common besides their worlds: settings of the model, the prompt, versions. */
    settings: settingsThatDiffer(manifestA, manifestB),
  };
}

type RunWorld = { readonly task: string; readonly episodes: readonly Compared[] };
type Compared = Omit<EpisodeRecord, 'steps'>;

const FIGURES: readonly (readonly [string, (episode: Compared) => number | null])[] = [
  ['grade', countedGrade],
  ...PASS_GRADES.map(
    (threshold) =>
      [
        `pass@1 at ${threshold}`,
        (episode: Compared): number | null => {
          const passes = isSuccess(countedGrade(episode), threshold);
          return passes === null ? null : Number(passes);
        },
      ] as const,
  ),
  ['collateral', ({ grade_parts }) => grade_parts?.collateral ?? null],
  ['invalid steps', ({ invalid_steps, length }) => (length === 0 ? null : invalid_steps / length)],
  ['steps', ({ length }) => length],
];

/** The episodes of a run that count, by world: the SHA-256 of scenario and drift. */
async function worldsOf(out: string, { scenario_hashes }: RunManifest): Promise<Map<string, RunWorld>> {
  const episodes: Compared[] = [];
  for await (const { steps: _, ...summary } of readEpisodes(out)) episodes.push(summary);
  const byTask = groupBy(episodes, ({ task_id }) => task_id);
  return new Map(
    Object.entries(scenario_hashes).map(([task, world]) => [
      world,
      { task, episodes: (byTask.get(task) ?? []).filter((episode) => countedGrade(episode) !== null) },
    ]),
  );
}

function meanIn({ episodes }: RunWorld, figureOf: (episode: Compared) => number | null): number | null {
  return meanOrNull(episodes.flatMap((episode) => figureOf(episode) ?? []));
}

/** The tasks of the worlds of a run that are not among those of both. */
function tasksWithout(both: ReadonlySet<string>, worlds: ReadonlyMap<string, RunWorld>): string[] {
  return [...worlds].flatMap(([world, { task }]) => (both.has(world) ? [] : [task]));
}

function sideOf(out: string, { plan, status, versions }: RunManifest) {
  return { out, policy: plan.policy, status, ghostexec: versions.ghostexec };
}

function settingsThatDiffer(a: RunManifest, b: RunManifest) {
  const strip = ({ plan, versions, ...rest }: RunManifest) => ({
    ...rest,
    model: plan.model,
    versions: { ...versions, node: '' },
  });
  const [one, other] = [strip(a), strip(b)];
  return (['edition', 'prompt_sha256', 'model', 'endpoint_models', 'versions'] as const).flatMap((part) => {
    return differenceBetween(one, other, [part]) ?? [];
  });
}
