/** Whole episodes inside workers: the same bytes as stepping from the main thread. */
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { policyNamed } from '../../src/policies/policies.ts';
import { type EpisodeRecord, episodeRecordSchema } from '../../src/records/schema.ts';
import { summarize } from '../../src/records/summary.ts';
import type { RolloutPlan } from '../../src/rollout/plan.ts';
import { type RunOptions, type RunResult, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-in-worker-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(folder, 'run-'));

const PLAN: OwnPlan = {
  tasks: taskIds(),
  policy: 'random',
  episodes: 36,
  groupSize: 3,
  seed: 11,
  rules: 'v2',
  rewardMode: 'full',
  successGrade: 0.8,
};

/** A plan that leaves out only what is recorded. */
type OwnPlan = Omit<RolloutPlan, 'observations' | 'records'> & Partial<RolloutPlan>;
type Run = RunResult & { readonly bytes: Buffer; readonly out: string };

async function run(plan: OwnPlan, options: Partial<RunOptions> = {}): Promise<Run> {
  const out = options.out ?? join(newFolder(), 'run');
  const result = await runRollout({ plan, workers: 0, numEnvs: 7, resume: false, ...options, out });
  const bytes = (plan.records ?? true) ? readFileSync(join(out, TRAJECTORIES)) : Buffer.alloc(0);
  return { ...result, bytes, out };
}

/** Plays the same policy from the main thread, which calls a policy given by `options.policy` at each step. */
const stepped = (plan: OwnPlan): Promise<Run> => run(plan, { policy: policyNamed(plan.policy) });

describe.each([
  { rules: 'v2', policy: 'random' },
  { rules: 'v1', policy: 'random' },
  { rules: 'v2', policy: 'greedy' },
  { rules: 'v1', policy: 'do_nothing', rewardMode: 'base' },
  { rules: 'v2', policy: 'random', observations: 'none' },
] as const)('$policy under rules $rules', (part) => {
  const plan: OwnPlan = { ...PLAN, ...part };
  const expected = stepped(plan);

  test.each([0, 1, 2])('%s workers write the same bytes as stepping from the main thread', async (workers) => {
    const { bytes, manifest, recoveries } = await run(plan, { workers });
    expect(bytes.equals((await expected).bytes)).toBe(true);
    expect(manifest.status).toBe('complete');
    expect(recoveries).toBe(0);
  });

  test('the summaries equal those of the records', async () => {
    const { summaries, bytes } = await run(plan, { workers: 1 });
    const records = bytes.toString().trimEnd().split('\n');
    const read = records.map((line): EpisodeRecord => episodeRecordSchema.parse(JSON.parse(line)));
    expect(summaries).toEqual(read.map(({ steps: _, ...summary }) => summary));
    expect((await expected).summaries).toEqual(summaries);
    expect(new Set(read.flatMap(({ steps }) => steps.map(({ observation }) => typeof observation)))).toEqual(
      new Set([plan.observations === 'none' ? 'object' : 'string']),
    );
  });
});

test('a run whose file was cut at any point is finished with the same bytes', async () => {
  const { bytes, out } = await run(PLAN);
  for (const [workers, share] of [0, 0.03, 0.31, 0.5, 0.77, 0.999, 1].entries()) {
    truncateSync(join(out, TRAJECTORIES), Math.floor(share * bytes.length));
    const again = await run(PLAN, { out, workers: workers % 2, resume: true });
    expect(again.bytes.equals(bytes)).toBe(true);
    expect(again.manifest.episodes_written).toBe(PLAN.episodes);
  }
});

test('an abort ends the run after the active jobs, with whole lines', async () => {
  const abort = new AbortController();
  const plan = { ...PLAN, episodes: 1_500, observations: 'none' } as const;
  const { bytes, manifest, out, summaries } = await run(plan, {
    workers: 2,
    signal: abort.signal,
    onProgress: ({ written }) => void (written > 0 && abort.abort()),
  });
  expect(manifest.status).toBe('interrupted');
  expect(summaries.length).toBeGreaterThan(0);
  expect(summaries.length).toBeLessThan(plan.episodes);
  expect(bytes.toString().trimEnd().split('\n')).toHaveLength(summaries.length);
  const finished = await run(plan, { out, workers: 2, resume: true });
  expect(finished.bytes.equals((await run(plan)).bytes)).toBe(true);
});

test.each(['v1', 'v2'] as const)('without records, %s: the same summaries, and no trajectories', async (rules) => {
  const plan = { ...PLAN, rules };
  const whole = await run(plan);
  for (const options of [{ workers: 0 }, { workers: 2 }, { policy: policyNamed('random') }]) {
    const { summaries, out, manifest } = await run({ ...plan, records: false }, options);
    expect(summaries).toEqual(whole.summaries);
    expect(manifest).toMatchObject({ status: 'complete', episodes_written: plan.episodes });
    expect(() => readFileSync(join(out, TRAJECTORIES))).toThrow('ENOENT');
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'));
    expect(summary).toEqual(JSON.parse(JSON.stringify(summarize(plan.tasks, whole.summaries))));
  }
  await expect(run({ ...plan, records: false }, { out: whole.out, resume: true })).rejects.toThrow('cannot be resumed');
});
