/** A worker thread that dies takes its environments with it; it says so, and takes nothing else. */
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { afterEach, describe, expect, test } from 'vitest';
import { ShardFailedError, type VectorEnv } from '../../src/index.ts';
import { Columns } from '../../src/vector/columns.ts';
import type { Command } from '../../src/vector/command.ts';
import { resolveOptions } from '../../src/vector/options.ts';
import { LocalShard, PooledShard } from '../../src/vector/shard.ts';
import { stridesOf } from '../../src/vector/spec.ts';
import { errorOf, linesOf, vectorFactory } from './support.ts';

const ENVS = [0, 1, 2, 3];
/** A completion that takes a worker long enough to be caught at it: nothing but openings of objects. */
const SLOW = '{'.repeat(999_999);
const RESET: Command = {
  op: 'reset',
  orders: ENVS.map((env) => ({ env, spec: 0, seedBase: 0, seed: undefined, episode: 0 })),
};
const STEP: Command = { op: 'step', envs: ENVS, actions: ENVS.map(() => ({})) };
const SLOW_STEP: Command = { op: 'step', envs: ENVS, actions: ENVS.map(() => SLOW) };

const pooled: PooledShard[] = [];
afterEach(async () => {
  await Promise.all(pooled.splice(0).map((shard) => shard.close()));
});

function makeShards(): { shard: PooledShard; local: LocalShard; columns: Columns } {
  const { specs, autoreset, groups } = resolveOptions({ tasks: ['phase2_core'], numEnvs: ENVS.length });
  const strides = stridesOf(specs);
  const columns = Columns.allocate(ENVS.length, strides, true);
  const shard = new PooledShard(3, {
    columns: columns.data,
    specs: specs.map(({ compiled: _, ...spec }) => spec),
    autoreset,
    groups,
  });
  pooled.push(shard);
  return { shard, local: new LocalShard(specs, columns, autoreset, groups), columns };
}

/** The thread of a shard: a private matter of its pool. */
function threadOf(shard: unknown): Worker {
  const pool: unknown = Reflect.get(Object(shard), 'pool');
  const thread = pool instanceof Piscina ? pool.threads[0] : undefined;
  if (thread === undefined) throw new TypeError('the shard has no thread');
  return thread;
}

function shardsOf(vector: VectorEnv): unknown[] {
  const lanes: object[] = Reflect.get(vector, 'lanes');
  return lanes.map((lane) => Reflect.get(lane, 'shard'));
}

async function expectLost(call: () => unknown, shard: number): Promise<void> {
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(ShardFailedError);
  expect(error.message).toMatch(new RegExp(`^shard ${shard} failed: \\S`));
}

describe('one shard', () => {
  test('a thread that dies over a command fails it and every later one', async () => {
    const { shard } = makeShards();
    await shard.run(RESET);
    const stepping = errorOf(() => shard.run(SLOW_STEP));
    await threadOf(shard).terminate();
    expect(await stepping).toBeInstanceOf(ShardFailedError);
    for (const command of [STEP, RESET, { op: 'save', envs: [0] } as const])
      await expectLost(() => shard.run(command), 3);
  });

  test('a thread that dies while it is idle is not replaced by one that knows nothing', async () => {
    const { shard } = makeShards();
    await shard.run(RESET);
    await threadOf(shard).terminate();
    await new Promise((resolve) => setImmediate(resolve));
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
    await expectLost(() => shard.run(RESET), 3);
  });
});

describe('a vector of two shards', () => {
  const create = vectorFactory();

  /** A vector whose environments 2 and 3 live on the second shard. */
  async function started(): Promise<{ vector: VectorEnv; kill: () => Promise<unknown> }> {
    const vector = await create({ workers: 2, numEnvs: 4, tasks: ['phase2_core'] });
    await vector.reset();
    return { vector, kill: () => threadOf(shardsOf(vector)[1]).terminate() };
  }

  /** The first two environments go on as those of a vector of which they are all. */
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

  test('a loss that nobody waited for is told to the next who receives', async () => {
    const { vector, kill } = await started();
    vector.send([SLOW], [2]);
    await kill();
    await new Promise((resolve) => setImmediate(resolve));
    await expectLost(() => vector.recv(), 1);
    await expectHealthy(vector, 0);
  });

  test.each([
    ['reset', (vector: VectorEnv) => vector.reset()],
    ['snapshot', (vector: VectorEnv) => vector.snapshot()],
    ['step', (vector: VectorEnv) => vector.step([{}, {}, {}, {}])],
  ])('a thread that died between two calls is noticed by %s', async (_name, call) => {
    const { vector, kill } = await started();
    await kill();
    await new Promise((resolve) => setImmediate(resolve));
    await expectLost(() => call(vector), 1);
    await expectLost(() => vector.send([{}], [2]), 1);
    await expectLost(() => vector.send([{}], [3]), 1);
    // The others are free again.
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

  test('a reset or a restore puts a new thread in place of the lost one; what else that played stays lost', async () => {
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
