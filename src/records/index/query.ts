/** Filters, sorts and pages the episodes of a file. */
import { z } from 'zod';
import { FAILURES } from '../schema.ts';
import type { EpisodeTable, NumberColumn } from './table.ts';

export const SORTS = ['index', 'task_id', 'return', 'grade', 'advantage', 'length', 'invalid_steps'] as const;
export const MAX_LIMIT = 500;

export const INVALID = ['any', 'yes', 'no'] as const;
export const ORDERS = ['asc', 'desc'] as const;

/** Bounds are inclusive. An episode without the value is never within bounds. */
export const episodeQuerySchema = z.strictObject({
  task: z.string().optional(),
  status: z.enum(['complete', 'failed']).optional(),
  failure: z.enum(FAILURES).optional(),
  policy: z.string().optional(),
  invalid: z.enum(INVALID).default('any').describe('Whether it has invalid steps'),
  grade_min: z.number().optional(),
  grade_max: z.number().optional(),
  return_min: z.number().optional(),
  return_max: z.number().optional(),
  text: z
    .string()
    .optional()
    .describe('A text in the error, or in the id of the episode or of its group; ignores upper and lower case'),
  group: z.string().optional().describe('The whole id of the group'),
  sort: z.enum(SORTS).default('index'),
  order: z.enum(ORDERS).default('asc'),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(MAX_LIMIT).default(100),
});

export type EpisodeQuery = z.output<typeof episodeQuerySchema>;
export type EpisodeQueryInput = z.input<typeof episodeQuerySchema>;

type Test = (row: number) => boolean;

/** Answers queries. Keeps the sorted rows, so that the next page needs no sorting. */
export class Queries {
  private readonly table: EpisodeTable;
  private readonly orders = new Map<string, Uint32Array>();
  private sorted = 0;

  constructor(table: EpisodeTable) {
    this.table = table;
  }

  /** The rows of a page, and the number of rows on all pages together. */
  page({ offset, limit, ...query }: EpisodeQuery): { total: number; rows: number[] } {
    const tests = testsOf(this.table, query);
    const rows: number[] = [];
    let total = 0;
    if (tests !== undefined) {
      for (const row of this.inOrder(query.sort, query.order)) {
        if (!tests.every((test) => test(row))) continue;
        if (total >= offset && rows.length < limit) rows.push(row);
        total++;
      }
    }
    return { total, rows };
  }

  /** Discards the sorted rows after a change of the table. */
  forget(): void {
    this.orders.clear();
  }

  /** All rows, sorted. Rows without the value come last in either order, and rows with equal values stay in the order of the file. */
  private inOrder(sort: EpisodeQuery['sort'], order: EpisodeQuery['order']): Uint32Array {
    const { count } = this.table;
    if (this.sorted !== count) this.forget();
    this.sorted = count;
    const key = `${sort} ${order}`;
    let rows = this.orders.get(key);
    if (rows === undefined) {
      rows = sortRows(
        Uint32Array.from({ length: count }, (_, row) => row),
        sortKey(this.table, sort),
        order,
      );
      this.orders.set(key, rows);
    }
    return rows;
  }
}

function sortKey(table: EpisodeTable, sort: EpisodeQuery['sort']): (row: number) => number {
  if (sort === 'index') return (row) => row;
  if (sort !== 'task_id') return (row) => table[sort].at(row);
  const { list } = table.names.task;
  const ranks = new Map([...list].sort().map((name, rank) => [name, rank]));
  return (row) => ranks.get(list[table.task.at(row)] ?? '') ?? 0;
}

/** Sorts in place. Rows with an equal `key` are sorted in ascending order. NaN comes last. */
export function sortRows<R extends Uint32Array | number[]>(
  rows: R,
  key: (row: number) => number,
  order: 'asc' | 'desc',
): R {
  const sign = order === 'asc' ? 1 : -1;
  rows.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === y) return a - b;
    if (Number.isNaN(x)) return Number.isNaN(y) ? a - b : 1;
    return Number.isNaN(y) ? -1 : sign * (x - y);
  });
  return rows;
}

/** The tests that a row must pass; undefined if no row can. */
function testsOf(table: EpisodeTable, query: Omit<EpisodeQuery, 'offset' | 'limit'>): Test[] | undefined {
  const tests: Test[] = [];
  for (const name of ['task', 'policy', 'status', 'failure', 'group'] as const) {
    const wanted = query[name];
    if (wanted === undefined) continue;
    const id = table.names[name].find(wanted);
    if (id === undefined) return undefined;
    tests.push((row) => table[name].at(row) === id);
  }
  if (query.invalid !== 'any') tests.push((row) => table.invalid_steps.at(row) > 0 === (query.invalid === 'yes'));
  const within = (column: NumberColumn, least = -Infinity, most = Infinity): Test => {
    return (row) => column.at(row) >= least && column.at(row) <= most;
  };
  const { grade_min, grade_max, return_min, return_max, text } = query;
  if (grade_min !== undefined || grade_max !== undefined) tests.push(within(table.grade, grade_min, grade_max));
  if (return_min !== undefined || return_max !== undefined) tests.push(within(table.return, return_min, return_max));
  if (text !== undefined && text !== '') tests.push(holds(table, text));
  return tests;
}

function holds(table: EpisodeTable, text: string): Test {
  const wanted = text.toLowerCase();
  const has = (name: string): boolean => name.toLowerCase().includes(wanted);
  const errors = table.names.error.list.map(has);
  const groups = table.names.group.list.map(has);
  return (row) =>
    errors[table.error.at(row)] === true || groups[table.group.at(row)] === true || has(table.episodeIds[row] ?? '');
}
