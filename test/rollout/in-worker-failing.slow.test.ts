/** Workers that fail while they play whole episodes: the job is repeated or divided, with the same results. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type EpisodeRecord, episodeRecordSchema } from '../../src/records/schema.ts';
import { SummaryList } from '../../src/records/summary.ts';
import { TrajectoryFile } from '../../src/records/trajectory-file.ts';
import { collectInWorkers, type JobOptions } from '../../src/rollout/collect-in-workers.ts';
import { checkPlan, plannedEpisode } from '../../src/rollout/plan.ts';
import { TRAJECTORIES } from '../../src/rollout/run.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-failing-worker-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(folder, 'run-'));

const plan = checkPlan({
  tasks: ['phase2_core'],
  policy: 'random',
  episodes: 240,
  groupSize: 3,
  seed: 11,
  rules: 'v1',
  rewardMode: 'full',
  observations: 'none',
});
const specs: JobOptions['specs'] = [
  { ...loadTask('phase2_core'), task: 'phase2_core', rules: plan.rules, rewardMode: plan.rewardMode },
];
const filename = fileURLToPath(new URL('failing-worker.mjs', import.meta.url));

afterEach(() => {
  delete process.env.FAILING_EPISODES;
  delete process.env.FAILING_FOLDER;
});

async function play(
  failures: Record<number, string>,
  { records = true, workers = 2, allowedMs = 20_000 } = {},
): Promise<{ records: EpisodeRecord[]; summaries: SummaryList; recoveries: number; causes: string[] }> {
  process.env.FAILING_EPISODES = JSON.stringify(failures);
  process.env.FAILING_FOLDER = newFolder();
  const path = join(newFolder(), TRAJECTORIES);
  const file = TrajectoryFile.create(path, plan.groupSize);
  const summaries = new SummaryList(plan.groupSize);
  const progress = { steps: 0, underWay: 0, recoveries: 0 };
  const causes: string[] = [];
  const options: JobOptions = {
    ...{ plan: { ...plan, records }, specs, from: 0, workers, worker: { filename, allowedMs } },
    onRecovery: (cause) => causes.push(cause),
  };
  for await (const played of collectInWorkers(options, progress)) {
    if (records) file.append(played);
    else summaries.append(played);
  }
  file.close();
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return {
    records: lines.map((line) => episodeRecordSchema.parse(JSON.parse(line))),
    summaries,
    recoveries: progress.recoveries,
    causes,
  };
}

const undisturbed = play({});

test.each(['once exit', 'once throw', 'once loop'])('%s: the job is repeated, with the same results', async (how) => {
  const { records, recoveries, causes } = await play({ 7: how }, { allowedMs: how === 'once loop' ? 500 : 20_000 });
  expect(records).toEqual((await undisturbed).records);
  expect(recoveries).toBeGreaterThan(0);
  expect(causes).toHaveLength(recoveries);
  expect(causes[0]).toMatch(/^a worker failed at episodes \d+ to \d+: /);
});

test('an episode that ends every worker is recorded as failed, and the others are played', async () => {
  const expected = (await undisturbed).records;
  const failures = { 0: 'exit', 100: 'throw', 101: 'exit', 239: 'exit' };
  const { records, recoveries, causes } = await play(failures);
  expect(records.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
  const failed = records.filter(({ status }) => status === 'failed');
  expect(failed.map(({ index }) => index)).toEqual(Object.keys(failures).map(Number));
  for (const record of failed) {
    const { groupId, seed } = plannedEpisode(plan, record.index);
    expect(record).toMatchObject({ group_id: groupId, seed, return: null, grade: null, length: 0, steps: [] });
    expect(record.error).toMatch(record.index === 100 ? /cannot be played/ : /exited with code 3/);
  }
  const others = (list: EpisodeRecord[]): unknown[] =>
    list.filter(({ index }) => !(index in failures)).map(({ advantage: _, ...rest }) => rest);
  expect(others(records)).toEqual(others(expected));
  expect(recoveries).toBe(causes.length);
}, 240_000);

test('without records the same episodes fail', async () => {
  const { summaries, recoveries } = await play({ 5: 'exit' }, { records: false, workers: 1 });
  expect(summaries.count).toBe(plan.episodes);
  expect(summaries.summaries.filter(({ status }) => status === 'failed').map(({ index }) => index)).toEqual([5]);
  expect(recoveries).toBeGreaterThan(2);
}, 240_000);

test('a worker that cannot start at all fails the run, not its episodes', async () => {
  const options: JobOptions = { plan, specs, from: 0, workers: 1, worker: { filename: join(folder, 'missing.mjs') } };
  const all = collectInWorkers(options, { steps: 0, underWay: 0, recoveries: 0 });
  await expect(all.next()).rejects.toThrow('missing.mjs');
});
