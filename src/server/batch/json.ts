/** Answers as JSON. Their rows are written a few at a time, and others are served in between. */
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
