/**
 * A worker thread that is terminated from outside is replaced without loss. A worker that cannot be replaced takes only its own
 * environments with it, and the error reports it.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { type Recovery, ShardFailedError, type VectorEnv } from '../../src/index.ts';
import { joinParts } from '../../src/sim/observation/observe.ts';
import { Columns } from '../../src/vector/columns.ts';
import { resolveOptions } from '../../src/vector/options.ts';
import { type Command, LocalShard, type Shard } from '../../src/vector/shard.ts';
import { SupervisedShard } from '../../src/vector/supervision.ts';
import { FAULTY } from './faults.ts';
import { errorOf, linesOf, vectorFactory } from './support.ts';

const ENVS = [0, 1, 2, 3];
/** A completion that occupies a worker long enough to terminate it meanwhile: only opening braces. */
const SLOW = '{'.repeat(999_999);
const RESET: Command = {
  op: 'reset',
  orders: ENVS.map((env) => ({ env, spec: 0, seedBase: 0, seed: undefined, episode: 0 })),
};
const STEP: Command = { op: 'step', envs: ENVS, actions: ENVS.map(() => ({})) };
const SLOW_STEP: Command = { op: 'step', envs: ENVS, actions: ENVS.map(() => SLOW) };

const pooled: SupervisedShard[] = [];
const causes: string[] = [];
afterEach(async () => {
  causes.length = 0;
  await Promise.all(pooled.splice(0).map((shard) => shard.close()));
});

function makeShards(): { shard: SupervisedShard; local: LocalShard } {
  const { specs, autoreset, groups, worker, briefings } = resolveOptions({
    tasks: ['phase2_core'],
    numEnvs: ENVS.length,
  });
  const capacity = ENVS.length;
  const data = { capacity, specs: specs.map(({ compiled: _, ...spec }) => spec), autoreset, groups, briefings };
  const onRecovery = ({ cause }: Recovery): void => void causes.push(cause);
  const shard = new SupervisedShard(3, data, specs, new Columns(capacity), worker, onRecovery);
  pooled.push(shard);
  return { shard, local: new LocalShard(specs, new Columns(capacity), autoreset, groups) };
}

/** Everything that a shard shows of its environments. */
function shownBy(shard: Shard): unknown {
  const shown = ENVS.map((env) => [
    shard.observation(env),
    joinParts(shard.briefingParts(env)),
    shard.episode(env).note,
  ]);
  return structuredClone([shard.save(ENVS), shown]);
}

/** The thread of a shard, which is private to the shard. */
function threadOf(shard: unknown): Worker {
  const thread: unknown = Reflect.get(Object(Reflect.get(Object(shard), 'thread')), 'thread');
  if (!(thread instanceof Worker)) throw new TypeError('the shard has no thread');
  return thread;
}

/** Prevents a replacement for a lost thread: a new thread cannot find its module. */
function forbidReplacement(shard: unknown): void {
  Reflect.set(Object(shard), 'options', {
    ...FAULTY,
    module: fileURLToPath(new URL('no-worker.mjs', import.meta.url)),
  });
}

function shardsOf(vector: VectorEnv): unknown[] {
  const queues: object[] = Reflect.get(Reflect.get(vector, 'shards'), 'queues');
  return queues.map((queue) => Reflect.get(queue, 'shard'));
}

async function expectLost(call: () => unknown, shard: number): Promise<void> {
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(ShardFailedError);
  expect(error.message).toMatch(new RegExp(`^shard ${shard} failed: \\S`));
}

describe('one shard', () => {
  test('a thread that dies during a command is replaced, and the command is carried out', async () => {
    const { shard, local } = makeShards();
    await shard.run(RESET);
    const stepping = shard.run(SLOW_STEP);
    await threadOf(shard).terminate();
    await stepping;
    for (const command of [RESET, SLOW_STEP]) await local.run(command);
    expect(shownBy(shard)).toEqual(shownBy(local));
    for (const command of [STEP, RESET, STEP]) {
      await shard.run(command);
      await local.run(command);
      expect(shownBy(shard)).toEqual(shownBy(local));
    }
    expect(causes).toEqual(['exited with code 1']);
  });

  test('a thread that dies while it is idle is replaced by one that knows the episodes', async () => {
    const { shard, local } = makeShards();
    for (const command of [RESET, STEP]) {
      await shard.run(command);
      await local.run(command);
    }
    const before = shownBy(shard);
    await threadOf(shard).terminate();
    await new Promise((resolve) => setImmediate(resolve));
    expect(shownBy(shard)).toEqual(before);
    expect(causes).toEqual([]);
    await shard.run(STEP);
    await local.run(STEP);
    expect(shownBy(shard)).toEqual(shownBy(local));
    expect(causes).toEqual(['exited with code 1']);
  });

  test('a thread that dies and cannot be replaced fails the shard', async () => {
    const { shard } = makeShards();
    await shard.run(RESET);
    forbidReplacement(shard);
    await threadOf(shard).terminate();
    for (const command of [RESET, STEP]) await expectLost(() => shard.run(command), 3);
  });

  test('a fault inside the engine fails the shard, with its message', async () => {
    const { shard, local } = makeShards();
    const never: Command = { op: 'step', envs: [2], actions: [{}] };
    expect((await errorOf(() => shard.run(never))).message).toBe('shard 3 failed: environment 2 has no episode');
    await expectLost(() => shard.run(RESET), 3);
    expect((await errorOf(() => local.run(never))).message).toBe('environment 2 has no episode');
  });

  test('a shard is closed although its thread is dead, and twice', async () => {
    const { shard } = makeShards();
    await shard.run(RESET);
    await threadOf(shard).terminate();
    await shard.close();
    await shard.close();
    expect((await errorOf(() => shard.run(RESET))).message).toBe('reset: this VectorEnv is closed');
  });
});

