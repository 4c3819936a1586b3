/** Answers as JSON. Their rows are written a few at a time, and others are served in between. */
import { unpackEach } from '../../lib/msgpack.ts';
import { Turn } from '../../lib/turn.ts';
import { type Outcome, rowsOf } from './outcome.ts';

const ROWS_AT_ONCE = 64;

/** An object of the given fields, of which there is at least one, and the rows of `outcome` as `results`. */
export async function jsonAnswer(
  fields: Readonly<Record<string, unknown>>,
  outcome: Outcome | undefined,
): Promise<Buffer> {
  const head = JSON.stringify(fields);
  if (outcome === undefined) return Buffer.from(head);
  const parts = [Buffer.from(`${head.slice(0, -1)},"results":[`)];
  const turn = new Turn();
  for (let from = 0; from < outcome.envIds.length; from += ROWS_AT_ONCE) {
    await turn.rest();
    const rows = JSON.stringify(rowsOf(outcome, from, from + ROWS_AT_ONCE)).slice(1, -1);
    parts.push(Buffer.from(from === 0 ? rows : `,${rows}`));
  }
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}

/**
 * The same JSON of an answer that was written as msgpack by `frameAnswer`, of an outcome.
 * @param most Bytes that it may have.
 * @returns undefined where it has more
 */
export async function jsonOfFrame(frame: Uint8Array, most: number): Promise<Buffer | undefined> {
  const { fields, rows } = openFrame(frame);
  const parts = [Buffer.from(`${JSON.stringify(fields).slice(0, -1)},"results":[`)];
  let size = parts[0]?.length ?? 0;
  const turn = new Turn();
  for (let at = rows; at < frame.length; ) {
    await turn.rest();
    const some: unknown[] = [];
    unpackEach(frame, at, (row, end) => {
      at = end;
      return some.push(row) < ROWS_AT_ONCE;
    });
    const part = Buffer.from(`${parts.length === 1 ? '' : ','}${JSON.stringify(some).slice(1, -1)}`);
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}

/** The fields of a frame that are not its results, and where the first of those begins. They come last. */
function openFrame(frame: Uint8Array): { fields: Record<string, unknown>; rows: number } {
  const fields: Record<string, unknown> = {};
  let key: string | undefined;
  let results = 0;
  // Behind the header of the map: it has few fields, and its header is one byte.
  unpackEach(frame, 1, (value, end) => {
    if (key === undefined) key = String(value);
    else {
      fields[key] = value;
      key = undefined;
    }
    results = end;
    return key !== 'results';
  });
  const header = frame[results] ?? 0;
  // A list of up to 15, of 16 bits or of 32 bits.
  return { fields, rows: results + (header < 0xa0 ? 1 : header === 0xdc ? 3 : 5) };
}
