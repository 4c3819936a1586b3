/** Workers that die during a rollout: the records stay the same, and only an episode that cannot be played fails. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type Policy, policyNamed, type RunResult, runRollout, VectorEnv } from '../../src/index.ts';
import { CAUSES, dieAfter, FAULTY, poison } from '../vector/faults.ts';

const PLAN = {
  ...{ tasks: ['phase2_core'], policy: 'greedy', episodes: 12, groupSize: 4, seed: 1 },
  ...({ rules: 'v2', rewardMode: 'full' } as const),
};
const folders: string[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function run(policy: Policy, causes: string[]): Promise<{ result: RunResult; bytes: string }> {
  const out = mkdtempSync(join(tmpdir(), 'recovery-'));
  folders.push(out);
  const how = { plan: PLAN, policy, out, workers: 2, numEnvs: 6, resume: false };
  const result = await runRollout({ ...how, onRecovery: (what) => void causes.push(what) });
  return { result, bytes: readFileSync(join(out, 'trajectories.jsonl'), 'utf8') };
}

function makeFaulty(): void {
  const { of } = VectorEnv;
  vi.spyOn(VectorEnv, 'of').mockImplementation((options) => of({ ...options, worker: FAULTY }));
}

test('the trajectories have the same bytes', async () => {
  const expected = await run(policyNamed('greedy'), []);
  expect(expected.result.recoveries).toBe(0);
  makeFaulty();
  dieAfter(20, 'exit');
  const causes: string[] = [];
  const { result, bytes } = await run(policyNamed('greedy'), causes);
  expect(bytes).toBe(expected.bytes);
  expect(result.recoveries).toBe(1);
  expect(causes).toEqual([expect.stringContaining(`was lost (${CAUSES.exit}) and replaced`)]);
});

test('an episode whose action ends the worker is recorded as failed, with its steps before the failure', async () => {
  const greedy = policyNamed('greedy');
  let started = 0;
  const policy: Policy = {
    name: 'greedy',
    start: (seed) => {
      const actor = greedy.start(seed);
      const isPoisoned = started++ === 5;
      let steps = 0;
      return { act: (turn) => (isPoisoned && steps++ === 2 ? poison('throw') : actor.act(turn)) };
    },
  };
  const expected = await run(greedy, []);
  makeFaulty();
  const { result, bytes } = await run(policy, []);
  const before = expected.bytes.trimEnd().split('\n');
  const lines = bytes.trimEnd().split('\n');
  const failed: Record<string, unknown>[] = lines
    .map((line) => JSON.parse(line))
    .filter(({ status }) => status === 'failed');
  expect(failed.map(({ index, length }) => [index, length])).toEqual([[5, 2]]);
  expect(failed[0]).toMatchObject({
    error: `the episode failed: its step ended the worker thread (${CAUSES.throw})`,
    return: null,
    grade: null,
  });
  // Only the advantages of its own group differ, because they leave the failed episode out.
  expect(lines.filter((_, i) => i < 4 || i >= 8)).toEqual(before.filter((_, i) => i < 4 || i >= 8));
  expect(result.recoveries).toBeGreaterThanOrEqual(3);
});
