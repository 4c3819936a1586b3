/** How large a document inside a request may be. Listing what is wrong with a huge one would take all memory there is. */
import { messageOf } from '../lib/errors.ts';
import { invalid, Problem } from './problem.ts';

/** Objects, lists and plain values together; the largest shipped scenario has a twentieth of it. */
export const MAX_VALUES = 20_000;
/** As JSON. */
const MAX_BYTES = 2 ** 20;

type Documents = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * Refuses documents that are too large. Each stands in the request under its key or index at `loc`. Values are counted first: only
 * what has few of them is written as JSON to be measured.
 * @throws Problem (422 for too many values, 413 for too many bytes)
 */
export function refuseLarge(documents: Documents, loc: readonly (string | number)[]): void {
  const entries = Array.isArray(documents) ? [...documents.entries()] : Object.entries(documents);
  for (const [key, document] of entries) {
    if (!isTooLarge(document)) continue;
    throw invalid([...loc, key], `expected a document of at most ${MAX_VALUES} values`, undefined);
  }
  for (const [key, document] of entries) refuseLong(document, [...loc, key]);
}

/** Whether a document holds more than MAX_VALUES values. */
export function isTooLarge(document: unknown): boolean {
  return countValues(document) > MAX_VALUES;
}

/** How many values a document holds; MAX_VALUES + 1 where it holds more. It looks at no more than those, however deep they lie. */
export function countValues(document: unknown): number {
  const open: unknown[] = [document];
  let seen = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (++seen > MAX_VALUES) return seen;
    if (typeof next !== 'object' || next === null) continue;
    const values = Array.isArray(next) ? next : Object.values(next);
    if (seen + open.length + values.length > MAX_VALUES) return MAX_VALUES + 1;
    for (const value of values) open.push(value);
  }
  return seen;
}

function refuseLong(document: unknown, loc: readonly (string | number)[]): void {
  if (typeof document !== 'string' && (typeof document !== 'object' || document === null)) return;
  let size: number;
  try {
    size = Buffer.byteLength(JSON.stringify(document));
  } catch (error) {
    throw invalid(loc, `expected a document that JSON can hold: ${messageOf(error)}`, null);
  }
  if (size <= MAX_BYTES) return;
  throw new Problem(
    413,
    'DOCUMENT_TOO_LARGE',
    `${loc.join('.')}: expected at most ${MAX_BYTES} bytes of JSON, got ${size}`,
  );
}
