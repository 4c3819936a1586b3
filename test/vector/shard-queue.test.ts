/** A shard queue gives its shard one command at a time, in order, and merges waiting steps. */
import { expect, test } from 'vitest';
import type { SavedEpisode } from '../../src/vector/saved.ts';
import type { Command, Shard } from '../../src/vector/shard.ts';
import { ShardQueue } from '../../src/vector/shard-queue.ts';
import { errorOf } from './support.ts';

/** Records its commands, and replies when the test calls for it. */
class FakeShard implements Shard {
  readonly asked: Command[] = [];
  closed = 0;
  private readonly waiting: { resolve(): void; reject(error: unknown): void }[] = [];

  run(command: Command): Promise<void> {
    this.asked.push(structuredClone(command));
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  async close(): Promise<void> {
    this.closed++;
  }

  // A queue only passes commands on.

  save(): never {
    throw new TypeError('the queue has no use for episodes');
  }

  episode(): never {
    return this.save();
  }

  observation(): never {
    return this.save();
  }

  briefingParts(): never {
    return this.save();
  }

  /** Commands that the shard has received and not replied to. */
  get open(): number {
    return this.waiting.length;
  }

  async answer(): Promise<void> {
    this.waiting.shift()?.resolve();
    await settle();
  }

  async fail(error: unknown): Promise<void> {
    this.waiting.shift()?.reject(error);
    await settle();
  }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const SAVED: SavedEpisode = {
  spec: 0,
  seedBase: 1,
  seed: 2,
  episode: 3,
  resetDue: false,
  news: '',
  note: '',
  state: new Uint8Array(8),
};
/** A command that is not a step. */
const LOAD: Command = { op: 'load', envs: [1], saved: [SAVED] };

test('actions sent while the shard is busy reach it as one command, in the order in which they were sent', async () => {
  const shard = new FakeShard();
  const queue = new ShardQueue(() => shard);
  const first = queue.step([0], ['a']);
  await settle();
  const later = [queue.step([3, 1], ['d', 'b']), queue.step([2], ['c']), queue.step([4], ['e'])];
  await settle();
  expect(shard.asked).toEqual([{ op: 'step', envs: [0], actions: ['a'] }]);
  await shard.answer();
  await first;
  expect(shard.asked.slice(1)).toEqual([{ op: 'step', envs: [3, 1, 2, 4], actions: ['d', 'b', 'c', 'e'] }]);
  await shard.answer();
  expect(await Promise.all(later)).toHaveLength(3);
});

test('actions sent in the same turn of the event loop are joined although the shard is idle', async () => {
  const shard = new FakeShard();
  const queue = new ShardQueue(() => shard);
  const replies = [queue.step([0], ['a']), queue.step([1], ['b'])];
  await settle();
  expect(shard.asked).toEqual([{ op: 'step', envs: [0, 1], actions: ['a', 'b'] }]);
  await shard.answer();
  expect(await Promise.all(replies)).toHaveLength(2);
});

test('actions do not join a command that has begun', async () => {
  const shard = new FakeShard();
  const queue = new ShardQueue(() => shard);
  queue.step([0], ['a']);
  await settle();
  queue.step([1], ['b']);
  await settle();
  expect(shard.asked).toHaveLength(1);
  await shard.answer();
  await shard.answer();
  expect(shard.asked.map((command) => command.op === 'step' && command.envs)).toEqual([[0], [1]]);
});

test('actions are not joined across another command, so that everything happens in the order of the calls', async () => {
  const shard = new FakeShard();
  const queue = new ShardQueue(() => shard);
  const replies = [
    queue.step([0], ['a']),
    queue.run(LOAD),
    queue.step([1], ['b']),
    queue.step([2], ['c']),
    queue.run({ op: 'release', envs: [3] }),
    queue.run({ op: 'fail', env: 2, error: 'no' }),
    queue.step([3], ['d']),
  ];
  await settle();
  for (let i = 0; i < 6; i++) {
    expect(shard.open).toBe(1);
    await shard.answer();
  }
  expect(shard.open).toBe(0);
  await Promise.all(replies);
  expect(shard.asked).toEqual([
    { op: 'step', envs: [0], actions: ['a'] },
    LOAD,
    { op: 'step', envs: [1, 2], actions: ['b', 'c'] },
    { op: 'release', envs: [3] },
    { op: 'fail', env: 2, error: 'no' },
    { op: 'step', envs: [3], actions: ['d'] },
  ]);
});

test('a failure reaches exactly the callers whose actions it concerns', async () => {
  const shard = new FakeShard();
  const queue = new ShardQueue(() => shard);
  const first = queue.step([0], ['a']);
  await settle();
  const joined = [queue.step([1], ['b']), queue.step([2], ['c'])].map((reply) => errorOf(() => reply));
  const after = queue.run(LOAD);
  await shard.answer();
  await shard.fail(new Error('the thread is gone'));
  await shard.answer();
  await first;
  for (const error of await Promise.all(joined)) expect(error.message).toBe('the thread is gone');
  await after;
});

test('later changes of the caller’s lists have no effect', async () => {
  const shard = new FakeShard();
  const queue = new ShardQueue(() => shard);
  const envs = [5, 6];
  const actions = ['x', 'y'];
  queue.step(envs, actions);
  envs.length = 0;
  actions.fill('z');
  queue.step([7], ['w']);
  await settle();
  expect(shard.asked).toEqual([{ op: 'step', envs: [5, 6, 7], actions: ['x', 'y', 'w'] }]);
});

test('closing a queue closes its shard', async () => {
  const shard = new FakeShard();
  await new ShardQueue(() => shard).close();
  expect(shard.closed).toBe(1);
});
