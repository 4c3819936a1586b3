/** Queries and comparisons give the same results as a naive implementation. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Comparison, compareQuerySchema } from '../../src/analysis/compare.ts';
import { type EpisodeQuery, episodeQuerySchema, Queries, SORTS } from '../../src/records/index/query.ts';
import { EpisodeTable } from '../../src/records/index/table.ts';
import type { EpisodeRecord } from '../../src/records/schema.ts';
import { assertProperty } from '../support/property.ts';
import { episode } from './traces-support.ts';

const TASKS = ['b', 'a', 'c'];
const number = fc.option(fc.constantFrom(-1, -0.5, 0, 0.25, 0.5, 0.99));

const records = fc
  .array(
    fc.record({
      task_id: fc.constantFrom(...TASKS),
      policy: fc.constantFrom('random', 'greedy'),
      error: fc.option(fc.constantFrom('The policy FAILED', 'lost')),
      failure: fc.constantFrom(null, 'policy' as const, 'infrastructure' as const),
      return: number,
      grade: number,
      advantage: number,
      length: fc.nat(3),
      invalid_steps: fc.nat(1),
      group_id: fc.constantFrom('g0', 'g1', 'G10'),
      seed: fc.nat(1),
    }),
    { maxLength: 30 },
  )
  .map((all) => all.map((one, i) => episode(i, { ...one, status: one.error === null ? 'complete' : 'failed' })));

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const query = fc
  .record({
    task: optional(fc.constantFrom(...TASKS, 'd')),
    policy: optional(fc.constantFrom('random', 'greedy')),
    status: optional(fc.constantFrom('complete' as const, 'failed' as const)),
    failure: optional(fc.constantFrom('policy' as const, 'infrastructure' as const, 'bad_request' as const)),
    invalid: fc.constantFrom('any' as const, 'yes' as const, 'no' as const),
    grade_min: optional(fc.constantFrom(-0.5, 0.25)),
    grade_max: optional(fc.constantFrom(0, 0.5)),
    return_min: optional(fc.constantFrom(-0.5, 0.25)),
    return_max: optional(fc.constantFrom(0, 0.5)),
    text: optional(fc.constantFrom('', 'failed', 'g1', 'E2', 'nowhere')),
    group: optional(fc.constantFrom('g0', 'g1', 'g9')),
    sort: fc.constantFrom(...SORTS),
    order: fc.constantFrom('asc' as const, 'desc' as const),
    offset: fc.nat(5),
    limit: fc.integer({ min: 1, max: 10 }),
  })
  .map((asked) =>
    episodeQuerySchema.parse(Object.fromEntries(Object.entries(asked).filter(([, v]) => v !== undefined))),
  );

function tableOf(all: readonly EpisodeRecord[]): EpisodeTable {
  const table = new EpisodeTable();
  for (const [row, { steps: _, ...summary }] of all.entries()) {
    table.add(summary, { offset: row, bytes: 1, head: 1, line: row + 1 });
  }
  return table;
}

function naive(all: readonly EpisodeRecord[], q: EpisodeQuery): { total: number; rows: number[] } {
  const between = (value: number | null, least?: number, most?: number): boolean =>
    (least === undefined && most === undefined) ||
    (value !== null && (least === undefined || value >= least) && (most === undefined || value <= most));
  const text = (q.text ?? '').toLowerCase();
  const found = [...all.entries()].filter(
    ([, one]) =>
      (q.task === undefined || one.task_id === q.task) &&
      (q.policy === undefined || one.policy === q.policy) &&
      (q.status === undefined || one.status === q.status) &&
      (q.failure === undefined || one.failure === q.failure) &&
      (q.group === undefined || one.group_id === q.group) &&
      (q.invalid === 'any' || one.invalid_steps > 0 === (q.invalid === 'yes')) &&
      between(one.grade, q.grade_min, q.grade_max) &&
      between(one.return, q.return_min, q.return_max) &&
      [one.error ?? '', one.group_id, one.episode_id].some((field) => field.toLowerCase().includes(text)),
  );
  const sortedBy = (one: EpisodeRecord): number | string | null => one[q.sort];
  const known = found.filter(([, one]) => sortedBy(one) !== null);
  known.sort(([i, a], [j, b]) => {
    const [x, y] = [sortedBy(a) ?? 0, sortedBy(b) ?? 0];
    if (x === y) return i - j;
    return x < y === (q.order === 'asc') ? -1 : 1;
  });
  const rows = [...known, ...found.filter(([, one]) => sortedBy(one) === null)].map(([row]) => row);
  return { total: rows.length, rows: rows.slice(q.offset, q.offset + q.limit) };
}

test('a query finds the same rows as a naive filter and sort, also after the table has shrunk', () => {
  assertProperty(
    fc.property(records, fc.array(query, { minLength: 1, maxLength: 4 }), fc.nat(30), (all, asked, kept) => {
      const table = tableOf(all);
      const queries = new Queries(table);
      for (const q of asked) expect(queries.page(q)).toEqual(naive(all, q));
      table.truncate(Math.min(kept, all.length));
      queries.forget();
      for (const q of asked) expect(queries.page(q)).toEqual(naive(all.slice(0, kept), q));
    }),
  );
});

test('the failures by kind and the means are those of all rows, also after the table has shrunk', () => {
  const failed = (i: number, failure: 'policy' | 'infrastructure') =>
    episode(i, { status: 'failed', error: 'it failed', failure, return: null, grade: null });
  const table = tableOf([
    episode(0, { return: 1, grade: 0.25 }),
    failed(1, 'infrastructure'),
    episode(2, { return: 2, grade: null }),
    failed(3, 'policy'),
    failed(4, 'infrastructure'),
  ]);
  expect(table.failures).toEqual({ infrastructure: 2, policy: 1 });
  expect([table.return.mean, table.grade.mean, table.advantage.mean]).toEqual([1.5, 0.25, null]);
  table.truncate(2);
  expect(table.failures).toEqual({ infrastructure: 1 });
  expect(table.return.mean).toBe(1);
});

test('all pages together contain every row once', () => {
  const all = Array.from({ length: 257 }, (_, i) => episode(i, { return: i % 3 }));
  const queries = new Queries(tableOf(all));
  const rows = Array.from(
    { length: 6 },
    (_, page) => queries.page(episodeQuerySchema.parse({ sort: 'return', offset: page * 50, limit: 50 })).rows,
  ).flat();
  expect(rows).toHaveLength(257);
  expect(new Set(rows).size).toBe(257);
});

test.each([
  [{ sort: 'steps' }, 'sort'],
  [{ limit: 501 }, 'limit'],
  [{ limit: 0 }, 'limit'],
  [{ offset: -1 }, 'offset'],
  [{ grade_min: Number.NaN }, 'grade_min'],
  [{ invalid: 'maybe' }, 'invalid'],
  [{ taks: 'a' }, 'taks'],
])('%j is not a valid query', (asked, named) => {
  expect(JSON.stringify(episodeQuerySchema.safeParse(asked).error?.issues)).toContain(named);
});

test('a comparison matches episodes of the same task, seed and place, and sorts by their difference', async () => {
  await fc.assert(
    fc.asyncProperty(records, records, fc.constantFrom('return' as const, 'grade' as const), async (a, b, sort) => {
      const place = (all: readonly EpisodeRecord[], at: number): string => {
        const one = all[at];
        const alike = all.slice(0, at).filter((other) => other.task_id === one?.task_id && other.seed === one?.seed);
        return JSON.stringify([one?.task_id, one?.seed, alike.length]);
      };
      const expected = b.flatMap((other, j) => {
        const i = a.findIndex((_, at) => place(a, at) === place(b, j));
        const one = a[i];
        if (one === undefined) return [];
        const [x, y] = [one[sort], other[sort]];
        return [{ a: i, b: j, difference: x === null || y === null ? null : y - x }];
      });
      const found = (await Comparison.of(tableOf(a), tableOf(b))).page(compareQuerySchema.parse({ sort, limit: 500 }));
      expect(found.unmatched).toEqual({ a: a.length - expected.length, b: b.length - expected.length });
      expect(found.total).toBe(expected.length);
      const key = (one: { a: number; b: number }): number => one.b;
      const pairs = found.rows.map((pair) => ({ a: pair.a.row, b: pair.b.row, difference: pair.difference[sort] }));
      expect(pairs.toSorted((x, y) => key(x) - key(y))).toEqual(expected);
      const differences = pairs.map((pair) => pair.difference);
      const known = differences.filter((difference) => difference !== null);
      expect(differences.slice(0, known.length)).toEqual(known.toSorted((x, y) => x - y));
      for (const task of found.tasks) {
        const own = a.filter((one) => one.task_id === task.task_id);
        const returns = own.flatMap((one) => one.return ?? []);
        expect(task.a).toMatchObject({ episodes: own.length, return: { n: returns.length } });
        if (returns.length > 0) {
          expect(task.a.return.mean).toBeCloseTo(returns.reduce((sum, one) => sum + one, 0) / returns.length, 12);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('the means of a comparison equal those computed by hand', async () => {
  const a = [
    episode(0, { return: 1, seed: 5 }),
    episode(1, { return: 3, seed: 5 }),
    episode(2, { return: 9, seed: 6 }),
  ];
  const b = [episode(0, { return: 2, seed: 5 }), episode(1, { return: 7, seed: 5 })];
  const { tasks, unmatched } = (await Comparison.of(tableOf(a), tableOf(b))).page(compareQuerySchema.parse({}));
  expect(unmatched).toEqual({ a: 1, b: 0 });
  // The differences are 1 and 4: their mean 2.5, their deviation sqrt(4.5), its error sqrt(4.5 / 2).
  expect(tasks[0]?.difference).toMatchObject({
    episodes: 2,
    return: { n: 2, mean: 2.5, confidence: expect.closeTo(1.96 * 1.5, 12) },
  });
  expect(tasks[0]?.a.return).toMatchObject({ n: 3, mean: 13 / 3 });
  expect(tasks[0]?.b.grade).toMatchObject({ n: 2, mean: 0.5, confidence: 0 });
});
