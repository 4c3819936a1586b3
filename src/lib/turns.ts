import { setImmediate } from 'node:timers/promises';

/** Nobody notices that a signal waits so long. */
const LONGEST_MS = 50;

/** Long work in the main thread keeps signals, timers and the network waiting: this gives them a turn now and then. */
export class Turns {
  private last = performance.now();

  /** To be awaited at every step of the work; mostly it returns at once. */
  async give(): Promise<void> {
    if (performance.now() - this.last < LONGEST_MS) return;
    await setImmediate();
    this.last = performance.now();
  }
}
