/**
 * The speed of whole rollouts: the random policy inside two workers, in the world of the other benchmarks, under rules v1. The
 * clock starts when a tenth of the episodes is finished: by then threads have started, scenarios are compiled and code is warm.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SummaryList } from '#dist/records/summary.js';
import { TrajectoryFile } from '#dist/records/trajectory-file.js';
import { collectInWorkers } from '#dist/rollout/collect-in-workers.js';
import { checkPlan } from '#dist/rollout/plan.js';
import type { Group } from './group.js';
import { type Measure, measureOf } from './measure.js';
import { OFFICE } from './office.js';

const TASK = 'office_30';
const WORKERS = 2;
const GROUP_SIZE = 8;
/** Enough for several jobs. */
const SMOKE_EPISODES = 400;

type Variant = {
  readonly name: string;
  readonly observations: 'all' | 'none';
  readonly records: boolean;
  /** Episodes of a round. */
  readonly episodes: number;
};

const VARIANTS: readonly Variant[] = [
  { name: 'rollout_steps_per_s', observations: 'all', records: true, episodes: 2_400 },
  { name: 'rollout_lean_steps_per_s', observations: 'none', records: true, episodes: 12_000 },
  { name: 'in_worker_steps_per_s', observations: 'all', records: false, episodes: 48_000 },
];

export const rollouts: Group = {
  name: 'rollouts',
  figures: {
    rollout_steps_per_s: {
      what: 'random policy inside 2 workers, every observation written',
      goal: { least: 25_000 },
    },
    rollout_lean_steps_per_s: { what: 'the same, --observations none', goal: { least: 150_000 } },
    in_worker_steps_per_s: { what: 'the same, --no-records', goal: { least: 300_000 } },
  },
  measure: measureRollouts,
};

/** Steps per second of whole rollouts: with every observation written, with none, and without records. */
async function measureRollouts(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const samples = new Map<string, number[]>(VARIANTS.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const variant of VARIANTS) samples.get(variant.name)?.push(await rateOf(variant, round, smoke));
  }
  return Object.fromEntries([...samples].map(([name, rates]) => [name, measureOf(rates)]));
}

async function rateOf({ observations, records, episodes }: Variant, seed: number, smoke: boolean): Promise<number> {
  const plan = checkPlan({
    ...{ tasks: [TASK], policy: 'random', groupSize: GROUP_SIZE, seed, rules: 'v1', rewardMode: 'full' },
    ...{ observations, records, episodes: smoke ? SMOKE_EPISODES : episodes },
  });
  const specs = [
    {
      ...{ task: TASK, scenario: OFFICE, drift: undefined, oracle: undefined },
      rules: plan.rules,
      rewardMode: plan.rewardMode,
    },
  ];
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-bench-'));
  try {
    let began: { at: number; steps: number } | undefined;
    let ended = 0;
    const log = records
      ? TrajectoryFile.create(join(folder, 'trajectories.jsonl'), GROUP_SIZE)
      : new SummaryList(GROUP_SIZE);
    const progress = { steps: 0, underWay: 0, recoveries: 0 };
    for await (const played of collectInWorkers({ plan, specs, from: 0, workers: WORKERS }, progress)) {
      log.append(played);
      ended = performance.now();
      if (log.count >= plan.episodes / 10) began ??= { at: ended, steps: progress.steps };
    }
    log.close();
    if (log.count !== plan.episodes) throw new Error(`${log.count} of ${plan.episodes} episodes were played`);
    return Math.round(((progress.steps - (began?.steps ?? 0)) * 1_000) / (ended - (began?.at ?? 0)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
