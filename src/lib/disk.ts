/**
 * What is written to the disk is written here: the folders of runs, their trajectories, manifests, summaries and locks, plans,
 * reports and audits. Every call says what it writes. All callers go through the one object, whose methods tests replace to
 * inject faults. What the system throws is thrown on; callers make a WriteError of it (lib/write-file.ts).
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

/** What a call writes. */
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

/** `w`: empty or new; `wx`: new; `r+`: as it is. */
export type OpenFlags = 'w' | 'wx' | 'r+';

export const disk = {
  /** Makes a folder, and those it lies in; it may be there already. */
  makeFolder(_point: Point, path: string): void {
    mkdirSync(path, { recursive: true });
  },

  /** @returns the descriptor */
  open(_point: Point, path: string, flags: OpenFlags): number {
    return openSync(path, flags);
  },

  /** Writes all of `bytes` at a position, in as many pieces as it takes. */
  write(point: Point, file: number, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const written = disk.writeSome(point, file, bytes.subarray(done), at + done);
      if (written === 0) throw Object.assign(new Error('EIO: the disk takes no more bytes, write'), { code: 'EIO' });
      done += written;
    }
  },

  /** One call to the system. @returns how many bytes it took, which may be fewer than there are */
  writeSome(_point: Point, file: number, bytes: Uint8Array, at: number): number {
    return writeSync(file, bytes, 0, bytes.length, at);
  },

  /** Cuts a file off after `size` bytes. */
  truncate(_point: Point, file: number, size: number): void {
    ftruncateSync(file, size);
  },

  /** Returns once what was written to the file is on the disk. */
  sync(_point: Point, file: number): void {
    fsyncSync(file);
  },

  close(_point: Point, file: number): void {
    closeSync(file);
  },

  /** Puts a file in the place of another. */
  rename(_point: Point, from: string, to: string): void {
    renameSync(from, to);
  },

  /** Gives a file a second name. */
  link(_point: Point, from: string, to: string): void {
    linkSync(from, to);
  },

  /** Removes a file; it may be gone already. */
  remove(_point: Point, path: string): void {
    rmSync(path, { force: true });
  },

  /** Sets the times of a file to now. */
  touch(_point: Point, path: string): void {
    const now = new Date();
    utimesSync(path, now, now);
  },
};
