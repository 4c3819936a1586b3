/** Reads the episodes of a `trajectories.jsonl` of any size, one after the other. */
import { open, stat } from 'node:fs/promises';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { isNoRecord, parseRecord } from './index/line.ts';
import { isBlankLine, linesOf, type Source, TOO_LONG } from './lines.ts';
import type { EpisodeRecord } from './schema.ts';

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

/**
 * Every line that is not blank, including a last line without a newline.
 * @throws GhostexecError (FILE) if the file cannot be read
 */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  let number = 0;
  const lines = linesOf(fileSource(path));
  for (;;) {
    const next = await lines.next().catch((error: unknown) => {
      throw new GhostexecError('FILE', `cannot read ${path}: ${messageOf(error)}`);
    });
    if (next.done) return;
    const { bytes, start, length } = next.value;
    number++;
    if (bytes === undefined || !isBlankLine(bytes)) yield { number, place: { start, length }, ...parse(bytes) };
  }
}

/** The episode at a position that `readLines` yielded. @throws GhostexecError (FILE) if it is no longer there */
export async function readRecordAt(path: string, { start, length }: LineRange): Promise<EpisodeRecord> {
  const { record, damage } = parse(await fileSource(path).read(start, length));
  if (record === undefined) throw new GhostexecError('FILE', `${path} has changed while it was read: ${damage}`);
  return record;
}

function parse(line: Uint8Array | undefined): Pick<FileLine, 'record' | 'damage'> {
  const record = line === undefined ? { why: TOO_LONG } : parseRecord(line);
  return isNoRecord(record) ? { record: undefined, damage: record.why } : { record, damage: undefined };
}

/** The source of a file at a path. It is open only during a read, so that a thousand runs keep no file open. */
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
