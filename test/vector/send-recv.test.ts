/** Sending actions to some environments at a time, and receiving results as they arrive. */
import { describe, expect, test } from 'vitest';
import {
  type Action,
  AlreadyPendingError,
  type Batch,
  NothingPendingError,
  type PolicyAnswer,
  Random,
  type VectorEnv,
} from '../../src/index.ts';
import { BACKENDS, errorOf, lineOf, linesOf, rowOf, scripted, vectorFactory } from './support.ts';

const TASKS = ['phase2_core', 'drift_drill', 'monday_morning'];
const IDLE = {};

function answer(env: number, turn: number): PolicyAnswer {
  return scripted(TASKS[env % TASKS.length] ?? '', env, turn);
}

/** The history of each environment over `turns` turns, one line for each turn, if all are stepped together. */
async function playTogether(vector: VectorEnv, turns: number): Promise<string[][]> {
  const lines: string[][] = vector.envIds.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    const batch = await vector.step(vector.envIds.map((env) => answer(env, turn)));
    batch.envIds.forEach((env, i) => void lines[env]?.push(lineOf(batch, i)));
  }
  return lines;
}

/**
 * The same in an order that a seed determines: which environment is sent an action next, how many at once, how many results are
 * awaited.
 */
async function playScattered(vector: VectorEnv, turns: number, seed: number): Promise<string[][]> {
  const random = new Random(seed);
  const lines: string[][] = vector.envIds.map(() => []);
  const sent = vector.envIds.map(() => 0);
  const away = new Set<number>();
  const receive = (batch: Batch): void => {
    expect(batch.envIds).toEqual([...batch.envIds].sort((a, b) => a - b));
    batch.envIds.forEach((env, i) => {
      expect(away.delete(env)).toBe(true);
      lines[env]?.push(lineOf(batch, i));
    });
  };
  for (;;) {
    const idle = vector.envIds.filter((env) => !away.has(env) && (sent[env] ?? 0) < turns);
    if (idle.length === 0 && away.size === 0) return lines;
    const chosen = idle.filter(() => random.below(3) > 0).sort(() => random.float() - 0.5);
    if (chosen.length > 0) {
      vector.send(
        chosen.map((env) => answer(env, sent[env] ?? 0)),
        chosen,
      );
      for (const env of chosen) {
        away.add(env);
        sent[env] = (sent[env] ?? 0) + 1;
      }
    }
    if (away.size === 0 || (random.below(2) === 0 && idle.length > chosen.length)) continue;
    const least = random.below(4) === 0 ? undefined : 1 + random.below(away.size);
    const batch = await vector.recv(least);
    expect(batch.size).toBeGreaterThanOrEqual(least ?? away.size);
    receive(batch);
  }
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('actions reach the environments they are sent to, and results come in ascending order', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    const archive = (email_id: string): Action => ({ action_type: 'archive_email', email_id });
    vector.send([archive('e03'), archive('e01')], [3, 1]);
    const batch = await vector.recv();
    expect(batch.envIds).toEqual([1, 3]);
    expect(batch.note(0)).toContain('[e01]');
    expect(batch.note(1)).toContain('[e03]');
    expect(batch.info(0)).toMatchObject({ env_id: 1, episode_step: 1 });
    const all = await vector.step([IDLE, IDLE, IDLE, IDLE]);
    expect(all.envIds.map((_, i) => all.info(i).episode_step)).toEqual([1, 2, 1, 2]);
  });

  test('step is send to all and recv of all', async () => {
    const stepped = await create({ workers: 0, numEnvs: 3, tasks: TASKS });
    const sent = await create({ workers, numEnvs: 3, tasks: TASKS });
    await stepped.reset();
    await sent.reset();
    for (let turn = 0; turn < 10; turn++) {
      const actions = [0, 1, 2].map((env) => answer(env, turn));
      sent.send(actions, sent.envIds);
      expect(linesOf(await sent.recv())).toEqual(linesOf(await stepped.step(actions)));
    }
  });

  test('several sends are received together', async () => {
    const vector = await create({ workers, numEnvs: 5, tasks: TASKS });
    await vector.reset();
    vector.send([answer(4, 0)], [4]);
    vector.send([answer(0, 0), answer(2, 0)], [0, 2]);
    vector.send([answer(1, 0)], [1]);
    const batch = await vector.recv();
    expect(batch.envIds).toEqual([0, 1, 2, 4]);
    const other = await create({ workers: 0, numEnvs: 5, tasks: TASKS });
    await other.reset();
    const together = await other.step([0, 1, 2, 3, 4].map((env) => answer(env, 0)));
    for (const env of batch.envIds) expect(lineOf(batch, rowOf(batch, env))).toBe(lineOf(together, env));
  });

  test('recv with a minimum returns at least that number of results, and the rest later, each once', async () => {
    const vector = await create({ workers, numEnvs: 6, tasks: TASKS });
    await vector.reset();
    vector.send([IDLE, IDLE, IDLE], [0, 1, 2]);
    vector.send([IDLE, IDLE, IDLE], [3, 4, 5]);
    const seen: number[] = [];
    while (seen.length < 6) {
      const least = Math.min(2, 6 - seen.length);
      const batch = await vector.recv(least);
      expect(batch.size).toBeGreaterThanOrEqual(least);
      seen.push(...batch.envIds);
    }
    expect(seen.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await errorOf(() => vector.recv())).toBeInstanceOf(NothingPendingError);
  });

  test('an environment can be sent its next action while others have not answered', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    vector.send([IDLE], [0]);
    await vector.recv();
    vector.send([IDLE, IDLE], [1, 3]);
    vector.send([IDLE], [0]);
    const batch = await vector.recv();
    expect(batch.envIds).toEqual([0, 1, 3]);
    expect(batch.envIds.map((_, i) => batch.info(i).episode_step)).toEqual([2, 1, 1]);
  });

  test('recv waits for actions only, not for a reset, a snapshot or a fork that is under way', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    for (const call of [() => vector.reset({ ids: [3] }), () => vector.snapshot([2]), () => vector.fork(2, 1)]) {
      vector.send([IDLE, IDLE], [0, 1]);
      const other = call();
      const batch = await vector.recv();
      expect(batch.envIds).toEqual([0, 1]);
      await other;
    }
    const resetting = vector.reset({ ids: [3] });
    expect(await errorOf(() => vector.recv())).toBeInstanceOf(NothingPendingError);
    await resetting;
  });

  test('a reset of some environments is not mixed up with the results of others', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    vector.send([IDLE, 'no'], [1, 2]);
    const [reset, received] = await Promise.all([vector.reset({ ids: [0, 3] }), vector.recv()]);
    expect(reset.envIds).toEqual([0, 3]);
    expect(reset.envIds.map((_, i) => reset.info(i).episode)).toEqual([1, 1]);
    expect(received.envIds).toEqual([1, 2]);
    expect([...received.stepOk]).toEqual([1, 0]);
  });

  test('an environment is not free before the whole call that holds it has been answered', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    // Keeps the second half of the environments busy for a while, and with them a reset of environments of both halves.
    vector.send(['{'.repeat(999_999)], [3]);
    let settled = false;
    const resetting = vector.reset({ ids: [0, 2] }).finally(() => {
      settled = true;
    });
    let refusals = 0;
    while (!settled) {
      expect(await errorOf(() => vector.send([IDLE], [0]))).toBeInstanceOf(AlreadyPendingError);
      refusals++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refusals).toBeGreaterThan(0);
    expect((await resetting).briefing(0)).toContain('step 0 of 8');
    vector.send([IDLE], [0]);
    expect((await vector.recv()).envIds).toEqual([0, 3]);
  });

  test.each([
    ['next_step', 1],
    ['same_step', 2],
    ['disabled', 3],
    ['next_step', 4],
    ['same_step', 5],
  ] as const)(
    'any interleaving gives each environment the bytes of stepping together (%s, seed %i)',
    async (autoreset, seed) => {
      const turns = 20;
      const options = { numEnvs: 7, tasks: TASKS, autoreset, seed };
      const together = await create({ ...options, workers: 0 });
      const scattered = await create({ ...options, workers: workers === 0 ? 0 : 3 });
      await together.reset();
      await scattered.reset();
      const expected = await playTogether(together, turns);
      const actual = await playScattered(scattered, turns, seed);
      actual.forEach((lines, env) => {
        expect(lines, `environment ${env}`).toEqual(expected[env]);
      });
      expect(new Set(expected.flat()).size).toBeGreaterThan(80);
    },
  );
});
