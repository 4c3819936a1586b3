/** Seeds and random numbers: stable across versions, and good enough for their purpose. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveSeed, MAX_SEED, Random } from '../../src/lib/random.ts';
import { assertProperty } from '../support/property.ts';
import { list } from '../support/worlds.ts';

const seeds = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, MAX_SEED));

describe('deriveSeed', () => {
  test.each([
    [[], 2428802742011684],
    [[0], 7012852944771914],
    [[1], 3008736971689590],
    [[0, 0, 0], 7667396839322330],
    [[1, 0, 0], 4034100470230738],
    [[0, 1, 0], 1829333550314337],
    [[0, 0, 1], 329189617268397],
    [[42, 7, 3], 43796156735565],
    [[4294967296, 0, 0], 3898533632142010],
    [[MAX_SEED, MAX_SEED, MAX_SEED], 6042426306597215],
  ])('of %j is %i, today and in every later version', (parts, seed) => {
    expect(deriveSeed(...parts)).toBe(seed);
  });

  test('gives an integer from 0 to MAX_SEED, the same for the same parts', () => {
    const property = fc.property(fc.array(fc.oneof(seeds, fc.maxSafeInteger()), { maxLength: 6 }), (parts) => {
      const seed = deriveSeed(...parts);
      expect(Number.isSafeInteger(seed) && seed >= 0 && seed <= MAX_SEED).toBe(true);
      expect(deriveSeed(...parts)).toBe(seed);
    });
    assertProperty(property, { runs: 2000 });
  });

  test('gives 216,000 different seeds to 216,000 triples of root, environment and episode', () => {
    const roots = [0, 1, 2, 7, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, MAX_SEED - 1, MAX_SEED];
    const seen = new Set<number>();
    for (const root of roots) {
      for (let env = 0; env < 180; env++)
        for (let index = 0; index < 100; index++) seen.add(deriveSeed(root, env, index));
    }
    expect(seen.size).toBe(roots.length * 180 * 100);
  });

  test('tells apart the order of the parts, their number, and parts that differ only above 2^32', () => {
    const property = fc.property(seeds, seeds, (a, b) => {
      fc.pre(a !== b);
      const derived = [
        deriveSeed(a, b),
        deriveSeed(b, a),
        deriveSeed(a),
        deriveSeed(b),
        deriveSeed(a, b, 0),
        deriveSeed(0, a, b),
      ];
      expect(new Set(derived).size).toBe(derived.length);
    });
    assertProperty(property, { runs: 1000 });
    expect(deriveSeed(1)).not.toBe(deriveSeed(1 + 2 ** 32));
  });

  test('changes about half of its bits with any one bit of any part', () => {
    const bits = (seed: number): bigint => BigInt(seed);
    let flipped = 0;
    let cases = 0;
    for (let sample = 0; sample < 200; sample++) {
      const parts = [sample * 7919, sample, 3];
      for (const place of [0, 1, 2]) {
        for (const bit of [0, 5, 17, 30]) {
          const changed = parts.map((part, index) => (index === place ? part ^ (1 << bit) : part));
          const difference = bits(deriveSeed(...parts)) ^ bits(deriveSeed(...changed));
          flipped += [...difference.toString(2)].filter((digit) => digit === '1').length;
          cases += 1;
        }
      }
    }
    expect(flipped / cases).toBeGreaterThan(53 / 2 - 0.5);
    expect(flipped / cases).toBeLessThan(53 / 2 + 0.5);
  });
});

describe('Random', () => {
  test.each([
    [0, [3477314667, 2426963060, 1082546327, 2107455720]],
    [1, [1258304663, 2600494223, 2649665304, 3491068348]],
    [42, [2669569921, 689534109, 97087313, 2128397827]],
    [4294967296, [4286305818, 4226932031, 268148298, 2283450516]],
    [MAX_SEED, [995293687, 1925511945, 1767794085, 3418476474]],
  ])('seeded with %i begins as it always has', (seed, numbers) => {
    const random = new Random(seed);
    expect(list(4, () => random.uint32())).toEqual(numbers);
  });

  test('gives the same sequence for the same seed and another one for another seed', () => {
    const sequence = (seed: number): string => {
      const random = new Random(seed);
      return list(8, () => random.uint32()).join();
    };
    const property = fc.property(seeds, seeds, (a, b) => {
      expect(sequence(a)).toBe(sequence(a));
      if (a !== b) expect(sequence(a)).not.toBe(sequence(b));
    });
    assertProperty(property, { runs: 1000 });
  });

  test('keeps its numbers in range', () => {
    const property = fc.property(seeds, fc.integer({ min: 1, max: 1000 }), (seed, bound) => {
      const random = new Random(seed);
      for (let i = 0; i < 20; i++) {
        const [word, float, below] = [random.uint32(), random.float(), random.below(bound)];
        expect(Number.isInteger(word) && word >= 0 && word < 2 ** 32).toBe(true);
        expect(float >= 0 && float < 1).toBe(true);
        expect(Number.isInteger(below) && below >= 0 && below < bound).toBe(true);
      }
    });
    assertProperty(property);
  });

  test('picks every element, and nothing from an empty list', () => {
    const random = new Random(5);
    expect(new Set(list(200, () => random.pick(['a', 'b', 'c'])))).toEqual(new Set(['a', 'b', 'c']));
    expect(random.pick([])).toBeUndefined();
  });

  test.each([1, 2, 3, 0xdecade])('spreads its floats evenly (seed %i)', (seed) => {
    const bins = 64;
    const draws = 64_000;
    const counts = new Array<number>(bins).fill(0);
    const random = new Random(seed);
    for (let i = 0; i < draws; i++) {
      const bin = Math.floor(random.float() * bins);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const expected = draws / bins;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: one part in a million lies above 132, one below 22.
    expect(chiSquare).toBeLessThan(132);
    expect(chiSquare).toBeGreaterThan(22);
  });

  test('spreads consecutive pairs evenly, for the first numbers of neighbouring seeds too', () => {
    const bins = 16;
    const counts = new Array<number>(bins * bins).fill(0);
    const draws = 25_600;
    for (let seed = 0; seed < draws; seed++) {
      const random = new Random(seed);
      const cell = random.below(bins) * bins + random.below(bins);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    const expected = draws / counts.length;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: one part in a million lies above 378, one below 161.
    expect(chiSquare).toBeLessThan(378);
    expect(chiSquare).toBeGreaterThan(161);
  });
});
