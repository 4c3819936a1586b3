/**
 * Writes everything that goes to the disk: the folders of runs, their trajectories, manifests, summaries and locks, plans, reports
 * and audits. Each call names what it writes. All callers use the same object, whose methods tests replace to inject faults.
 * Errors of the system are not caught here; callers convert them to a WriteError (lib/write-file.ts).
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';

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
  | 'address';

/** `w` creates the file or empties it; `wx` creates it and fails if it exists; `r+` opens it unchanged. */
export type OpenFlags = 'w' | 'wx' | 'r+';

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
