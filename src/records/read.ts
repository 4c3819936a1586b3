/** Reads the episodes of a `trajectories.jsonl` of any size, one after the other. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { parseJson } from '../lib/text.ts';
import type { Source } from './index/line.ts';
import { type EpisodeRecord, episodeRecordSchema, hasOldSteps, OLD_STEPS } from './schema.ts';
import { linesOf } from './trajectory-file.ts';

/** The position of a line in bytes, without its newline. */
export type LineRange = { readonly start: number; readonly length: number };

/** A line of the file, with its record or the reason why there is none. */
export type FileLine = {
  /** Number of the line, from 1. */
  readonly number: number;
  readonly place: LineRange;
  readonly record: EpisodeRecord | undefined;
  /** Why there is no record. */
  readonly damage: string | undefined;
};

/** The maximum number of bytes of a line; longer ones are not read. No episode is as long. */
const MAX_LINE = 256 * 1024 * 1024;

/**
 * Every line that is not blank, including a last line without a newline.
 * @throws GhostexecError (FILE) if the file cannot be read
 */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  let number = 0;
  let end = 0;
  try {
    for await (const { line, start } of linesOf(path)) {
      number++;
      end = start + line.length + 1;
      if (!isBlank(line)) yield { number, place: { start, length: line.length }, ...parse(line) };
    }
    const { size } = statOf(path);
    if (size > end) {
      const place = { start: end, length: size - end };
      const line = readPlace(path, place);
      if (!isBlank(line)) yield { number: number + 1, place, ...parse(line) };
    }
  } catch (error) {
    if (error instanceof GhostexecError) throw error;
    throw new GhostexecError('FILE', `cannot read ${path}: ${messageOf(error)}`);
  }
}

/** The episode at a position that `readLines` yielded. @throws GhostexecError (FILE) if it is no longer there */
export function readRecordAt(path: string, place: LineRange): EpisodeRecord {
  const { record, damage } = parse(readPlace(path, place));
  if (record === undefined) throw new GhostexecError('FILE', `${path} has changed while it was read: ${damage}`);
  return record;
}

function parse(line: Buffer): Pick<FileLine, 'record' | 'damage'> {
  if (line.length > MAX_LINE) return { record: undefined, damage: `it is ${line.length} bytes long` };
  let value: unknown;
  try {
    value = parseJson(line.toString('utf8'));
  } catch {
    return { record: undefined, damage: 'it is not JSON' };
  }
  const found = episodeRecordSchema.safeParse(value);
  if (found.success) return { record: found.data, damage: undefined };
  if (hasOldSteps(value)) return { record: undefined, damage: OLD_STEPS };
  const [issue] = found.error.issues;
  return { record: undefined, damage: `${issue?.path.join('.') || 'the record'}: ${issue?.message ?? 'not a record'}` };
}

function isBlank(line: Buffer): boolean {
  return line.length < 1_000 && line.toString('latin1').trim() === '';
}

function statOf(path: string): { size: number } {
  const file = openSync(path, 'r');
  try {
    return fstatSync(file);
  } finally {
    closeSync(file);
  }
}

function readPlace(path: string, { start, length }: LineRange): Buffer {
  const bytes = Buffer.alloc(Math.min(length, MAX_LINE + 1));
  const file = openSync(path, 'r');
  try {
    let read = 0;
    while (read < bytes.length) {
      const more = readSync(file, bytes, read, bytes.length - read, start + read);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

// Reads ranges of a file of this machine. The file is open only during a read, so that a thousand runs keep no file open.

/** The source of a file at a path. */
export function fileSource(path: string): Source {
  return {
    size: async () => (await stat(path)).size,
    read: async (offset, length) => {
      const file = await open(path);
      try {
        const bytes = Buffer.allocUnsafe(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return bytes.subarray(0, done);
      } finally {
        await file.close();
      }
    },
  };
}
