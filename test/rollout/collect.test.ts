import { expect, test } from 'vitest';
import { policyNamed } from '../../src/policies/policies.ts';
import type { Policy } from '../../src/policies/policy.ts';
import { type EpisodeRecord, episodeRecordSchema } from '../../src/records/schema.ts';
import { summarize } from '../../src/records/summary.ts';
import { type CollectProgress, collect } from '../../src/rollout/collect.ts';
import { checkPlan, plannedEpisode } from '../../src/rollout/plan.ts';

const plan = checkPlan({
  tasks: ['phase2_core', 'dinner_disaster', 'drift_drill'],
  policy: 'random',
  episodes: 18,
  groupSize: 3,
  seed: 4,
  rules: 'v1',
  rewardMode: 'full',
});

async function play(
  options: { workers?: number; numEnvs?: number; from?: number; policy?: Policy; signal?: AbortSignal } = {},
): Promise<EpisodeRecord[]> {
  const { workers = 0, numEnvs = 5, from = 0, policy = policyNamed('random'), signal } = options;
  const progress: CollectProgress = { steps: 0, underWay: 0 };
  const records: EpisodeRecord[] = [];
  const all = { plan, policy, from, numEnvs, workers, ...(signal === undefined ? {} : { signal }) };
  for await (const record of collect(all, progress)) records.push(record);
  expect(progress.steps).toBe(records.reduce((sum, record) => sum + record.length, 0));
  return records.sort((a, b) => a.index - b.index);
}

const reference = await play();

test('a record contains the whole episode', () => {
  expect(reference).toHaveLength(plan.episodes);
  for (const record of reference) {
    expect(episodeRecordSchema.parse(record)).toEqual(record);
    const planned = plannedEpisode(plan, record.index);
    expect(record).toMatchObject({ episode_id: planned.episodeId, group_id: planned.groupId, seed: planned.seed });
    expect(record.return).toBe(record.steps.reduce((sum, step) => sum + step.reward, 0));
    expect(record.steps.at(-1)).toMatchObject({ terminated: false, truncated: true });
    expect(record.steps.slice(0, -1).every((step) => !step.truncated && !step.terminated)).toBe(true);
    expect(record.steps.every((step) => step.step_ok === (step.error === null))).toBe(true);
    expect(record.steps.every((step) => step.reward === step.reward_breakdown.final)).toBe(true);
    expect(record.invalid_steps).toBe(record.steps.filter((step) => !step.step_ok).length);
  }
  expect(reference.some((record) => record.invalid_steps > 0)).toBe(true);
});

test('the episodes of a group have the same beginning and differ by their policy seeds', () => {
  const group = reference.filter((record) => record.group_id === reference[0]?.group_id);
  expect(new Set(group.map((record) => record.steps[0]?.observation)).size).toBe(1);
  expect(new Set(group.map((record) => record.seed)).size).toBe(1);
  expect(new Set(group.map((record) => JSON.stringify(record.steps.map(({ action }) => action)))).size).toBe(3);
});

test.each([
  { workers: 0, numEnvs: 1 },
  { workers: 0, numEnvs: 18 },
  { workers: 1, numEnvs: 4 },
  { workers: 2, numEnvs: 7 },
  { workers: 4, numEnvs: 64 },
])('records do not depend on $workers workers and $numEnvs environments', async (how) => {
  expect(await play(how)).toEqual(reference);
});

test('a resumed run plays the same rest as an uninterrupted one', async () => {
  expect(await play({ from: 11 })).toEqual(reference.slice(11));
});

test('an episode whose policy throws has failed, with a return of null and not 0, and the others go on', async () => {
  const failing: Policy = {
    name: 'failing',
    start: (seed) => ({
      act: async () => {
        if (seed === plannedEpisode(plan, 2).policySeed) throw new Error('no model today');
        return '{}';
      },
    }),
  };
  const records = await play({ policy: failing });
  expect(records).toHaveLength(plan.episodes);
  expect(records[2]).toMatchObject({
    status: 'failed',
    return: null,
    grade: null,
    error: 'the policy failed: no model today',
  });
  expect(records.filter((record) => record.status === 'complete')).toHaveLength(plan.episodes - 1);
  const [row] = summarize(['phase2_core'], records);
  expect(row).toMatchObject({ episodes: 6, failed: 1, confidence: 0 });
  expect(row?.meanReturn).toBe(records[0]?.return);
});

test('after an abort no episode begins, and active episodes are finished', async () => {
  const abort = new AbortController();
  const policy: Policy = {
    name: 'aborting',
    start: (seed) => {
      if (seed === plannedEpisode(plan, 6).policySeed) abort.abort();
      return { act: () => ({}) };
    },
  };
  const records = await play({ policy, signal: abort.signal, numEnvs: 4 });
  expect(records.length).toBeGreaterThanOrEqual(7);
  expect(records.length).toBeLessThan(plan.episodes);
  expect(records.map((record) => record.index)).toEqual(records.map((_, i) => i));
  expect(records.every((record) => record.status === 'complete')).toBe(true);
});

test('episodes that do not make whole groups are refused', () => {
  expect(() => checkPlan({ ...plan, episodes: 10, groupSize: 4 })).toThrow('10 episodes do not make whole groups of 4');
  expect(() => checkPlan({ ...plan, seed: 1.5 })).toThrow('seed: expected');
});
