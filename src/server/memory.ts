/**
 * The memory that clients may hold between their requests. Kept episodes, sessions, batches and compiled scenarios share one budget.
 * If it is used up, the least recently used ones are given up for the new one.
 */
import { totalmem } from 'node:os';
import { Problem } from './problem.ts';

const MIB = 2 ** 20;
const DEFAULT_MIB = 2_048;
/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 5;

/** Something that holds memory. */
export type Holder = {
  /** Whether the memory may be freed now: no client is connected to the holder or waits for it. */
  readonly mayGo: () => boolean;
  /** Frees the memory. Later requests for the holder are refused because it is gone. */
  readonly giveUp: () => void;
};

/** There is no memory for what a request needs. */
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

  /** @param mebibytes The budget, in MiB. */
  constructor(mebibytes: number) {
    this.limit = mebibytes * MIB;
  }

  /** The number of bytes that are held. */
  get used(): number {
    return this.sum;
  }

  /**
   * Sets the bytes of a holder, and gives up other holders if that is necessary.
   * @throws Problem (413 if the bytes exceed the whole budget, 503 if the holders in use leave too little)
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

  /** The same for optional memory. Returns whether it is held. If giving up others would not suffice, none is given up. */
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

  /** Must be called at every use of a holder: the least recently used ones are given up first. */
  touch(holder: Holder): void {
    const bytes = this.held.get(holder);
    if (bytes === undefined) return;
    this.held.delete(holder);
    this.held.set(holder, bytes);
  }

  /** Ends the account of a holder: its memory is free. */
  release(holder: Holder): void {
    this.sum -= this.held.get(holder) ?? 0;
    this.held.delete(holder);
  }
}

/** The default of --max-memory, in MiB: half of the memory that this process may use, but at most 2 GiB. */
export function defaultMemory(): number {
  // The memory limit of the container. Without a limit the value is 0, or larger than the memory of the machine.
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(1, Math.min(DEFAULT_MIB, Math.floor(total / 2 / MIB)));
}

function inMib(bytes: number): string {
  return (bytes / MIB).toFixed(bytes < MIB ? 2 : 0);
}
