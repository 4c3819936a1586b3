/** Seeds are integers 0 <= seed <= MAX_SEED. Every seed is exact in a double and in Python. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** One round of MurmurHash3's 32-bit finalizer (Austin Appleby, public domain): a bijection that avalanches. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Derives a seed in 0..MAX_SEED from any number of integers. The same parts give the same seed; a change of any part, or of
 * their order, gives an unrelated one. Uses two 32-bit hashes, of which 53 bits are kept.
 * @example
 * const worldSeed = deriveSeed(runSeed, 1, group);
 */
export function deriveSeed(...parts: readonly number[]): number {
  let low = 0x9e3779b9;
  let high = 0x243f6a88;
  for (const part of parts) {
    const words = [part >>> 0, Math.floor(part / 2 ** 32) >>> 0];
    for (const word of words) {
      low = mix(low ^ word) + 0x9e3779b9;
      high = mix(high + Math.imul(word, 0x5bd1e995) + low);
    }
  }
  return (mix(high) & 0x1fffff) * 2 ** 32 + mix(low ^ high);
}

/**
 * A small, fast, seedable generator: sfc32 (Chris Doty-Humphrey's PractRand, public domain), 128 bits of state.
 * @example
 * const random = new Random(7);
 * random.below(6); // 0 to 5
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(seed: number) {
    this.a = mix(seed >>> 0);
    this.b = mix(Math.floor(seed / 2 ** 32) >>> 0);
    this.c = mix(this.a ^ 0x9e3779b9);
    this.counter = 1;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** An integer, uniform in 0..2^32 - 1. */
  uint32(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** A double, uniform in [0, 1). */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer, uniform in 0..bound - 1; `bound` is at least 1. */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  /** One element of a list; `undefined` only if the list is empty. */
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}
