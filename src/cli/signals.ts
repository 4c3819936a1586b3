/**
 * Signal handling of commands. The kernel drops signals to process 1 (the command of a container, for example) if it has no
 * handler. Therefore there is a handler from the start, and some commands replace it for a while.
 */
import { constants } from 'node:os';
import { isatty } from 'node:tty';

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
