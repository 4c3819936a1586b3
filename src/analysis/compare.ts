/** Compares two runs: their means by task, and their episodes with the same task and seed. Differences are B - A. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { z } from 'zod';
import { MAX_LIMIT, ORDERS, sortRows } from '../records/index/query.ts';
import type { EpisodeTable } from '../records/index/table.ts';
import { Turns } from '../records/index/trace.ts';

export const MEASURES = ['return', 'grade'] as const;

/** Parameters of a page of a comparison. */
export const compareQuerySchema = z.strictObject({
  task: z.string().optional(),
  sort: z.enum(MEASURES).default('return').describe('The difference to sort by'),
  order: z.enum(ORDERS).default('asc'),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(MAX_LIMIT).default(100),
});

export type CompareQuery = z.output<typeof compareQuerySchema>;
export type CompareQueryInput = z.input<typeof compareQuerySchema>;

/** The mean of `n` values and its standard error, which is null with fewer than two values. */
export type Mean = { readonly n: number; readonly mean: number | null; readonly standard_error: number | null };
/** Number of episodes, and the means of their returns and grades. */
export type Means = { readonly episodes: number; readonly return: Mean; readonly grade: Mean };

/** The means of one task in both runs. */
export type TaskComparison = {
  readonly task_id: string;
  readonly a: Means;
  readonly b: Means;
  /** Means of the differences of matched episodes in which both sides have the value. */
  readonly difference: Means;
};

/** One episode of a pair. */
export type Side = {
  readonly row: number;
  readonly status: string;
  readonly return: number | null;
  readonly grade: number | null;
  readonly length: number;
  readonly invalid_steps: number;
};

/** Two episodes of the same task and seed. */
export type Pair = {
  readonly task_id: string;
  readonly seed: number;
  /** Position among the episodes of its run that have the same task and seed, from 0. */
  readonly place: number;
  readonly a: Side;
  readonly b: Side;
  readonly difference: { readonly return: number | null; readonly grade: number | null };
};

/** A page of pairs, with the means of all tasks. */
export type ComparePage = {
  readonly tasks: readonly TaskComparison[];
  /** Number of episodes that have no counterpart. */
  readonly unmatched: { readonly a: number; readonly b: number };
  readonly total: number;
  readonly rows: readonly Pair[];
};

type Match = {
  readonly task: string;
  readonly seed: number;
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
  private readonly tasks: readonly TaskComparison[];
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
      a: meansOf(a, inA.get(task) ?? []),
      b: meansOf(b, inB.get(task) ?? []),
      difference: this.meanDifferences(matched.get(task) ?? []),
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

  page({ task, sort, order, offset, limit }: CompareQuery): ComparePage {
    const { matches, counts } = this;
    const key = JSON.stringify([task, sort, order]);
    if (this.sorted.key !== key) {
      const wanted = [...matches.keys()].filter((at) => task === undefined || matches[at]?.task === task);
      this.sorted = { key, wanted: sortRows(wanted, (at) => this.differenceOf(matches[at], sort), order) };
    }
    const { wanted } = this.sorted;
    return {
      tasks: this.tasks,
      unmatched: { a: counts[0] - matches.length, b: counts[1] - matches.length },
      total: wanted.length,
      rows: wanted.slice(offset, offset + limit).flatMap((at) => {
        const match = matches[at];
        return match === undefined ? [] : [this.pairOf(match)];
      }),
    };
  }

  private differenceOf(match: Match | undefined, measure: (typeof MEASURES)[number]): number {
    return match === undefined ? Number.NaN : this.b[measure].at(match.b) - this.a[measure].at(match.a);
  }

  private pairOf(match: Match): Pair {
    const { task, seed, place, a, b } = match;
    return {
      task_id: task,
      seed,
      place,
      a: sideOf(this.a, a),
      b: sideOf(this.b, b),
      difference: {
        return: orNull(this.differenceOf(match, 'return')),
        grade: orNull(this.differenceOf(match, 'grade')),
      },
    };
  }

  private meanDifferences(matches: readonly Match[]): Means {
    return {
      episodes: matches.length,
      return: meanOf(matches.map((match) => this.differenceOf(match, 'return'))),
      grade: meanOf(matches.map((match) => this.differenceOf(match, 'grade'))),
    };
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

function sideOf(table: EpisodeTable, row: number): Side {
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

/** `Map.groupBy`, which Node 20 does not have. */
function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

function meansOf(table: EpisodeTable, rows: readonly number[]): Means {
  return {
    episodes: rows.length,
    return: meanOf(rows.map((row) => table.return.at(row))),
    grade: meanOf(rows.map((row) => table.grade.at(row))),
  };
}

function meanOf(all: readonly number[]): Mean {
  const values = all.filter((value) => !Number.isNaN(value));
  const n = values.length;
  return {
    n,
    mean: n === 0 ? null : mean(values),
    standard_error: n < 2 ? null : sampleStandardDeviation(values) / Math.sqrt(n),
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
