/** Vectors whose workers die on command, and the orders that these workers follow (see faulty-worker.mjs). */
import { fileURLToPath } from 'node:url';
import { setEnvironmentData } from 'node:worker_threads';
import { afterEach } from 'vitest';
import { VectorEnv, type VectorOptions } from '../../src/index.ts';
import { type ResolvedOptions, resolveOptions } from '../../src/vector/options.ts';
import type { WireCommand } from '../../src/vector/shard.ts';

export const DEATHS = ['exit', 'throw', 'heap', 'loop'] as const;
export type Death = (typeof DEATHS)[number];

/** The cause that a recovery reports for each death. */
export const CAUSES: Readonly<Record<Death, string>> = {
  exit: 'exited with code 7',
  throw: 'uncaught exception: thrown outside of a step',
  heap: 'out of memory',
  loop: 'deadline of 1000 ms exceeded',
};

const OPS: readonly WireCommand['op'][] = ['reset', 'step', 'load', 'release', 'fail', 'recover'];

const orders = new Int32Array(new SharedArrayBuffer(6 * Int32Array.BYTES_PER_ELEMENT));
setEnvironmentData('ghostexec.test.faults', orders.buffer);

/** An action that ends the worker that plays it. */
export function poison(death: Death): string {
  return `poison: ${death}`;
}

/** From now on, a worker that has played this number of steps dies. */
export function dieAfter(plays: number, death: Death): void {
  orders[1] = plays;
  Atomics.store(orders, 0, DEATHS.indexOf(death) + 1);
}

/** Whether an ordered death has not happened yet. */
export function isDeathDue(): boolean {
  return Atomics.load(orders, 0) !== 0;
}

/** A worker that receives such a command dies before or after it, `times` times. */
export function dieAt(op: WireCommand['op'], when: 'before' | 'after', death: Death, times = 1): void {
  orders[3] = OPS.indexOf(op) + 1;
  orders[4] = Number(when === 'after');
  orders[5] = times;
  Atomics.store(orders, 2, DEATHS.indexOf(death) + 1);
}

export const FAULTY: ResolvedOptions['worker'] = {
  module: fileURLToPath(new URL('faulty-worker.mjs', import.meta.url)),
  deadlineMs: 1_000,
  memoryMb: 32,
  maxLosses: 24,
};

/** Like vectorFactory, but with workers that die on command. */
export function faultyFactory(): (options?: VectorOptions) => VectorEnv {
  const made: VectorEnv[] = [];
  afterEach(async () => {
    orders.fill(0);
    await Promise.all(made.splice(0).map((vector) => vector.close()));
  });
  return (options = {}) => {
    const vector = VectorEnv.of({ ...resolveOptions({ rules: 'v1', workers: 2, ...options }), worker: FAULTY });
    made.push(vector);
    return vector;
  };
}
