/** What becomes of a command whose output cannot be written: the same for every command. */
import { messageOf } from '../lib/errors.ts';
import { FAILURE } from './exit.ts';

/** To be called before anything is written. */
export function guardOutput(): void {
  // What is said on stderr is said in passing: where nobody reads it, the command goes on.
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // As `head` is after its lines: nobody is left to write to, or to complain to.
    if (isReaderGone(error)) process.exit();
    process.stderr.write(`ghostexec: cannot write to stdout: ${messageOf(error)}\n`);
    process.exit(FAILURE);
  });
}

/** The other end of the pipe was closed, or the terminal was. */
function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || (code === 'EIO' && process.stdout.isTTY === true);
}
