/** One line of trajectories: its summary, for which the steps need not be read, and the whole record. */
import type { z } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { decodeUtf8 } from '../../lib/text.ts';
import { describeIssues } from '../../world/validate.ts';
import {
  type EpisodeRecord,
  type EpisodeSummary,
  episodeRecordSchema,
  episodeSummarySchema,
  hasOldSteps,
  OLD_STEPS,
  STEPS_KEY,
} from '../records.ts';

/** What a line is instead of a record. */
export type NoRecord = { readonly why: string };

/** `bytes`: how much of the line was needed. */
export type Head = { readonly summary: EpisodeSummary; readonly bytes: number };

const [OPEN, CLOSE, END, SPACE] = [0x5b, 0x5d, 0x7d, 0x20];
/** What stands before the list of the steps. Its quotes can only be those of a key: inside a text they would be escaped. */
const MARK = new TextEncoder().encode(`,${STEPS_KEY}`);

export function isNoRecord(value: object): value is NoRecord {
  return 'why' in value;
}

/** The summary of a line. Where the steps stand last, as they are written, only what is before them is read. */
export function readHead(line: Uint8Array): Head | NoRecord {
  const steps = endsList(line) ? stepsIn(line) : undefined;
  if (steps !== undefined) {
    const summary = headOf(line.subarray(0, steps));
    if (summary !== undefined) return { summary, bytes: steps };
  }
  const record = readRecord(line);
  if (isNoRecord(record)) return record;
  const { steps: _, ...summary } = record;
  return { summary, bytes: line.length };
}

/** What stands before the steps; undefined where it is not the whole summary. */
export function headOf(head: Uint8Array): EpisodeSummary | undefined {
  try {
    return episodeSummarySchema.safeParse(JSON.parse(`${decodeUtf8(head)}}`)).data;
  } catch {
    return undefined;
  }
}

/** The whole record of a line. */
export function readRecord(line: Uint8Array): EpisodeRecord | NoRecord {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(line));
  } catch (error) {
    return { why: `it is not JSON: ${messageOf(error)}` };
  }
  const record: z.ZodSafeParseResult<EpisodeRecord> = episodeRecordSchema.safeParse(value);
  if (record.success) return record.data;
  return { why: hasOldSteps(value) ? OLD_STEPS : `it is no record: ${describeIssues(record.error, value).join('; ')}` };
}

/** Where `,"steps":[` begins. */
export function stepsIn(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(OPEN); at >= 0; at = bytes.indexOf(OPEN, at + 1)) {
    const from = at - MARK.length;
    if (from >= 0 && MARK.every((byte, i) => bytes[from + i] === byte)) return from;
  }
  return undefined;
}

/** Whether a line ends as a record does whose steps stand last. */
function endsList(line: Uint8Array): boolean {
  let last = line.length - 1;
  while (last > 0 && (line[last] ?? 0) <= SPACE) last--;
  return line[last] === END && line[last - 1] === CLOSE;
}