describe('a vector of two shards, one of which cannot be replaced', () => {
  const create = vectorFactory();

  /** A vector whose environments 2 and 3 belong to the second shard. */
  async function started(): Promise<{ vector: VectorEnv; kill: () => Promise<unknown> }> {
    const vector = await create({ workers: 2, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    const shard = Object(shardsOf(vector)[1]);
    forbidReplacement(shard);
    return { vector, kill: () => threadOf(shard).terminate() };
  }

  /** The first two environments continue like those of a vector that has only these two. */
  async function expectHealthy(vector: VectorEnv, steps: number): Promise<void> {
    const other = await create({ workers: 0, numEnvs: 2, tasks: ['phase2_core'] });
    await other.reset();
    for (let turn = 0; turn < steps; turn++) await other.step([{}, {}]);
    vector.send(['no', {}], [0, 1]);
    expect(linesOf(await vector.recv())).toEqual(linesOf(await other.step(['no', {}])));
    expect((await vector.snapshot([0, 1])).length).toBeGreaterThan(0);
  }

  test('the step is lost, and the results of the other shard can still be read', async () => {
    const { vector, kill } = await started();
    const stepping = errorOf(() => vector.step([{}, {}, SLOW, {}]));
    await kill();
    expect(await stepping).toBeInstanceOf(ShardFailedError);
    expect(vector.problems(vector.envIds).map((problem) => problem?.code)).toEqual([
      undefined,
      undefined,
      'SHARD_FAILED',
      'SHARD_FAILED',
    ]);
    expect([...vector.read([0, 1]).stepOk]).toEqual([1, 1]);
    await expectLost(() => vector.step([{}, {}, {}, {}]), 1);
    await expectLost(() => vector.send([{}], [3]), 1);
    await expectLost(() => vector.read(), 1);
    await expectLost(() => vector.snapshot([2]), 1);
    await expectLost(() => vector.fork(2, 1), 1);
    await expectHealthy(vector, 1);
  });

  test('a loss without a waiting caller is reported by the next recv', async () => {
    const { vector, kill } = await started();
    vector.send([SLOW], [2]);
    await kill();
    await expectLost(() => vector.recv(), 1);
    await expectHealthy(vector, 0);
  });

  test.each([
    ['reset', (vector: VectorEnv) => vector.reset()],
    ['restore', async (vector: VectorEnv) => vector.restore(await vector.snapshot())],
    ['step', (vector: VectorEnv) => vector.step([{}, {}, {}, {}])],
  ])('a thread that died between two calls is noticed by %s', async (_name, call) => {
    const { vector, kill } = await started();
    await kill();
    await new Promise((resolve) => setImmediate(resolve));
    await expectLost(() => call(vector), 1);
    await expectLost(() => vector.send([{}], [2]), 1);
    await expectLost(() => vector.send([{}], [3]), 1);
    // The other environments are free again.
    vector.send([{}, {}], [0, 1]);
    expect((await vector.recv()).envIds).toEqual([0, 1]);
    await vector.close();
  });

  test('forks go to the shards that are left', async () => {
    const { vector, kill } = await started();
    await kill();
    await new Promise((resolve) => setImmediate(resolve));
    await expectLost(() => vector.reset({ ids: [2, 3] }), 1);
    const forks = await vector.fork(0, 3);
    expect(forks.envIds).toEqual([4, 5, 6]);
    vector.send([{}, {}, {}, {}], [0, 4, 5, 6]);
    expect([...(await vector.recv()).stepOk]).toEqual([1, 1, 1, 1]);
    await expectLost(() => vector.step(vector.envIds.map(() => ({}))), 1);
  });

  test('a reset or a restore replaces the lost thread; its other environments stay lost', async () => {
    const { vector, kill } = await started();
    const kept = await vector.snapshot([3]);
    const stepping = errorOf(() => vector.step([{}, {}, SLOW, {}]));
    await kill();
    await stepping;
    expect(vector.restarts).toBe(0);
    expect((await vector.reset({ ids: [2] })).briefing(0)).not.toBe('');
    expect(vector.restarts).toBe(1);
    await expectLost(() => vector.step([{}, {}, {}, {}]), 1);
    await vector.restore(kept);
    expect(vector.restarts).toBe(1);
    expect([...(await vector.step([{}, {}, {}, {}])).stepOk]).toEqual([1, 1, 1, 1]);
    await expectHealthy(vector, 2);
  });
});
