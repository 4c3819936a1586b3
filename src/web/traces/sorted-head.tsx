/** The head of a table that can be sorted by its columns. */
import { show } from './hooks.ts';
import type { View } from './link.ts';

export type Column = {
  /** Name of the column in a query; left out if the table cannot be sorted by it. */
  readonly sort?: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** The order after the first click. */
  readonly first?: 'asc' | 'desc';
};

const SIGNS = { ascending: '▲', descending: '▼', none: '' } as const;

/** @param fallback The column that the table is sorted by if the address names none. */
export function SortedHead({ columns, view, fallback }: { columns: readonly Column[]; view: View; fallback: string }) {
  const sorted = view.sort ?? fallback;
  const order = view.order === 'desc' ? 'desc' : 'asc';
  return (
    <>
      {columns.map(({ sort, title, isNumber, first = 'asc' }) => {
        const name = isNumber === true ? 'number' : undefined;
        if (sort === undefined) {
          return (
            <th key={title} scope="col" class={name}>
              {title}
            </th>
          );
        }
        const isSorted = sort === sorted;
        const state = !isSorted ? 'none' : order === 'asc' ? 'ascending' : 'descending';
        const next = !isSorted ? first : order === 'asc' ? 'desc' : 'asc';
        return (
          <th key={title} scope="col" class={name} aria-sort={state}>
            <button
              type="button"
              class="sort"
              onClick={() => show({ ...view, sort, order: next, page: undefined }, 'same')}
            >
              {title} <span aria-hidden="true">{SIGNS[state]}</span>
            </button>
          </th>
        );
      })}
    </>
  );
}
