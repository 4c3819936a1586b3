/** Exit codes: 1 for a failure, 2 for arguments that cannot be used. */

import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { CommanderError } from 'commander';
import { GhostexecError, messageOf } from '../lib/errors.ts';

export const FAILURE = 1;
export const BAD_ARGUMENTS = 2;

/** Codes of errors whose cause is in the arguments of the command. */
const ARGUMENT_CODES = new Set([
  'UNKNOWN_TASK',
  'TASK_EXISTS',
  'NO_FILE',
  'NO_PLAN',
  'UNKNOWN_POLICY',
  'BAD_POLICY',
  'NO_MODEL',
  'BAD_DIVISION',
  'RUN_EXISTS',
  'RUN_IN_USE',
  'OTHER_RUN',
  'BAD_SHARDS',
  'NO_TRACES',
  'USAGE',
]);

/** The arguments contradict each other or the files on disk. */
export class UsageError extends GhostexecError {
  override readonly name = 'UsageError';
  constructor(message: string) {
    super('USAGE', message);
  }
}

/** Ends a command whose output says all there is to say: it was interrupted, or what it checks is not right. */
export class EndedEarly extends Error {
  override readonly name = 'EndedEarly';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof EndedEarly) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_ARGUMENTS;
  if (error instanceof GhostexecError && ARGUMENT_CODES.has(error.code)) return BAD_ARGUMENTS;
  return FAILURE;
}

// What every command does if its output cannot be written.

/** Call this before the first output. */
export function guardOutput(): void {
  // stderr only carries progress and hints: if it cannot be written, the command goes on.
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader is gone, as `head` is after its lines: no output or message can reach it any more.
    if (isReaderGone(error)) process.exit();
    process.stderr.write(`ghostexec: cannot write to stdout: ${messageOf(error)}\n`);
    process.exit(FAILURE);
  });
}

/** Whether the reader closed its end of the pipe, or the terminal was closed. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || (code === 'EIO' && process.stdout.isTTY === true);
}

// * Signal handling of commands. The kernel drops signals to process 1 (the command of a container, for example) if it has no handler. Therefore there is a handler from the start, and some commands replace it for a while.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Signal = (typeof SIGNALS)[number];
type Handler = (signal: Signal) => void;

let current: Handler = endAtOnce;

/** Call this first: process 1 loses signals that arrive earlier. */
export function catchSignals(): void {
  for (const signal of SIGNALS) process.on(signal, () => current(signal));
  endWithTerminal();
}

/**
 * When Node exits, it restores the terminals that it was started on, and aborts if one was closed in the meantime. The process
 * therefore ends itself before that, after all other exit handlers, by the SIGHUP that comes with the closing.
 */
function endWithTerminal(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  const end = (code: number): void => {
    if (terminals.every((descriptor) => isatty(descriptor))) return;
    for (const other of process.listeners('exit')) if (other !== end) other.call(process, code);
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  };
  process.on('exit', end);
}

/**
 * Replaces the current handler.
 * @returns A function that restores the previous handler.
 */
export function handleSignals(handler: Handler): () => void {
  const before = current;
  current = handler;
  return () => {
    current = before;
  };
}

export function endAtOnce(signal: Signal): never {
  process.exit(exitCodeFor(signal));
}

/** 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP: the code that a shell reports for a command that a signal ended. */
export function exitCodeFor(signal: Signal): number {
  return 128 + constants.signals[signal];
}
