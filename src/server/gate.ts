/**
 * Large requests and messages are begun one at a time, each in a turn of its own. To read one, and to compile a scenario in it,
 * may take a good part of a second: sixty of them at once would keep everybody else waiting for all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Smaller ones cost little, whatever they hold. */
const LARGE_BYTES = 65_536;

export class Gate {
  private last: Promise<void> = Promise.resolve();

  /** The turn of a request or message: after those of all large ones before it. Undefined for a small one, which may begin at once. */
  turnOf(bytes: number): Promise<void> | undefined {
    if (bytes < LARGE_BYTES) return undefined;
    this.last = this.last.then(() => nextTurn());
    return this.last;
  }
}
