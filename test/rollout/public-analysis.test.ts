/** What the package offers for runs and days beside playing them: reading, replay, verification, solving, audits. */

import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  audit,
  checkPlan,
  type EpisodeRecord,
  episodeRecordSchema,
  groupAdvantages,
  planJsonSchema,
  planSchema,
  Replay,
  readEpisodes,
  readRunManifest,
  recordJsonSchema,
  replayEpisode,
  runRollout,
  SoloEnv,
  solve,
  UnknownTaskError,
  ValidationError,
  verifyRecording,
  verifyRun,
} from '../../src/index.ts';
import { defaultTaskIds } from '../../src/scenarios/shipped.ts';
import { errorOf, SMALL_DRIFT, smallScenario, unchecked } from '../vector/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-public-'));
const RUN = join(folder, 'run');
const EPISODES = 4;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

beforeAll(async () => {
  const scenarios = { mine: { scenario: smallScenario(), drift: SMALL_DRIFT } };
  const size = { episodes: EPISODES, groupSize: 2, seed: 3 };
  const plan = { tasks: ['phase2_core', 'mine'], scenarios, ...size, rules: 'v2', rewardMode: 'full' } as const;
  await runRollout({
    plan: { ...plan, tasks: [...plan.tasks], policy: 'random' },
    out: RUN,
    workers: 0,
    numEnvs: 2,
    resume: false,
  });
});

