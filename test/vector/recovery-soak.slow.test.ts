/**
 * Many steps while workers are killed at random moments, in all four ways: nothing is lost or doubled, and every byte is equal.
 * SOAK_STEPS is the number of steps (default 10,000); SOAK_SEED determines the moments.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random, type VectorEnv, type VectorOptions } from '../../src/index.ts';
import { DEATHS, dieAfter, faultyFactory, isDeathDue } from './faults.ts';
import { LADDER, lineOf, scripted, vectorFactory } from './support.ts';

const STEPS = Number(process.env.SOAK_STEPS ?? 10_000);
const SEED = Number(process.env.SOAK_SEED ?? 1);
/** Total number of deaths. There are fewer by an endless loop, each of which takes a second. */
const KILLS = Math.max(12, Math.round(STEPS / 10_000));

const create = vectorFactory();
const createFaulty = faultyFactory();

const NUM_ENVS = 100;
const OPTIONS: VectorOptions = { numEnvs: NUM_ENVS, tasks: [...LADDER], seed: 11, rules: 'v2', groupSize: 5 };

/**
 * Plays STEPS steps, in chunks of changing size. Returns a hash of all results for each environment, and the number of results.
 */
async function play(
  vector: VectorEnv,
  before: (played: number) => void,
): Promise<{ hashes: string[]; results: number }> {
  const hashes = Array.from({ length: NUM_ENVS }, () => createHash('sha256'));
  const turns = new Uint32Array(NUM_ENVS);
  await vector.reset();
  let played = 0;
  let results = 0;
  let next = 0;
  const random = new Random(SEED);
  const send = (count: number): void => {
    const envs = Array.from({ length: count }, (_, i) => (next + i) % NUM_ENVS);
    next = (next + count) % NUM_ENVS;
    const actions = envs.map((env) => scripted(LADDER[Math.floor(env / 5) % 3] ?? '', env, turns[env] ?? 0));
    for (const env of envs) turns[env] = (turns[env] ?? 0) + 1;
    vector.send(actions, envs);
    played += count;
  };
  while (played < STEPS) {
    before(played);
    // All results are received, though not at once, before the next actions are sent.
    let outstanding = 0;
    while (outstanding < NUM_ENVS) {
      const count = Math.min(NUM_ENVS - outstanding, 1 + random.below(60));
      send(count);
      outstanding += count;
    }
    while (outstanding > 0) {
      const batch = await vector.recv(1 + random.below(outstanding));
      expect(batch.failed.includes(1)).toBe(false);
      batch.envIds.forEach((env, i) => void hashes[env]?.update(lineOf(batch, i)));
      outstanding -= batch.size;
      results += batch.size;
    }
  }
  return { hashes: hashes.map((hash) => hash.digest('hex')), results };
}

test(`${STEPS.toLocaleString('en-US')} steps and ${KILLS} deaths`, { timeout: 60_000 + STEPS * 5 }, async () => {
  const undisturbed = await play(await create(OPTIONS), () => undefined);
  const vector = createFaulty(OPTIONS);
  const random = new Random(SEED + 1);
  let ordered = 0;
  const disturbed = await play(vector, (played) => {
    if (isDeathDue() || played * KILLS < ordered * STEPS) return;
    dieAfter(1 + random.below(2 * NUM_ENVS), (ordered % 10 < 9 ? DEATHS[random.below(3)] : 'loop') ?? 'exit');
    ordered++;
  });
  expect(disturbed).toEqual(undisturbed);
  expect(disturbed.results).toBeGreaterThanOrEqual(STEPS);
  // In a long soak the sections that a worker keeps may also fill its small heap.
  expect(vector.recoveries).toBeGreaterThanOrEqual(Math.max(KILLS - 1, ordered - Number(isDeathDue())));
  expect(vector.restarts).toBe(0);
  const hash = createHash('sha256').update(disturbed.hashes.join()).digest('hex');
  console.info(`${disturbed.results} results, ${vector.recoveries} recoveries, sha256 ${hash}`);
});
