/**
 * What signals do to a command. The kernel keeps them from process 1, as the command of a container is, where that has no
 * handler of its own; so there is one from the start, and some commands put theirs in its place for a while.
 */
import { constants } from 'node:os';
import { isatty } from 'node:tty';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Signal = (typeof SIGNALS)[number];
type Handler = (signal: Signal) => void;

let current: Handler = endAtOnce;

/** To be called before anything else: what comes earlier is lost on process 1. */
export function catchSignals(): void {
  for (const signal of SIGNALS) process.on(signal, () => current(signal));
  endWithTerminal();
}

/**
 * At its exit Node puts back the terminals that it was started on, and aborts where one was closed meanwhile. The process
 * ends before that, as the SIGHUP ends it that comes with the closing: after what else is to be done at the exit.
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

/** @returns what puts the handler back that was there before */
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

/** 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP: as a shell says it of a command that a signal ended. */
export function exitCodeFor(signal: Signal): number {
  return 128 + constants.signals[signal];
}
