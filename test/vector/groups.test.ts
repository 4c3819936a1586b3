/** Groups of environments that always begin alike, and steps of some environments during steps of others. */
import { describe, expect, test } from 'vitest';
import {
  AlreadyPendingError,
  type Batch,
  type PolicyAnswer,
  UnknownEnvError,
  ValidationError,
} from '../../src/index.ts';
import { BACKENDS, errorOf, linesOf, scripted, smallScenario, vectorFactory } from './support.ts';

const TASKS = ['phase2_core', 'drift_drill'];

function seedsAndTasks(batch: Batch): [number, string][] {
  return batch.envIds.map((_, i) => [batch.info(i).seed, batch.info(i).task_id]);
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('members of a group share task and seed, in every episode; groups do not share seeds', async () => {
    const env = await create({ numEnvs: 12, groupSize: 3, tasks: TASKS, workers, seed: 7, autoreset: 'same_step' });
    let batch = await env.reset();
    const seen = new Set<number>();
    for (let episode = 0; episode < 3; episode++) {
      const begun = seedsAndTasks(batch);
      for (const [env, of] of begun.entries()) expect(of).toEqual(begun[env - (env % 3)]);
      const groups = new Set(begun.map(([seed]) => seed));
      expect(groups.size).toBe(4);
      expect(begun.map(([, task]) => task)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1].map((task) => TASKS[task]));
      for (const seed of groups) expect(seen.has(seed)).toBe(false);
      for (const seed of groups) seen.add(seed);
      batch = await env.reset();
    }
  });

  test('groups of one equal no groups', async () => {
    const options = { numEnvs: 4, tasks: TASKS, workers, seed: 3 };
    const plain = await (await create(options)).reset();
    expect(linesOf(await (await create({ ...options, groupSize: 1 })).reset())).toEqual(linesOf(plain));
  });

  test('environments that do not form groups are refused', async () => {
    for (const options of [
      { numEnvs: 10, groupSize: 4 },
      { envs: [{ task: 'phase2_core' }, { task: 'drift_drill' }], groupSize: 2 },
      {
        envs: [
          { task: 'phase2_core', seed: 1 },
          { task: 'phase2_core', seed: 2 },
        ],
        groupSize: 2,
      },
      { numEnvs: 2, groupSize: 0 },
    ]) {
      expect(await errorOf(() => create({ ...options, workers }))).toBeInstanceOf(ValidationError);
    }
  });

  test('a fork begins its later episodes with seeds of its own', async () => {
    const env = await create({ numEnvs: 2, groupSize: 2, tasks: ['drift_drill'], workers, maxForks: 2 });
    await env.reset();
    await env.fork(0, 2);
    const seeds = seedsAndTasks(await env.reset()).map(([seed]) => seed);
    expect(seeds[0]).toBe(seeds[1]);
    expect(new Set(seeds).size).toBe(3);
  });

  test('steps of some environments, several at once, give what steps of all together give', async () => {
    const options = { numEnvs: 6, tasks: TASKS, workers, autoreset: 'same_step' as const };
    const [apart, together] = [await create(options), await create(options)];
    await apart.reset();
    await together.reset();
    for (let turn = 0; turn < 12; turn++) {
      const answer = (env: number): PolicyAnswer => scripted(TASKS[env % 2] ?? '', env, turn);
      const parts = [[4, 1], [0], [5, 2, 3]];
      const batches = await Promise.all(parts.map((ids) => apart.step(ids.map(answer), ids)));
      expect(batches.map(({ envIds }) => envIds)).toEqual(parts);
      const lines = new Map(batches.flatMap((batch) => batch.envIds.map((env, i) => [env, linesOf(batch)[i]])));
      const whole = await together.step(together.envIds.map(answer));
      expect(whole.envIds.map((env) => lines.get(env))).toEqual(linesOf(whole));
    }
  });

  test('a step of some does not answer those who receive others', async () => {
    const env = await create({ numEnvs: 3, tasks: ['drift_drill'], workers });
    await env.reset();
    env.send([{}, {}], [0, 2]);
    const received = env.recv();
    const stepped = env.step([{}], [1]);
    expect(await errorOf(() => env.step([{}], [1]))).toBeInstanceOf(AlreadyPendingError);
    expect(env.problems([1, 1, 9]).map((problem) => problem?.code)).toEqual([
      'ALREADY_PENDING',
      'UNKNOWN_ENV',
      'UNKNOWN_ENV',
    ]);
    expect((await stepped).envIds).toEqual([1]);
    expect((await received).envIds).toEqual([0, 2]);
    expect(env.problems([0, 1, 2])).toEqual([undefined, undefined, undefined]);
  });

  test('the last results can be read again, and their observations as data', async () => {
    const env = await create({ envs: [{ scenario: smallScenario() }, { task: 'drift_drill' }], workers });
    await env.reset();
    const batch = await env.step([{ action_type: 'archive_email', email_id: 'e2' }, {}]);
    const again = env.read([1, 0]);
    expect(linesOf(again).reverse()).toEqual(linesOf(batch));
    expect([again.observation(1), again.observation(0)]).toEqual([batch.observation(0), batch.observation(1)]);
    expect(await errorOf(() => env.read([2]))).toBeInstanceOf(UnknownEnvError);
  });
});
