/** Compares two runs: their means by task, and their episodes with the same task and seed. Differences are B - A. */
import { mean } from 'simple-statistics';
import { z } from 'zod';
import { confidenceOf } from '../lib/confidence.ts';
import { groupBy } from '../lib/group.ts';
import { MAX_LIMIT, ORDERS, sortRows } from '../records/index/query.ts';
import type { EpisodeTable } from '../records/index/table.ts';
import { Turns } from '../records/index/trace.ts';

const MEASURES = ['return', 'grade'] as const;
type Measure = (typeof MEASURES)[number];

/** Parameters of a page of a comparison. */
export const compareQuerySchema = z.strictObject({
  task: z.string().optional(),
  sort: z.enum(MEASURES).default('return').describe('The difference to sort by'),
  order: z.enum(ORDERS).default('asc'),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(MAX_LIMIT).default(100),
});

type CompareQuery = z.output<typeof compareQuerySchema>;

/** The mean of `n` values, and half its 95 % confidence interval, which is null with fewer than two values. */
export type Mean = ReturnType<typeof meanOf>;
/** Number of episodes, and the means of their returns and grades. */
export type Means = ReturnType<typeof meansOf>;
/** A page of pairs, with the means of all tasks. */
export type ComparePage = ReturnType<Comparison['page']>;
/** The means of one task in both runs. */
export type TaskComparison = ComparePage['tasks'][number];
/** Two episodes of the same task and seed. */
export type Pair = ComparePage['rows'][number];

/** Two rows with the same task and seed. */
type Match = {
  readonly task: string;
  readonly seed: number;
  /** Position among the episodes of its run that have the same task and seed, from 0. */
  readonly place: number;
  readonly a: number;
  readonly b: number;
};

/** The comparison of two runs, for the rows that were indexed when it was made. */
export class Comparison {
  readonly a: EpisodeTable;
  readonly b: EpisodeTable;
  /** Number of rows of each run that were compared. */
  readonly counts: readonly [number, number];
  private readonly matches: readonly Match[];
  private readonly tasks;
  /** The matches that the last query selected, sorted, so that the next page needs no sorting. */
  private sorted: { readonly key: string; readonly wanted: readonly number[] } = { key: '', wanted: [] };

  private constructor(a: EpisodeTable, b: EpisodeTable, counts: readonly [number, number], matches: readonly Match[]) {
    this.a = a;
    this.b = b;
    this.counts = counts;
    this.matches = matches;
    const [inA, inB] = [rowsByTask(a, counts[0]), rowsByTask(b, counts[1])];
    const matched = groupBy(matches, ({ task }) => task);
    this.tasks = [...new Set([...inA.keys(), ...inB.keys()])].map((task) => ({
      task_id: task,
      a: meansOf(inA.get(task) ?? [], (row, measure) => a[measure].at(row)),
      b: meansOf(inB.get(task) ?? [], (row, measure) => b[measure].at(row)),
      /** Means of the differences of matched episodes in which both sides have the value. */
      difference: meansOf(matched.get(task) ?? [], (match, measure) => this.differenceOf(match, measure)),
    }));
  }

  /** Matches the episodes of two runs. Works in slices (turn.ts). */
  static async of(a: EpisodeTable, b: EpisodeTable): Promise<Comparison> {
    const counts = [a.count, b.count] as const;
    const turns = new Turns();
    const rows = new Map<string, number>();
    for await (const { key, row } of keysOf(a, counts[0], turns)) rows.set(key, row);
    const matches: Match[] = [];
    for await (const { key, row, place } of keysOf(b, counts[1], turns)) {
      const other = rows.get(key);
      if (other === undefined) continue;
      matches.push({ task: taskOf(b, row), seed: b.seed.at(row), place, a: other, b: row });
    }
    return new Comparison(a, b, counts, matches);
  }

  page({ task, sort, order, offset, limit }: CompareQuery) {
    const { matches, counts } = this;
    const key = JSON.stringify([task, sort, order]);
    if (this.sorted.key !== key) {
      const wanted = [...matches.keys()].filter((at) => task === undefined || matches[at]?.task === task);
      this.sorted = { key, wanted: sortRows(wanted, (at) => this.differenceOf(matches[at], sort), order) };
    }
    const { wanted } = this.sorted;
    return {
      tasks: this.tasks,
      /** Number of episodes that have no counterpart. */
      unmatched: { a: counts[0] - matches.length, b: counts[1] - matches.length },
      total: wanted.length,
      rows: wanted.slice(offset, offset + limit).flatMap((at) => this.pairAt(at)),
    };
  }

  private differenceOf(match: Match | undefined, measure: Measure): number {
    return match === undefined ? Number.NaN : this.b[measure].at(match.b) - this.a[measure].at(match.a);
  }

  private pairAt(at: number) {
    const match = this.matches[at];
    if (match === undefined) return [];
    const { task, seed, place, a, b } = match;
    const difference = {
      return: orNull(this.differenceOf(match, 'return')),
      grade: orNull(this.differenceOf(match, 'grade')),
    };
    return [{ task_id: task, seed, place, a: sideOf(this.a, a), b: sideOf(this.b, b), difference }];
  }
}

/** The key that an episode shares with its counterpart: task, seed, and its position among the episodes with both. */
async function* keysOf(
  table: EpisodeTable,
  count: number,
  turns: Turns,
): AsyncGenerator<{ key: string; row: number; place: number }> {
  const places = new Map<string, number>();
  for (let row = 0; row < count; row++) {
    if (turns.over) await turns.give();
    const alike = `${table.seed.at(row)} ${taskOf(table, row)}`;
    const place = places.get(alike) ?? 0;
    places.set(alike, place + 1);
    yield { key: `${place} ${alike}`, row, place };
  }
}

function taskOf(table: EpisodeTable, row: number): string {
  return table.names.task.list[table.task.at(row)] ?? '';
}

function sideOf(table: EpisodeTable, row: number) {
  return {
    row,
    status: table.names.status.list[table.status.at(row)] ?? '',
    return: orNull(table.return.at(row)),
    grade: orNull(table.grade.at(row)),
    length: table.length.at(row),
    invalid_steps: table.invalid_steps.at(row),
  };
}

function rowsByTask(table: EpisodeTable, count: number): Map<string, number[]> {
  return groupBy(
    Array.from({ length: count }, (_, row) => row),
    (row) => taskOf(table, row),
  );
}

function meansOf<T>(all: readonly T[], measured: (one: T, measure: Measure) => number) {
  return {
    episodes: all.length,
    return: meanOf(all.map((one) => measured(one, 'return'))),
    grade: meanOf(all.map((one) => measured(one, 'grade'))),
  };
}

function meanOf(all: readonly number[]) {
  const values = all.filter((value) => !Number.isNaN(value));
  const n = values.length;
  return {
    n,
    mean: n === 0 ? null : mean(values),
    confidence: confidenceOf(values) ?? null,
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
