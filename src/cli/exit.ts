/** Exit codes: 1 for a failure, 2 for arguments that cannot be used. */
import { CommanderError } from 'commander';
import { GhostexecError } from '../lib/errors.ts';

export const FAILURE = 1;
export const BAD_ARGUMENTS = 2;

/** Codes of errors whose cause is in the arguments of the command. */
const ARGUMENT_CODES = new Set([
  'UNKNOWN_TASK',
  'UNKNOWN_POLICY',
  'BAD_DIVISION',
  'RUN_EXISTS',
  'RUN_IN_USE',
  'OTHER_RUN',
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

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_ARGUMENTS;
  if (error instanceof GhostexecError && ARGUMENT_CODES.has(error.code)) return BAD_ARGUMENTS;
  return FAILURE;
}
