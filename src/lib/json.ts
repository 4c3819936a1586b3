/**
 * Parses untrusted JSON within bounds. JSON.parse takes milliseconds for megabytes of plain values, but seconds for the same
 * amount of distinct keys, objects or lists, each of which it allocates.
 */
import { randomInt } from 'node:crypto';
import { GhostexecError } from './errors.ts';

/** The maximum number of distinct keys in a text. A request needs at most a few dozen. */
export const MAX_KEYS = 100_000;
/**
 * A text may have this many objects and lists, plus one for each LENGTH_PER_CONTAINER characters. The smallest valid action
 * has 28 characters.
 */
const FREE_CONTAINERS = 250_000;
const LENGTH_PER_CONTAINER = 24;
/** Shorter texts cost little, whatever they contain. */
const SHORT = 65_536;
/** Keys are distinguished by a hash of this number of bits. The few keys with equal hashes count as one. */
const HASH_BITS = 20;
/** A random seed, so that a client cannot search for keys with equal hashes. */
const SEED = randomInt(2 ** 31);

/** A text contains more keys, objects or lists than allowed. */
export class CostlyJsonError extends GhostexecError {
  override readonly name = 'CostlyJsonError';
  constructor(why: string) {
    super('COSTLY_JSON', why);
  }
}

/**
 * Parses a JSON text.
 * @throws CostlyJsonError, SyntaxError
 */
export function parseBoundedJson(text: string): unknown {
  refuseCostly(text);
  return JSON.parse(text);
}

/**
 * Scans a text, which need not be valid JSON, before it is parsed.
 * @throws CostlyJsonError if it has more distinct keys, or more objects and lists, than a text of its length may have
 */
export function refuseCostly(text: string): void {
  if (text.length < SHORT) return;
  const mostContainers = FREE_CONTAINERS + Math.floor(text.length / LENGTH_PER_CONTAINER);
  const seen = new Uint8Array(2 ** HASH_BITS);
  let keys = 0;
  let containers = 0;
  /** The hash of the last string. A string before a colon is a key. */
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        hash = SEED;
        for (at++; at < text.length; at++) {
          let code = text.charCodeAt(at);
          if (code === 0x22) break;
          // An escaped quotation mark does not end a string.
          if (code === 0x5c) code = text.charCodeAt(++at);
          hash = Math.imul(hash ^ code, 0x01000193);
        }
        break;
      case 0x3a: {
        // :
        const place = (hash ^ (hash >>> 15)) & (2 ** HASH_BITS - 1);
        if (seen[place] === 1) break;
        seen[place] = 1;
        if (++keys > MAX_KEYS) throw new CostlyJsonError(`it has more than ${MAX_KEYS} different keys`);
        break;
      }
      case 0x5b: // [
      case 0x7b: // {
        if (++containers <= mostContainers) break;
        throw new CostlyJsonError(`it has more than ${mostContainers} objects and lists in ${text.length} characters`);
    }
  }
}
