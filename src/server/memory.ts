/**
 * How much memory clients may hold between their requests: kept episodes, sessions, batches and compiled scenarios share one
 * budget. Where it is used up, what was used least recently is given up for what is asked for now.
 */
import { totalmem } from 'node:os';
import { Problem } from './problem.ts';

const MIB = 2 ** 20;
const DEFAULT_MIB = 2_048;
/** After which one that was refused may try again, in seconds. */
const RETRY_AFTER = 5;

/** Something that holds memory. */
export type Holder = {
  /** Whether it may be given up now: nobody is connected to it or waits for it. */
  readonly mayGo: () => boolean;
  /** Frees the memory. A later request for it is answered that it is gone. */
  readonly giveUp: () => void;
};

/** What is asked for cannot be held. */
class NoRoom extends Problem {
  override readonly retryAfter: number | undefined;

  constructor(status: 413 | 503, message: string) {
    super(status, status === 413 ? 'TOO_LARGE' : 'OUT_OF_MEMORY', message);
    this.retryAfter = status === 413 ? undefined : RETRY_AFTER;
  }
}

export class Memory {
  private readonly limit: number;
  /** Bytes of each holder, in the order of their last use, oldest first. */
  private readonly held = new Map<Holder, number>();
  private sum = 0;

  /** @param mebibytes The budget. */
  constructor(mebibytes: number) {
    this.limit = mebibytes * MIB;
  }

  /** Bytes that are held. */
  get used(): number {
    return this.sum;
  }

  /**
   * Counts `bytes` for a holder, in place of what it held before, and gives up others for it if need be.
   * @throws Problem (413 where it is more than the whole budget, 503 where what is in use leaves too little)
   */
  hold(holder: Holder, bytes: number): void {
    if (bytes > this.limit) {
      throw new NoRoom(
        413,
        `this takes ${inMib(bytes)} MiB of memory, more than the ${inMib(this.limit)} MiB that all clients share (--max-memory)`,
      );
    }
    if (this.tryHold(holder, bytes)) return;
    throw new NoRoom(
      503,
      `this takes ${inMib(bytes)} MiB of memory; connected sessions and running batches leave too little of the ` +
        `${inMib(this.limit)} MiB that all clients share (--max-memory); close some, or try again later`,
    );
  }

  /** The same, for what need not be held: whether it is. Nothing is given up where that would not suffice. */
  tryHold(holder: Holder, bytes: number): boolean {
    let excess = this.sum + bytes - (this.held.get(holder) ?? 0) - this.limit;
    const victims: Holder[] = [];
    for (const [other, size] of this.held) {
      if (excess <= 0) break;
      if (other === holder || !other.mayGo()) continue;
      victims.push(other);
      excess -= size;
    }
    if (excess > 0) return false;
    for (const victim of victims) {
      this.release(victim);
      victim.giveUp();
    }
    this.release(holder);
    this.held.set(holder, bytes);
    this.sum += bytes;
    return true;
  }

  /** To be called at every use of what a holder holds. */
  touch(holder: Holder): void {
    const bytes = this.held.get(holder);
    if (bytes === undefined) return;
    this.held.delete(holder);
    this.held.set(holder, bytes);
  }

  /** Nothing is held any more. */
  release(holder: Holder): void {
    this.sum -= this.held.get(holder) ?? 0;
    this.held.delete(holder);
  }
}

/** MiB that clients may hold unless an option says otherwise: half of the memory that this process may use, 2 GiB at the most. */
export function defaultMemory(): number {
  // The limit of the container. Without one it is 0, or larger than the machine's memory.
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(1, Math.min(DEFAULT_MIB, Math.floor(total / 2 / MIB)));
}

function inMib(bytes: number): string {
  return (bytes / MIB).toFixed(bytes < MIB ? 2 : 0);
}
