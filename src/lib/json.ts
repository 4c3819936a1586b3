/**
 * JSON of strangers, read within bounds. JSON.parse takes a moment for megabytes of plain values, but seconds for as many different
 * keys, or objects and lists: each of those is remembered or allocated on its own.
 */
import { randomInt } from 'node:crypto';
import { GhostexecError } from './errors.ts';

/** Different keys that a text may have. No request has reason to name more than a few dozen. */
export const MAX_KEYS = 100_000;
/** So many objects and lists are let pass, and one more for every so many characters: the smallest valid action takes 28. */
const FREE_CONTAINERS = 250_000;
const LENGTH_PER_CONTAINER = 24;
/** Texts that are shorter cost little, whatever they hold. */
const SHORT = 65_536;
/** Keys are told apart by a hash of so many bits; the few that fall together count as one. */
const HASH_BITS = 20;
/** Drawn, so that nobody can look for keys that fall together. */
const SEED = randomInt(2 ** 31);

/** A text with more in it than is read. */
export class CostlyJsonError extends GhostexecError {
  override readonly name = 'CostlyJsonError';
  constructor(why: string) {
    super('COSTLY_JSON', why);
  }
}

/**
 * The value of a JSON text.
 * @throws CostlyJsonError, SyntaxError
 */
export function parseBoundedJson(text: string): unknown {
  refuseCostly(text);
  return JSON.parse(text);
}

/**
 * Looks through a text, which need not be valid JSON, before it is read.
 * @throws CostlyJsonError where it has more different keys, or more objects and lists, than a text of its length may have
 */
export function refuseCostly(text: string): void {
  if (text.length < SHORT) return;
  const mostContainers = FREE_CONTAINERS + Math.floor(text.length / LENGTH_PER_CONTAINER);
  const seen = new Uint8Array(2 ** HASH_BITS);
  let keys = 0;
  let containers = 0;
  /** Of the last string: what stands before a colon is a key. */
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        hash = SEED;
        for (at++; at < text.length; at++) {
          let code = text.charCodeAt(at);
          if (code === 0x22) break;
          // What is escaped ends no string.
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