describe('the episodes of a run', () => {
  test('are read from its folder and from its trajectories, in order', async () => {
    const episodes = await all(readEpisodes(RUN));
    expect(episodes.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(await all(readEpisodes(join(RUN, 'trajectories.jsonl')))).toEqual(episodes);
    const [first, second] = episodes;
    expect([first?.advantage, second?.advantage]).toEqual(
      groupAdvantages([first?.return ?? null, second?.return ?? null]),
    );
  });

  test('follow the published schemas, as does the plan', async () => {
    const [first] = await all(readEpisodes(RUN));
    expect(episodeRecordSchema.parse(JSON.parse(JSON.stringify(first)))).toEqual(first);
    expect(Object.keys(Object(recordJsonSchema().properties))).toEqual(Object.keys(first ?? {}));
    const { plan } = readRunManifest(join(RUN, 'manifest.json'));
    expect(planSchema.parse(plan)).toEqual(plan);
    expect(Object.keys(Object(planJsonSchema().properties))).toEqual(Object.keys(planSchema.shape));
  });

  test('beside a damaged line are read if the caller wants to know of the damage', async () => {
    const copy = join(folder, 'damaged.jsonl');
    writeFileSync(copy, readFileSync(join(RUN, 'trajectories.jsonl')));
    appendFileSync(copy, '{"episode_id": 7}\n');
    const error = await errorOf(() => all(readEpisodes(copy)));
    expect(error).toMatchObject({ code: 'BAD_RECORD' });
    expect(error.message).toContain(`line ${EPISODES + 1} of ${copy} is not a record`);
    const damaged: number[] = [];
    expect(await all(readEpisodes(copy, (line) => damaged.push(line)))).toHaveLength(EPISODES);
    expect(damaged).toEqual([EPISODES + 1]);
    expect(await verifyRun(copy)).toMatchObject({ episodes: EPISODES, damaged: 1, hasManifest: false });
  });

  test('of no run are an error that names the path', async () => {
    const path = join(folder, 'missing');
    for (const call of [() => all(readEpisodes(path)), () => verifyRun(path)]) {
      const error = await errorOf(call);
      expect(error).toMatchObject({ code: 'FILE' });
      expect(error.message).toContain(path);
    }
  });

  test('are shown scene by scene, also those of scenarios that are not shipped', async () => {
    const { plan } = readRunManifest(join(RUN, 'manifest.json'));
    const tasks = new Set<string>();
    for await (const record of readEpisodes(RUN)) {
      const scenes = [...replayEpisode(record, plan)];
      expect(scenes).toHaveLength(record.length + 1);
      expect(scenes.slice(1).map(({ reward }) => reward)).toEqual(record.steps.map(({ reward }) => reward));
      expect(scenes.slice(0, -1).map(({ briefing }) => briefing)).toEqual(
        record.steps.map(({ observation }) => observation),
      );
      expect(scenes.at(-1)?.return).toBeCloseTo(record.return ?? Number.NaN, 9);
      tasks.add(record.task_id);
    }
    expect([...tasks]).toEqual(['phase2_core', 'mine']);
  });
});

describe('a run is verified', () => {
  test('and reproduces', async () => {
    expect(await verifyRun(RUN)).toMatchObject({
      episodes: EPISODES,
      reproduced: EPISODES,
      differing: 0,
      differences: [],
      hasManifest: true,
    });
  });

  test('and a reward or a manifest that was changed is a difference', async () => {
    const copy = mkdtempSync(join(folder, 'changed-'));
    const change = (record: EpisodeRecord): void => {
      const [step] = record.steps;
      if (step !== undefined) step.reward += 1;
    };
    const episodes = await all(readEpisodes(RUN));
    episodes.slice(0, 1).forEach(change);
    writeFileSync(join(copy, 'trajectories.jsonl'), episodes.map((one) => `${JSON.stringify(one)}\n`).join(''));
    writeFileSync(join(copy, 'manifest.json'), '{}');
    const found = await verifyRun(copy);
    // Without a manifest the scenario of the second group is not known either.
    expect(found).toMatchObject({ hasManifest: true, reproduced: 1 });
    expect(found.differences.map(({ field }) => field)).toEqual(expect.arrayContaining(['-', 'reward', 'task_id']));
  });
});

test('a recording is verified by itself', () => {
  const path = new URL('../conformance/v1-graders.json', import.meta.url);
  const cases: { scores: Record<string, number> }[] = JSON.parse(readFileSync(path, 'utf8'));
  const { gradesMatched, differences } = verifyRecording(cases);
  expect(gradesMatched).toBeGreaterThan(10);
  expect(differences).toEqual([]);
  const wrong = cases.slice(0, 1).map((one) => ({ ...one, scores: { [Object.keys(one.scores)[0] ?? '']: 5 } }));
  expect(verifyRecording(wrong, 'graders').differences).toMatchObject([
    { recording: 'graders', step: '1', expected: 5 },
  ]);
  expect(() => verifyRecording({ name: 'x' })).toThrow(ValidationError);
});

test('a replay is made for a task or a scenario, and refuses other options', async () => {
  const replay = Replay.create({ scenario: smallScenario(), rules: 'v1' });
  const env = SoloEnv.create({ scenario: smallScenario(), rules: 'v1' });
  expect(replay.begin().briefing).toBe(env.reset().briefing);
  const action = { action_type: 'archive_email', email_id: 'e1' } as const;
  expect(replay.step(action).reward).toBe(env.step(action).reward);
  expect(await errorOf(() => Replay.create({ task: 'nope' }))).toBeInstanceOf(UnknownTaskError);
  const error = await errorOf(() => Replay.create(unchecked({ task: 'phase2_core', speed: 2 })));
  expect(error.message).toContain('Replay.create options is not valid:\n  (root): unknown key "speed"');
});

describe('a day is solved', () => {
  const search = { beam: 3, maxExpansions: 2_000 };

  test('by a plan that a SoloEnv can play, and whose return it then has', async () => {
    const parts: number[] = [];
    const found = await solve({ task: 'phase2_core', ...search, onProgress: (done) => parts.push(done) });
    expect(found.value).toBeGreaterThan(found.floor);
    expect(parts.length).toBeGreaterThan(2);
    const env = SoloEnv.create({ task: 'phase2_core' });
    env.reset();
    const steps = found.plan.map((action) => env.step(action));
    expect(steps.map(({ metadata }) => metadata.step_ok)).not.toContain(false);
    expect(steps.reduce((sum, { reward }) => sum + reward, 0)).toBeCloseTo(found.return, 9);
    expect(await solve({ task: 'phase2_core', ...search })).toEqual(found);
  });

  test('for scenarios that are not shipped, too', async () => {
    const { plan, exhausted } = await solve({ scenario: smallScenario(), drift: null, ...search });
    expect(plan.length).toBeGreaterThan(0);
    expect(typeof exhausted).toBe('boolean');
  });

  test('only with options that exist', async () => {
    expect(await errorOf(() => solve({ task: 'phase2_core', beam: 0 }))).toBeInstanceOf(ValidationError);
    expect(await errorOf(() => solve({ task: 'nope' }))).toBeInstanceOf(UnknownTaskError);
  });
});

test('an audit has a default for every option that is left out', async () => {
  const { measured, figures } = await audit({ tasks: ['phase2_core'], seeds: 2, workers: 1 });
  expect(new Set(measured.map(({ task }) => task))).toEqual(new Set(['phase2_core']));
  expect(figures.length).toBeGreaterThan(10);
});

test('a run has a default for every option, and makes a folder of its own', async () => {
  const before = process.cwd();
  process.chdir(mkdtempSync(join(folder, 'cwd-')));
  try {
    const { out, manifest, summaries } = await runRollout({ plan: { episodes: 8 } });
    expect(out).toMatch(/^runs.rollout-\d{4}-\d\d-\d\d-\d{6}/);
    expect(manifest.plan).toEqual({
      tasks: defaultTaskIds(),
      policy: 'greedy',
      episodes: 8,
      groupSize: 8,
      seed: 0,
      successGrade: 0.8,
      rules: 'v2',
      rewardMode: 'full',
      observations: 'all',
      records: true,
    });
    expect(checkPlan({}).episodes).toBe(96);
    expect(await all(readEpisodes(out))).toHaveLength(summaries.length);
    const error = await errorOf(() => runRollout({ resume: true }));
    expect(error.message).toContain('resume needs `out`');
  } finally {
    process.chdir(before);
  }
});
