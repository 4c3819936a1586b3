/** Tables of runs, episodes and pairs, and the pages of a long table. */
import type { ComponentChildren } from 'preact';
import { countText, plural } from '../../lib/text.ts';
import { ScrollArea } from '../shared/frame.tsx';
import { number, PAGE_SIZE, show, useView } from './link.ts';

// The present page of a list, and buttons for the others.

type PagerProps = {
  readonly total: number;
  readonly noun: string;
  /** Whether it is the second pager, below the list. It repeats the first one, so its text is not announced again. */
  readonly isBelow?: boolean;
};

export function Pager({ total, noun, isBelow }: PagerProps) {
  const view = useView();
  const page = Math.max(0, number(view.page));
  const last = Math.max(0, Math.ceil(total / PAGE_SIZE) - 1);
  const turn = (to: number): void => show({ ...view, page: to === 0 ? undefined : to });
  const from = total === 0 ? 0 : page * PAGE_SIZE + 1;
  const ways = [
    ['First', 0, page > 0],
    ['Previous', Math.min(page - 1, last), page > 0],
    ['Next', page + 1, page < last],
    ['Last', last, page < last],
  ] as const;
  return (
    <nav class="pager" aria-label={`Pages of ${noun}s${isBelow === true ? ', below' : ''}`}>
      <span role={isBelow === true ? undefined : 'status'}>
        {total > PAGE_SIZE && page <= last
          ? `${countText(from)} to ${countText(Math.min(total, from + PAGE_SIZE - 1))} of ${countText(total)} ${noun}s`
          : plural(total, noun)}
      </span>
      {(last > 0 || page > 0) && (
        <span class="row">
          {ways.map(([title, to, isThere]) => (
            <button key={title} type="button" disabled={!isThere} onClick={() => turn(to)}>
              {title}
            </button>
          ))}
        </span>
      )}
    </nav>
  );
}

export type SortColumn = {
  /** Name of the column in a query; left out if the table cannot be sorted by it. */
  readonly sort?: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** The order after the first click. */
  readonly first?: 'asc' | 'desc';
};

const SIGNS = { ascending: '▲', descending: '▼', none: '' } as const;

type ListTableProps = {
  readonly label: string;
  readonly caption: string;
  readonly columns: readonly SortColumn[];
  /** The column that the table is sorted by if the view names none. */
  readonly sortedBy?: string;
  readonly isLoading?: boolean;
  /** The rows. */
  readonly children: ComponentChildren;
};

export function ListTable({ label, caption, columns, sortedBy, isLoading, children }: ListTableProps) {
  return (
    <ScrollArea class={isLoading === true ? 'table-area loading' : 'table-area'} label={label}>
      <table class="list">
        <caption class="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.title} column={column} sortedBy={sortedBy} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </ScrollArea>
  );
}

type HeadProps = { readonly column: SortColumn; readonly sortedBy: string | undefined };

function Head({ column: { sort, title, isNumber, first = 'asc' }, sortedBy }: HeadProps) {
  const view = useView();
  const name = isNumber === true ? 'number' : undefined;
  if (sort === undefined) {
    return (
      <th scope="col" class={name}>
        {title}
      </th>
    );
  }
  const isDown = view.order === 'desc';
  const isSorted = sort === (view.sort ?? sortedBy);
  const state = !isSorted ? 'none' : isDown ? 'descending' : 'ascending';
  const next = !isSorted ? first : isDown ? 'asc' : 'desc';
  return (
    <th scope="col" class={name} aria-sort={state}>
      <button type="button" class="sort" onClick={() => show({ ...view, sort, order: next, page: undefined }, 'same')}>
        {title} <span aria-hidden="true">{SIGNS[state]}</span>
      </button>
    </th>
  );
}
