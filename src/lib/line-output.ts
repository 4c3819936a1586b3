/**
 * Lines to stdout or stderr, for a process that must go on when they cannot be written: the pipe is full, its reader is gone,
 * the disk is full, the terminal is stopped. Writing never waits and never throws.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** So much is held while a reader is slow; what goes beyond it is dropped. */
const MOST_BYTES = 2 ** 20;
/** A full pipe is tried again after this, and after twice as long each time while nothing is read. */
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

type Descriptor = 1 | 2;

export class LineOutput {
  private readonly descriptor: Descriptor;
  private readonly notice: ((lost: number) => string) | undefined;
  /** What is written to; opened by the first line. */
  private target: number | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Lines are dropped until all that is held has been written, so that those written are in one piece. */
  private isOverfull = false;
  /** The last line was written in part only. */
  private isTorn = false;
  private timer: NodeJS.Timeout | undefined;
  private pause = SHORTEST_PAUSE_MS;
  private lost = 0;
  private untold = 0;

  /** @param notice The line, with its newline, that says how many were dropped; written once lines can be written again. */
  constructor(descriptor: Descriptor, notice?: (lost: number) => string) {
    this.descriptor = descriptor;
    this.notice = notice;
  }

  /** How many lines were dropped so far. */
  get dropped(): number {
    return this.lost;
  }

  /** @param line Ends with a newline. */
  write(line: string): void {
    // Where nothing is held, what was torn stays so: the next line does not go on with it.
    const bytes = Buffer.from(this.isTorn && this.held.length === 0 ? `\n${line}` : line);
    if (this.isOverfull || this.heldBytes + bytes.length > MOST_BYTES) {
      this.isOverfull = this.held.length > 0;
      this.drop(1);
      return;
    }
    this.hold(bytes);
    if (this.timer === undefined) this.flushSync();
  }

  /** Writes what can be written without waiting. The rest is tried again by itself, and a last time when the process exits. */
  flushSync(): void {
    const before = this.heldBytes;
    try {
      while (this.held.length > 0) {
        this.writeHeld();
        if (this.untold > 0 && this.notice !== undefined) this.hold(Buffer.from(this.notice(this.untold)));
        this.untold = 0;
      }
      this.isOverfull = false;
      this.pause = SHORTEST_PAUSE_MS;
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') this.tryLater(this.heldBytes < before);
      else this.giveUpHeld();
    }
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
  }

  private drop(lines: number): void {
    this.lost += lines;
    this.untold += lines;
  }

  /** @throws what the system says; lines that were written before are no longer held */
  private writeHeld(): void {
    this.target ??= this.open();
    let done = 0;
    try {
      for (let line = this.held[0]; line !== undefined; line = this.held[done]) {
        const written = writeSync(this.target, line);
        this.heldBytes -= written;
        this.isTorn = written < line.length;
        if (this.isTorn) this.held[done] = line.subarray(written);
        else done++;
      }
    } finally {
      this.held = this.held.slice(done);
    }
  }

  private tryLater(wasRead: boolean): void {
    if (this.timer !== undefined) return;
    this.pause = wasRead ? SHORTEST_PAUSE_MS : Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flushSync();
    }, this.pause).unref();
  }

  private giveUpHeld(): void {
    this.drop(this.held.length);
    this.held = [];
    this.heldBytes = 0;
    this.isOverfull = false;
  }

  private open(): number {
    process.once('exit', () => this.flushSync());
    return ownDescription(this.descriptor) ?? unblocked(this.descriptor);
  }
}

/**
 * A pipe or a terminal, opened anew: O_NONBLOCK is a flag of the open description, and stdout shares its own with the
 * shell and everything else that was started with it. Files do not block; they have to be written at their shared offset.
 * Undefined where it cannot be opened: sockets (ENXIO), pipes and terminals of another user (EACCES), systems without /proc.
 */
function ownDescription(descriptor: Descriptor): number | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO() && !isatty(descriptor)) return undefined;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** The shared description: Node's streams make a socket or a pipe non-blocking once they are asked for, a terminal not. */
function unblocked(descriptor: Descriptor): Descriptor {
  const stream: object = descriptor === 1 ? process.stdout : process.stderr;
  const { _handle } = stream as { _handle?: { setBlocking?: (on: boolean) => number } };
  _handle?.setBlocking?.(false);
  return descriptor;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
