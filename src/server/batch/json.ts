/** Answers as JSON. Rows are written a few at a time, and other requests are served in between. */
import { unpackEach } from '../../lib/msgpack.ts';
import { Turn } from '../../lib/turn.ts';
import { type Outcome, rowsOf } from './outcome.ts';

const ROWS_AT_ONCE = 64;

/** A JSON object of the given fields (at least one) and the rows of `outcome` as `results`. */
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
 * Converts the msgpack answer that `frameAnswer` wrote for an outcome into the JSON that `jsonAnswer` would write.
 * @param most The maximum number of bytes of the JSON
 * @returns undefined if the JSON would be longer
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

/** The fields of a msgpack answer without its results, and the offset of its first row. The results come last. */
function openFrame(frame: Uint8Array): { fields: Record<string, unknown>; rows: number } {
  const fields: Record<string, unknown> = {};
  let key: string | undefined;
  let results = 0;
  // The fields begin after the header of the map, which is one byte for so few fields.
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
  // The header of the list takes 1 byte for up to 15 rows, 3 bytes for a 16-bit length and 5 for a 32-bit one.
  return { fields, rows: results + (header < 0xa0 ? 1 : header === 0xdc ? 3 : 5) };
}
