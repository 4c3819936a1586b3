/** The errors of failed runs, and the files they leave. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { policyNamed } from '../../src/policies/policies.ts';
import type { Policy } from '../../src/policies/policy.ts';
import { readRunManifest } from '../../src/rollout/manifest.ts';
import { MANIFEST, type RunOptions, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-run-failed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function optionsFor(name: string): RunOptions & { readonly out: string } {
  const how = { rules: 'v2', rewardMode: 'full' } as const;
  const plan = { tasks: ['phase2_core'], policy: 'greedy', episodes: 4, groupSize: 2, seed: 1, ...how };
  return { plan, out: join(folder, name), workers: 0, numEnvs: 2, resume: false };
}

/** Ends the run at its first step, after `first`. */
const failing = (first: () => void): Partial<RunOptions> => ({
  policy: policyNamed('greedy'),
  onProgress: ({ steps }) => {
    if (steps === 0) return;
    first();
    throw new Error('no display');
  },
});

test('the first error is thrown, even if the manifest can no longer be written', async () => {
  const options = optionsFor('gone');
  const how = failing(() => rmSync(options.out, { recursive: true, force: true }));
  await expect(runRollout({ ...options, ...how })).rejects.toThrow('no display');
});

test('a run that fails is interrupted', async () => {
  const options = optionsFor('failing');
  await expect(runRollout({ ...options, ...failing(() => undefined) })).rejects.toThrow('no display');
  expect(readRunManifest(join(options.out, MANIFEST))).toMatchObject({ status: 'interrupted', episodes_written: 0 });
});

test('a policy that cannot begin an episode fails this episode, and the run is complete', async () => {
  const options = optionsFor('beginner');
  let begun = 0;
  const policy: Policy = {
    name: 'beginner',
    start: (seed) => {
      if (++begun === 2) throw new Error('the policy knows nothing');
      return policyNamed('greedy').start(seed);
    },
  };
  const { summaries, manifest } = await runRollout({ ...options, policy });
  expect(manifest).toMatchObject({ status: 'complete', episodes_written: 4 });
  expect(summaries.map(({ error }) => error)).toEqual([
    null,
    'the policy failed: the policy knows nothing',
    null,
    null,
  ]);
});

test('a complete run stays complete if its file cannot be read', async () => {
  const options = optionsFor('damaged');
  await runRollout(options);
  writeFileSync(join(options.out, TRAJECTORIES), 'nonsense\n');
  await expect(runRollout({ ...options, resume: true })).rejects.toMatchObject({ code: 'BAD_RECORD' });
  expect(readRunManifest(join(options.out, MANIFEST))).toMatchObject({ status: 'complete', episodes_written: 4 });
});

test('concurrent runs share one exit listener, which is removed after the last of them', async () => {
  const before = process.listenerCount('exit');
  let most = 0;
  const onProgress = (): void => {
    most = Math.max(most, process.listenerCount('exit'));
  };
  await Promise.all([1, 2, 3].map((run) => runRollout({ ...optionsFor(`beside-${run}`), onProgress })));
  expect(most).toBe(before + 1);
  expect(process.listenerCount('exit')).toBe(before);
});
