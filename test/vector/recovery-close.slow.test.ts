/** Closing a vector leaves no thread, whatever is in progress. */
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClosedError } from '../../src/index.ts';
import { dieAt, faultyFactory, poison } from './faults.ts';
import { errorOf } from './support.ts';

const create = faultyFactory();
const OPTIONS = { numEnvs: 6, tasks: ['phase2_core'] };

/** Threads that were started and have not ended. */
const alive = new Set<Worker>();
const { emit } = Worker.prototype;

beforeEach(() => {
  alive.clear();
  Worker.prototype.emit = function (this: Worker, event: string, ...args: unknown[]) {
    if (event === 'online') alive.add(this);
    if (event === 'exit') alive.delete(this);
    return Reflect.apply(emit, this, [event, ...args]);
  } as typeof emit;
});
afterEach(() => {
  Worker.prototype.emit = emit;
});

/** Whether no thread is left, now and a little later. */
async function expectNoThread(): Promise<void> {
  expect(alive.size).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(alive.size).toBe(0);
}

test('with results that were not received', async () => {
  const vector = create(OPTIONS);
  await vector.reset();
  expect(alive.size).toBe(2);
  vector.send([{}, {}, {}, {}, {}, {}], vector.envIds);
  await vector.close();
  await expectNoThread();
});

test('while a worker is in an endless loop', async () => {
  const vector = create(OPTIONS);
  await vector.reset();
  const stepping = errorOf(() => vector.step([poison('loop'), {}, {}, {}, {}, {}]));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await vector.close();
  expect(await stepping).toBeInstanceOf(ClosedError);
  await expectNoThread();
});

test.each([0, 10, 50, 200, 400])('in the midst of recoveries, after %i ms', async (ms) => {
  const vector = create(OPTIONS);
  await vector.reset();
  const stepping = errorOf(() => vector.step([poison('exit'), {}, {}, poison('exit'), {}, {}]));
  dieAt('recover', 'after', 'exit', 3);
  await new Promise((resolve) => setTimeout(resolve, ms));
  await vector.close();
  expect(await stepping).toBeInstanceOf(ClosedError);
  await expectNoThread();
});
