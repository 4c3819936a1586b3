/** Copies of an episode that continue independently, and the slots that they use. */
import { describe, expect, test } from 'vitest';
import {
  type Action,
  AlreadyPendingError,
  type Batch,
  CapacityError,
  deriveSeed,
  type PolicyAnswer,
  UnknownEnvError,
  ValidationError,
  type VectorEnv,
} from '../../src/index.ts';
import { BACKENDS, errorOf, lineOf, linesOf, rowOf, scripted, smallScenario, vectorFactory } from './support.ts';

const TASKS = ['phase2_core', 'drift_drill', 'monday_morning'];

/** The content of a row, without its environment and reward. */
function shown(batch: Batch, row: number): unknown {
  const { env_id, seed, reward_breakdown, ...info } = batch.info(row);
  return { ...info, briefing: batch.briefing(row) };
}

/** The result of a step, without its environment. */
function outcome(batch: Batch, row: number): unknown {
  return [shown(batch, row), batch.reward[row], batch.breakdownOf(row), batch.truncated[row], batch.stepOk[row]];
}

function answer(env: number, turn: number): PolicyAnswer {
  return scripted(TASKS[env % TASKS.length] ?? '', env, turn);
}

/** The shard of each environment, which is private to the vector. */
function lanesOf(vector: VectorEnv): number[] {
  const queues: Uint32Array = Reflect.get(Reflect.get(vector, 'shards'), 'queueOf');
  return vector.envIds.map((env) => queues[env] ?? -1);
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('every copy shows what the original shows, without a reward', async () => {
    const vector = await create({ workers, numEnvs: 3, tasks: TASKS });
    await vector.reset();
    for (let turn = 0; turn < 3; turn++) await vector.step([0, 1, 2].map((env) => answer(env, turn)));
    const last = await vector.step([0, 1, 2].map((env) => answer(env, 3)));
    const forks = await vector.fork(1, 3);
    expect(forks.envIds).toEqual([3, 4, 5]);
    expect(vector.numEnvs).toBe(6);
    expect(vector.envIds).toEqual([0, 1, 2, 3, 4, 5]);
    for (const row of [0, 1, 2]) {
      expect(shown(forks, row)).toEqual(shown(last, 1));
      expect(forks.info(row)).toMatchObject({ env_id: 3 + row, seed: last.info(1).seed, task_id: 'drift_drill' });
      expect(forks.info(row)).not.toHaveProperty('reward_breakdown');
      expect([forks.reward[row], forks.terminated[row], forks.truncated[row]]).toEqual([0, 0, 0]);
    }
  });

  test('copies that do the same go through the same, and those that differ do not disturb them', async () => {
    const vector = await create({ workers, numEnvs: 2, tasks: ['drift_drill'], maxForks: 8 });
    await vector.reset();
    for (let turn = 0; turn < 3; turn++) await vector.step([0, 1].map(() => scripted('drift_drill', 1, turn)));
    await vector.fork(0, 4);
    let differences = 0;
    for (let turn = 3; turn < 12; turn++) {
      const actions = vector.envIds.map((env) => scripted('drift_drill', env === 3 || env === 5 ? env : 1, turn));
      const batch = await vector.step(actions);
      for (const env of [1, 2, 4]) expect(outcome(batch, env)).toEqual(outcome(batch, 0));
      differences += Number(batch.briefing(3) !== batch.briefing(0)) + Number(batch.briefing(5) !== batch.briefing(3));
    }
    expect(differences).toBe(18);
  });

  test('the original and its neighbours play the bytes of a run without forks', async () => {
    const forked = await create({ workers, numEnvs: 3, tasks: TASKS, seed: 4 });
    const plain = await create({ workers: 0, numEnvs: 3, tasks: TASKS, seed: 4 });
    await forked.reset();
    await plain.reset();
    for (let turn = 0; turn < 20; turn++) {
      if (turn % 5 === 2) await forked.fork(turn % 3, 1 + (turn % 2));
      if (turn % 5 === 4) await forked.release(forked.envIds.slice(3));
      const batch = await forked.step(forked.envIds.map((env) => answer(env, turn)));
      const expected = linesOf(await plain.step([0, 1, 2].map((env) => answer(env, turn))));
      expect([0, 1, 2].map((env) => lineOf(batch, rowOf(batch, env)))).toEqual(expected);
    }
  });

  test('forks take part in step, send, reset and snapshot, in the order of ids', async () => {
    const vector = await create({ workers, numEnvs: 2, tasks: ['phase2_core'], maxForks: 3 });
    await vector.reset();
    await vector.fork(1, 3);
    await vector.release([3]);
    expect(vector.envIds).toEqual([0, 1, 2, 4]);
    const ids = ['e01', 'e02', 'e03', 'e04'];
    const batch = await vector.step(ids.map((email_id) => ({ action_type: 'archive_email', email_id })));
    expect(batch.envIds).toEqual([0, 1, 2, 4]);
    ids.forEach((id, row) => void expect(batch.note(row)).toContain(`[${id}]`));
    vector.send([{}, {}], [4, 1]);
    expect((await vector.recv()).envIds).toEqual([1, 4]);
    const snapshot = await vector.snapshot();
    const before = linesOf(await vector.restore(snapshot));
    const reset = await vector.reset({ mask: [0, 0, 1, 1] });
    expect(reset.envIds).toEqual([2, 4]);
    expect(reset.envIds.map((_, row) => reset.info(row).episode)).toEqual([1, 1]);
    expect(linesOf(await vector.restore(snapshot))).toEqual(before);
    const smaller = await create({ workers, numEnvs: 2, tasks: ['phase2_core'], maxForks: 0 });
    expect(await errorOf(() => smaller.restore(snapshot))).toBeInstanceOf(UnknownEnvError);
  });

  test('a fork of a fork continues from there', async () => {
    const vector = await create({ workers, numEnvs: 1, tasks: ['phase2_core'], maxForks: 2 });
    await vector.reset();
    await vector.fork(0, 1);
    const archive: Action = { action_type: 'archive_email', email_id: 'e01' };
    const step = await vector.step([{}, archive]);
    const grandchild = await vector.fork(1, 1);
    expect(grandchild.envIds).toEqual([2]);
    expect(shown(grandchild, 0)).toEqual(shown(step, 1));
    const next = await vector.step([archive, {}, {}]);
    expect(outcome(next, 2)).toEqual(outcome(next, 1));
    expect(next.info(0).unread_email_ids).toEqual(next.info(1).unread_email_ids);
  });

  test('the later episodes of a fork are seeded from its own id', async () => {
    const scenario = smallScenario({ max_episode_steps: 1 });
    const vector = await create({ workers, envs: [{ scenario }], autoreset: 'same_step', seed: 6 });
    await vector.reset();
    await vector.fork(0, 1);
    const batch = await vector.step([{}, {}]);
    expect([batch.info(0).seed, batch.info(1).seed]).toEqual([deriveSeed(6, 0, 1), deriveSeed(6, 1, 1)]);
    const reset = await vector.reset();
    expect([reset.info(0).seed, reset.info(1).seed]).toEqual([deriveSeed(6, 0, 2), deriveSeed(6, 1, 2)]);
  });

  test('a fork of an episode that waits for its reset waits too', async () => {
    const vector = await create({ workers, envs: [{ scenario: smallScenario({ max_episode_steps: 1 }) }] });
    await vector.reset();
    await vector.step([{}]);
    const fork = await vector.fork(0, 1);
    expect(fork.truncated[0]).toBe(1);
    const next = await vector.step(['no', 'no']);
    for (const row of [0, 1]) {
      expect(next.info(row)).toMatchObject({ episode: 1, episode_step: 0, step_ok: true });
      expect(next.reward[row]).toBe(0);
    }
  });

  test('released slots are free again, also for an episode of another scenario', async () => {
    const envs = [{ scenario: smallScenario() }, { task: 'dinner_disaster' }];
    const vector = await create({ workers, envs, maxForks: 2 });
    await vector.reset();
    for (let round = 0; round < 4; round++) {
      const source = round % 2;
      const original = await vector.step([{}, {}]);
      const forks = await vector.fork(source, 2);
      expect(forks.envIds).toEqual([2, 3]);
      expect([shown(forks, 0), shown(forks, 1)]).toEqual([shown(original, source), shown(original, source)]);
      const full = await errorOf(() => vector.fork(source, 1));
      expect(full).toBeInstanceOf(CapacityError);
      expect(full.message).toContain('room for 0');
      const step = await vector.step([{}, {}, {}, {}]);
      expect(outcome(step, 2)).toEqual(outcome(step, source));
      await vector.release([3, 2]);
      expect(vector.envIds).toEqual([0, 1]);
      expect(await errorOf(() => vector.send([{}], [2]))).toBeInstanceOf(UnknownEnvError);
      expect(await errorOf(() => vector.release([2]))).toBeInstanceOf(UnknownEnvError);
    }
  });

  test('by default there is room for as many forks as environments', async () => {
    const usual = await create({ workers, numEnvs: 2 });
    const none = await create({ workers, numEnvs: 2, maxForks: 0 });
    await usual.reset();
    await none.reset();
    expect((await usual.fork(0, 2)).envIds).toEqual([2, 3]);
    expect(await errorOf(() => usual.fork(0, 1))).toBeInstanceOf(CapacityError);
    expect(await errorOf(() => none.fork(0, 1))).toBeInstanceOf(CapacityError);
    expect(await errorOf(() => none.fork(0, 0))).toBeInstanceOf(ValidationError);
    expect((await none.step([{}, {}])).size).toBe(2);
  });
});

