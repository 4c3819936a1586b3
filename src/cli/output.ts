/** What every command does if its output cannot be written. */
import { messageOf } from '../lib/errors.ts';
import { FAILURE } from './exit.ts';

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
