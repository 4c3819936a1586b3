/** Reads one line of trajectories: its summary, which does not require the steps, or the whole record. */
import type { z } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { decodeUtf8 } from '../../lib/text.ts';
import { describeIssues } from '../../world/validate.ts';
import {
  type EpisodeRecord,
  type EpisodeSummary,
  episodeRecordSchema,
  episodeSummarySchema,
  oldForm,
  STEPS_KEY,
} from '../schema.ts';

/** The reason why a line is not a record. */
type NoRecord = { readonly why: string };

/** The summary of a line, and the number of bytes from which it was read. */
export type Head = { readonly summary: EpisodeSummary; readonly bytes: number };

const [OPEN, CLOSE, END, SPACE] = [0x5b, 0x5d, 0x7d, 0x20];
/** The bytes before the list of steps. Its quotes can only belong to a key: inside a text they would be escaped. */
const MARK = new TextEncoder().encode(`,${STEPS_KEY}`);

export function isNoRecord(value: object): value is NoRecord {
  return 'why' in value;
}

/** The summary of a line. If the steps come last, as they are written, only the bytes before them are read. */
export function readHead(line: Uint8Array): Head | NoRecord {
  const steps = endsList(line) ? stepsIn(line) : undefined;
  if (steps !== undefined) {
    const summary = headOf(line.subarray(0, steps));
    if (summary !== undefined) return { summary, bytes: steps };
  }
  const record = parseRecord(line);
  if (isNoRecord(record)) return record;
  const { steps: _, ...summary } = record;
  return { summary, bytes: line.length };
}

/** The summary in the bytes before the steps; undefined if they are not the whole summary. */
export function headOf(head: Uint8Array): EpisodeSummary | undefined {
  try {
    return episodeSummarySchema.safeParse(JSON.parse(`${decodeUtf8(head)}}`)).data;
  } catch {
    return undefined;
  }
}

/** The whole record of a line. */
export function parseRecord(line: Uint8Array): EpisodeRecord | NoRecord {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(line));
  } catch (error) {
    return { why: `it is not JSON: ${messageOf(error)}` };
  }
  const record: z.ZodSafeParseResult<EpisodeRecord> = episodeRecordSchema.safeParse(value);
  if (record.success) return record.data;
  return { why: oldForm(value) ?? `it is not a record: ${describeIssues(record.error, value).join('; ')}` };
}

/** The offset of `,"steps":[`. */
function stepsIn(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(OPEN); at >= 0; at = bytes.indexOf(OPEN, at + 1)) {
    const from = at - MARK.length;
    if (from >= 0 && MARK.every((byte, i) => bytes[from + i] === byte)) return from;
  }
  return undefined;
}

/** Whether a line ends like a record whose steps come last. */
function endsList(line: Uint8Array): boolean {
  let last = line.length - 1;
  while (last > 0 && (line[last] ?? 0) <= SPACE) last--;
  return line[last] === END && line[last - 1] === CLOSE;
}