describe('shards', () => {
  const create = vectorFactory();

  test('forks go to the shard that has the fewest environments', async () => {
    const vector = await create({ workers: 3, numEnvs: 4, tasks: ['phase2_core'], maxForks: 8 });
    await vector.reset();
    expect(lanesOf(vector)).toEqual([0, 0, 1, 2]);
    await vector.fork(0, 2);
    expect(lanesOf(vector)).toEqual([0, 0, 1, 2, 1, 2]);
    await vector.fork(3, 3);
    expect(lanesOf(vector)).toEqual([0, 0, 1, 2, 1, 2, 0, 1, 2]);
    await vector.release([4, 7]);
    await vector.fork(0, 1);
    expect(lanesOf(vector)).toEqual([0, 0, 1, 2, 1, 2, 0, 2]);
    const batch = await vector.step(vector.envIds.map(() => ({ action_type: 'archive_email', email_id: 'e01' })));
    batch.envIds.forEach((_, row) => void expect(outcome(batch, row)).toEqual(outcome(batch, 0)));
  });

  test('a copy equals the original at the time of the copy, whatever the original is sent meanwhile', async () => {
    const vector = await create({ workers: 2, numEnvs: 3, tasks: ['phase2_core'] });
    const first = await vector.reset();
    const before = shown(first, 0);
    // The copy is made on the second shard, which is kept busy while the original continues on the first one.
    expect(lanesOf(vector)).toEqual([0, 0, 1]);
    vector.send(['{'.repeat(999_999)], [2]);
    const forking = vector.fork(0, 1);
    let sent = false;
    while (!sent) {
      await new Promise((resolve) => setImmediate(resolve));
      try {
        vector.send([{ action_type: 'archive_email', email_id: 'e01' }], [0]);
        sent = true;
      } catch (error) {
        expect(error).toBeInstanceOf(AlreadyPendingError);
      }
    }
    expect((await vector.recv(1)).envIds).toContain(0);
    expect(shown(await forking, 0)).toEqual(before);
    expect(lanesOf(vector)).toEqual([0, 0, 1, 1]);
  });

  test('a slot that moves to another shard forgets what the former one knew of it', async () => {
    const vector = await create({ workers: 2, numEnvs: 2, tasks: ['phase2_core'], maxForks: 3 });
    await vector.reset();
    await vector.fork(0, 3);
    expect(lanesOf(vector)).toEqual([0, 1, 0, 1, 0]);
    await vector.step(vector.envIds.map(() => ({ action_type: 'archive_email', email_id: 'e01' })));
    await vector.release([2, 3, 4]);
    await vector.fork(1, 1);
    await vector.release([2]);
    await vector.reset({ seeds: [1, 2] });
    await vector.fork(0, 3);
    const batch = await vector.step(vector.envIds.map(() => ({ action_type: 'archive_email', email_id: 'e02' })));
    batch.envIds.forEach((_, row) => void expect(outcome(batch, row)).toEqual(outcome(batch, 0)));
    expect(batch.info(4).unread_email_ids).toContain('e01');
  });
});
