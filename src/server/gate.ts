/**
 * Large requests and messages begin one at a time, each in its own turn of the event loop. To parse one and to compile a scenario in
 * it may take a good part of a second. Sixty of them in one turn would make all other clients wait for all of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Requests and messages below this number of bytes cost little, whatever their content. */
const LARGE_BYTES = 65_536;

export class Gate {
  private last: Promise<void> = Promise.resolve();

  /** Resolves when a large request or message may begin, after all earlier large ones. Undefined if it is small and may begin at once. */
  turnOf(bytes: number): Promise<void> | undefined {
    if (bytes < LARGE_BYTES) return undefined;
    this.last = this.last.then(() => nextTurn());
    return this.last;
  }
}
