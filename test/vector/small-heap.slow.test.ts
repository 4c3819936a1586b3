/** Long play in a worker with a small heap. What the worker keeps fits into it, so the worker is never lost. */
import { expect, test } from 'vitest';
import type { Recovery } from '../../src/index.ts';
import { policyNamed } from '../../src/policies/policies.ts';
import { LADDER, vectorFactory } from './support.ts';

const STEPS = 300_000;
const NUM_ENVS = 100;
const create = vectorFactory();

test(`a worker with a heap of 32 MiB plays ${STEPS} steps of different random policies`, async () => {
  const lost: Recovery[] = [];
  const vector = await create({
    numEnvs: NUM_ENVS,
    tasks: [...LADDER],
    rules: 'v2',
    workers: 1,
    workerMemoryMb: 32,
    onRecovery: (recovery) => void lost.push(recovery),
  });
  const begin = (seed: number) => policyNamed('random').begin(seed);
  const policies = Array.from({ length: NUM_ENVS }, (_, env) => begin(env));
  let batch = await vector.reset();
  let seed = NUM_ENVS;
  for (let played = 0; played < STEPS; played += NUM_ENVS) {
    const actions = batch.envIds.map((env, row) => {
      if (batch.terminated[row] || batch.truncated[row]) policies[env] = begin(seed++);
      return policies[env]?.(batch.observation(row)) ?? '';
    });
    batch = await vector.step(actions);
  }
  expect(seed).toBeGreaterThan(10_000);
  expect(batch.recoveries).toBe(0);
  expect(lost).toEqual([]);
});
