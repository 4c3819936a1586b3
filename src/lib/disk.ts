/**
 * Writes everything that goes to the disk: the folders of runs, their trajectories, manifests, summaries and locks, plans, reports
 * and audits. Each call names what it writes. All callers use the same object, whose methods tests replace to inject faults.
 * Errors of the system are not caught here; callers convert them to a WriteError.
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GhostexecError, messageOf } from './errors.ts';

// Writes files as a whole: a reader, or the next start after a crash, finds either the old content or the new content.

/** A path that cannot be written. The message contains the path, the error of the system and what to do. */
export class WriteError extends GhostexecError {
  readonly path: string;

  /** @param again The end of the message: what to do when the cause is gone. */
  constructor(path: string, cause: unknown, again = 'run the command again') {
    super('FILE', `cannot write ${path}: ${messageOf(cause)}; ${remedyFor(cause)} and ${again}`, { cause });
    this.path = path;
  }
}

/** Runs `work`. @throws WriteError instead of an error that `work` throws, unless it is a GhostexecError already */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof GhostexecError ? error : new WriteError(path, error);
  }
}

/** Creates a folder and its parents. @throws WriteError */
export function makeFolder(path: string): void {
  writing(path, () => disk.makeFolder('folder', path));
}

/**
 * Writes a text to a draft beside the file, syncs it to the disk, and renames it to `path`.
 * @param text The text, or its parts, which may be more than fit into one string.
 * @throws WriteError, and the old content is still there then
 */
export function writeWhole(point: Point, path: string, text: string | Iterable<string>): void {
  removeDrafts(point, path);
  const draft = writeDraft(point, path, text);
  writing(path, () => {
    try {
      disk.rename(point, draft, path);
    } catch (error) {
      removeIfPossible(point, draft);
      throw error;
    }
  });
}

/**
 * Writes a text to a draft beside a file and syncs it to the disk. No other process writes to the same draft.
 * @returns the path of the draft, which the caller renames, links or removes
 * @throws WriteError that names the file, and no draft is left then
 */
export function writeDraft(point: Point, path: string, text: string | Iterable<string>): string {
  const draft = `${path}.${process.pid}.tmp`;
  writing(path, () => {
    try {
      const file = disk.open(point, draft, 'w');
      try {
        let at = 0;
        for (const part of typeof text === 'string' ? [text] : text) {
          const bytes = Buffer.from(part);
          disk.write(point, file, bytes, at);
          at += bytes.length;
        }
        disk.sync(point, file);
      } finally {
        disk.close(point, file);
      }
    } catch (error) {
      removeIfPossible(point, draft);
      throw error;
    }
  });
  return draft;
}

/** Removes the drafts of a file that were left behind by processes that no longer run. */
export function removeDrafts(point: Point, path: string): void {
  const folder = dirname(path);
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) removeIfPossible(point, join(folder, name));
  }
}

/** Removes a file and ignores errors: a file that stays does no harm, and its error must not hide another one. */
export function removeIfPossible(point: Point, path: string): void {
  try {
    disk.remove(point, path);
  } catch {
    // The next write or the next start removes it.
  }
}

/** Whether a process with this pid runs on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process runs as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What to do, by the error codes of the system. */
const REMEDIES: readonly (readonly [ReadonlySet<unknown>, string])[] = [
  [new Set(['ENOSPC', 'EDQUOT']), 'free some space on that disk'],
  [new Set(['EACCES', 'EROFS', 'EPERM']), 'choose a place that this user may write to, or make it writable,'],
  [new Set(['EFBIG']), 'allow larger files there (ulimit -f)'],
  [new Set(['EIO']), 'check that disk'],
];

function remedyFor(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  return REMEDIES.find(([codes]) => codes.has(code))?.[1] ?? 'put that right';
}

/** The kind of file that a call writes. */
export type Point =
  | 'folder'
  | 'lock'
  | 'manifest'
  | 'trajectories'
  | 'summary'
  | 'plan'
  | 'report'
  | 'audit'
  | 'dataset'
  | 'address'
  | 'answers';

/** `w` creates the file or empties it; `wx` creates it and fails if it exists; `r+` opens it unchanged. */
type OpenFlags = 'w' | 'wx' | 'r+';

/** All calls that write to the disk. The first argument names the kind of file, for the tests that inject faults. */
export const disk = {
  /** Creates a folder and its parents. It may exist already. */
  makeFolder(_point: Point, path: string): void {
    mkdirSync(path, { recursive: true });
  },

  /** Opens a file. @returns its descriptor */
  open(_point: Point, path: string, flags: OpenFlags): number {
    return openSync(path, flags);
  },

  /** Writes all of `bytes` at offset `at`, with as many calls as needed. */
  write(point: Point, file: number, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const written = disk.writeSome(point, file, bytes.subarray(done), at + done);
      if (written === 0) throw Object.assign(new Error('EIO: the disk takes no more bytes, write'), { code: 'EIO' });
      done += written;
    }
  },

  /** Makes one system call. @returns the number of bytes written, which may be less than the length of `bytes` */
  writeSome(_point: Point, file: number, bytes: Uint8Array, at: number): number {
    return writeSync(file, bytes, 0, bytes.length, at);
  },

  /** Truncates a file to `size` bytes. */
  truncate(_point: Point, file: number, size: number): void {
    ftruncateSync(file, size);
  },

  /** Returns when everything that was written to the file is on the disk. */
  sync(_point: Point, file: number): void {
    fsyncSync(file);
  },

  close(_point: Point, file: number): void {
    closeSync(file);
  },

  /** Renames a file; an existing file at `to` is replaced. */
  rename(_point: Point, from: string, to: string): void {
    renameSync(from, to);
  },

  /** Creates a hard link. */
  link(_point: Point, from: string, to: string): void {
    linkSync(from, to);
  },

  /** Removes a file, if it exists. */
  remove(_point: Point, path: string): void {
    rmSync(path, { force: true });
  },

  /** Sets the times of a file to now. */
  touch(_point: Point, path: string): void {
    const now = new Date();
    utimesSync(path, now, now);
  },
};
