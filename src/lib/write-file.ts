/** Files that are written as a whole: a reader, or the next start after a crash, finds the old content or the new one. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { GhostexecError, messageOf } from './errors.ts';

/**
 * Writes a text beside the file, has it on the disk, and renames it.
 * @throws GhostexecError (FILE) that names the path; the old content is still there then
 */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(draft, 'w');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new GhostexecError('FILE', `cannot write ${path}: ${howToGoOn(error)}`, { cause: error });
  }
}

/** What the system says, and what helps, where it is known. */
export function howToGoOn(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const help =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? '; free some space on that disk and run the command again'
      : code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
        ? '; choose a place that this user may write to'
        : '';
  return messageOf(error) + help;
}
