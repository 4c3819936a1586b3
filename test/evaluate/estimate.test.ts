/** The estimators: against their definitions, and against intervals that ignore worlds. */
import { combinations } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { estimateOf, passAll } from '../../src/evaluate/evaluation.ts';

describe('pass^k', () => {
  test('is the share of the sets of k episodes in which all pass', () => {
    for (let n = 1; n <= 6; n++) {
      for (let c = 0; c <= n; c++) {
        const passed = Array.from({ length: n }, (_, index) => index < c);
        for (let k = 1; k <= n; k++) {
          const sets = combinations(passed, k);
          const share = sets.filter((set) => set.every(Boolean)).length / sets.length;
          expect(passAll(n, c, k), `${n} ${c} ${k}`).toBeCloseTo(share, 12);
        }
      }
    }
  });

  test('needs k episodes', () => expect(passAll(3, 3, 4)).toBeNull());

  test('is unbiased: over all outcomes of n throws of a coin, its mean is p^k', () => {
    const [n, k, p] = [5, 3, 0.3];
    let mean = 0;
    for (let outcome = 0; outcome < 2 ** n; outcome++) {
      const c = [...outcome.toString(2)].filter((bit) => bit === '1').length;
      mean += p ** c * (1 - p) ** (n - c) * (passAll(n, c, k) ?? 0);
    }
    expect(mean).toBeCloseTo(p ** k, 12);
  });
});

describe('an estimate', () => {
  const two = [
    [0.1, 0.1, 0.1, 0.1],
    [0.9, 0.9],
  ];

  test('counts every world alike, however many episodes it has', () => {
    expect(estimateOf(two)).toMatchObject({ mean: 0.5, worlds: 2 });
  });

  test('has an interval of whole worlds: episodes that are alike do not make it narrower', () => {
    const once = estimateOf([[0.1], [0.5], [0.9]]);
    const often = estimateOf([0.1, 0.5, 0.9].map((grade) => Array<number>(50).fill(grade)));
    expect(often.low).toBeCloseTo(once.low ?? Number.NaN, 12);
    expect(often.high).toBeCloseTo(once.high ?? Number.NaN, 12);
    expect(once.low).toBeLessThan(0.3);
    expect(once.high).toBeGreaterThan(0.7);
  });

  test('is close to the normal interval with many worlds', () => {
    const worlds = Array.from({ length: 200 }, (_, index) => [(index * 37) % 100]);
    const { mean, low, high } = estimateOf(worlds);
    expect(mean).toBeCloseTo(49.5, 10);
    const half = (1.96 * Math.sqrt((100 ** 2 - 1) / 12)) / Math.sqrt(200);
    expect(low).toBeCloseTo(49.5 - half, 0);
    expect(high).toBeCloseTo(49.5 + half, 0);
  });

  test('of one world resamples its episodes; one episode has no interval', () => {
    const { low, high } = estimateOf([[0.2, 0.4, 0.6]]);
    expect(low).toBeGreaterThanOrEqual(0.2);
    expect(high).toBeLessThanOrEqual(0.6);
    expect((low ?? 1) < (high ?? 0)).toBe(true);
    expect(estimateOf([[0.3]])).toEqual({ mean: 0.3, low: null, high: null, worlds: 1 });
  });

  test('leaves out worlds without values', () => {
    expect(estimateOf([[], [0.3]])).toEqual({ mean: 0.3, low: null, high: null, worlds: 1 });
    expect(estimateOf([])).toEqual({ mean: null, low: null, high: null, worlds: 0 });
  });

  test('is the same every time', () => expect(estimateOf(two)).toEqual(estimateOf(two)));
});
