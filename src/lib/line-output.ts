/**
 * Writes lines to stdout or stderr for a process that must go on if they cannot be written: because the pipe is full, its reader
 * is gone, the disk is full or the terminal is stopped. Writing never waits and never throws.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** The maximum number of bytes held while a reader is slow; further lines are dropped. */
const MOST_BYTES = 2 ** 20;
/** The pause before a full pipe is tried again. It doubles after each attempt at which nothing could be written. */
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

type Descriptor = 1 | 2;

/** Writes lines to stdout (1) or stderr (2) without waiting. */
export class LineOutput {
  private readonly descriptor: Descriptor;
  private readonly notice: ((lost: number) => string) | undefined;
  /** The descriptor that is written to; the first line opens it. */
  private target: number | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Whether lines are dropped until all held lines are written, so that the lost lines are consecutive. */
  private isOverfull = false;
  /** Whether only a part of the last line was written. */
  private isTorn = false;
  private timer: NodeJS.Timeout | undefined;
  private pause = SHORTEST_PAUSE_MS;
  private lost = 0;
  private unreported = 0;

  /** @param notice Returns a line, with its newline, that reports the number of lost lines. It is written when writing works again. */
  constructor(descriptor: Descriptor, notice?: (lost: number) => string) {
    this.descriptor = descriptor;
    this.notice = notice;
  }

  /** Number of lines dropped so far. */
  get dropped(): number {
    return this.lost;
  }

  /** Writes a line, or holds it until it can be written. @param line Must end with a newline. */
  write(line: string): void {
    // If the rest of a torn line was dropped, this line begins on a line of its own.
    const bytes = Buffer.from(this.isTorn && this.held.length === 0 ? `\n${line}` : line);
    if (this.isOverfull || this.heldBytes + bytes.length > MOST_BYTES) {
      this.isOverfull = this.held.length > 0;
      this.drop(1);
      return;
    }
    this.hold(bytes);
    if (this.timer === undefined) this.flushSync();
  }

  /** Writes as many held lines as possible without waiting. The rest is retried by a timer, and once more when the process exits. */
  flushSync(): void {
    const before = this.heldBytes;
    try {
      while (this.held.length > 0) {
        this.writeHeld();
        if (this.unreported > 0 && this.notice !== undefined) this.hold(Buffer.from(this.notice(this.unreported)));
        this.unreported = 0;
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
    this.unreported += lines;
  }

  /** Writes the held lines, and removes those that were written. @throws the error of the system */
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
 * Opens the pipe or terminal again, for a file description of its own: O_NONBLOCK is a flag of the description, and the shell and
 * the other processes that it started share the one of stdout. Files do not block, and must be written at their shared offset.
 * Undefined for files, and if it cannot be opened: sockets (ENXIO), pipes and terminals of another user (EACCES), no /proc.
 */
function ownDescription(descriptor: Descriptor): number | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO() && !isatty(descriptor)) return undefined;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** Uses the shared description. Node's streams make a socket or pipe non-blocking when they are first accessed, but not a terminal. */
function unblocked(descriptor: Descriptor): Descriptor {
  const stream: object = descriptor === 1 ? process.stdout : process.stderr;
  const { _handle } = stream as { _handle?: { setBlocking?: (on: boolean) => number } };
  _handle?.setBlocking?.(false);
  return descriptor;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
