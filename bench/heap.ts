/** Memory of this process that JavaScript uses: the heap and the buffers outside of it, in bytes. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Time for freeing buffers: that happens in the background, after the collection that finds them unreachable. */
const SWEEP_MS = 50;

export function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Used bytes without garbage. */
export async function usedAfterCollection(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc();
    await sleep(SWEEP_MS);
  }
  return usedBytes();
}
