/** Compares the search for overlapping meetings with a check of every pair. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileScenario } from '../../src/world/compile.ts';
import {
  countOverlappingPairs,
  countOverlapsOf,
  overlap,
  overlappingPairs,
  sweepOverlaps,
} from '../../src/world/facts.ts';
import { scenarioSchema } from '../../src/world/schema.ts';
import { CANCELLED, EpisodeState, NOT_ARRIVED } from '../../src/world/state.ts';
import { assertProperty } from '../support/property.ts';
import { meeting, scenario } from '../support/worlds.ts';

const MINUTE = 60e6;

/** Quarters of an hour, so that starts are often equal and ends often touch. */
type Slot = { readonly from: number; readonly lasts: number; readonly place: number; readonly status: number };
type Calendar = { readonly slots: readonly Slot[]; readonly travel: number };

const calendars = (maxLength: number): fc.Arbitrary<Calendar> =>
  fc.record({
    slots: fc.array(
      fc.record({
        from: fc.nat({ max: 40 }),
        lasts: fc.integer({ min: 1, max: 6 }),
        place: fc.integer({ min: -1, max: 3 }),
        status: fc.constantFrom(0, 0, 0, 0, 0, CANCELLED, NOT_ARRIVED),
      }),
      { maxLength, size: 'max' },
    ),
    travel: fc.constantFrom(0, 0, 10, 15, 20, 60),
  });

/** A state in which the meetings have these times. */
function stage({ slots, travel }: Calendar) {
  const meetings = slots.map(({ lasts }, index) =>
    meeting(`m${index}`, '2026-06-22T09:00:00', { duration_minutes: 15 * lasts }),
  );
  const base = compileScenario(scenarioSchema.parse(scenario({ meetings })));
  const c = { ...base, places: Int32Array.from(slots, ({ place }) => place), travel: travel * MINUTE };
  const s = new EpisodeState(c.layout, c.initialRegion.slice().buffer);
  for (const [index, { from, status }] of slots.entries()) {
    s.meetingStart[index] = (s.meetingStart[index] ?? 0) + 15 * MINUTE * from;
    s.meetingCancelled[index] = status;
  }
  return { c, s };
}

/** Checks every pair. */
function everyPair({ c, s }: ReturnType<typeof stage>): [number, number][] {
  const pairs: [number, number][] = [];
  for (let a = 0; a < c.layout.meetings; a++) {
    for (let b = a + 1; b < c.layout.meetings; b++) if (overlap(c, s, a, b)) pairs.push([a, b]);
  }
  return pairs;
}

describe.each([12, 260])('in a calendar of at most %i meetings', (maxLength) => {
  test('the pairs are counted, found and swept as in a check of every pair', () => {
    const property = fc.property(calendars(maxLength), fc.integer({ min: 1, max: 30 }), (calendar, limit) => {
      const { c, s } = stage(calendar);
      const pairs = everyPair({ c, s });
      expect(countOverlappingPairs(c, s)).toBe(pairs.length);
      expect(overlappingPairs(c, s, limit)).toEqual(pairs.slice(0, limit));
      const swept: [number, number][] = [];
      sweepOverlaps(c, s, (a, b) => swept.push([a, b]) > 0);
      expect(swept.sort(([a, b], [x, y]) => a - x || b - y)).toEqual(pairs);
      for (let one = 0; one < c.layout.meetings; one++) {
        expect(countOverlapsOf(c, s, one)).toBe(pairs.filter((pair) => pair.includes(one)).length);
      }
    });
    assertProperty(property, { runs: maxLength < 100 ? 400 : 40 });
  });
});

describe('the sweep', () => {
  const many = 4_000;

  test('compares only pairs that overlap, in a world without travel', () => {
    const slots = Array.from({ length: many }, (_, index) => ({ from: index, lasts: 1, place: -1, status: 0 }));
    const { c, s } = stage({ slots, travel: 0 });
    expect(sweepOverlaps(c, s, () => true)).toBe(0);
    expect(countOverlappingPairs(c, s)).toBe(0);
  });

  test('stops when the visitor returns false', () => {
    const slots = Array.from({ length: many }, () => ({ from: 0, lasts: 1, place: -1, status: 0 }));
    const { c, s } = stage({ slots, travel: 0 });
    let seen = 0;
    expect(sweepOverlaps(c, s, () => ++seen < 201)).toBe(201);
    expect(countOverlappingPairs(c, s)).toBe((many * (many - 1)) / 2);
    expect(overlappingPairs(c, s, 200)).toEqual(Array.from({ length: 200 }, (_, index) => [0, index + 1]));
  });
});
