/** Memory of this process that JavaScript uses: the heap, and the buffers beside it, in bytes. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Buffers are freed in the background, after the collection that finds them dead. */
const SWEEP_MS = 50;

export function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Without garbage. */
export async function usedAfterCollection(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc();
    await sleep(SWEEP_MS);
  }
  return usedBytes();
}
