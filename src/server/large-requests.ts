/**
 * Large requests and messages begin one at a time, each in its own turn of the event loop. To parse one and to compile a scenario in
 * it may take a good part of a second. Sixty of them in one turn would make all other clients wait for all of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import { invalid, Problem } from './problem.ts';

/** Requests and messages below this number of bytes cost little, whatever their content. */
const LARGE_BYTES = 65_536;

export class Gate {
  private last: Promise<void> = Promise.resolve();

  /** Resolves when a large request or message may begin, after all earlier large ones. Undefined if it is small and may begin at once. */
  turnOf(bytes: number): Promise<void> | undefined {
    if (bytes < LARGE_BYTES) return undefined;
    this.last = this.last.then(() => nextTurn());
    return this.last;
  }
}

// Limits the size of documents in requests. To list everything that is wrong with a huge document would use up the memory.

/** The maximum number of objects, lists and plain values of a document. The largest shipped scenario has a twentieth of it. */
export const MAX_VALUES = 20_000;
/** The maximum size of a document as JSON. */
const MAX_BYTES = 2 ** 20;

type Documents = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * Refuses documents that are too large. `documents` has their keys or indices in the request, below `loc`. Values are counted first:
 * only a document with few values is written as JSON to measure its bytes.
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

/** The number of values in a document, or MAX_VALUES + 1 if there are more. It visits no further values, at any depth. */
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
