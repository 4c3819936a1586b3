/** The episodes of a run: filtered, sorted and divided into pages. */

import { countText, plural } from '../../lib/text.ts';
import type { EpisodeRow } from '../../records/index/trace.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { ScrollArea } from '../shared/frame.tsx';
import { Filters } from './filters.tsx';
import { linkTo, number, PAGE_SIZE, queryOf, show, useLoaded, type View } from './link.ts';
import { Complaint, difference, figure, NONE, RunNotes, toneClass, WaitingNote } from './notes.tsx';
import { isLocal, store } from './store.ts';

// The present page of a list, and buttons for the others.

type PagerProps = {
  readonly view: View;
  readonly total: number;
  readonly noun: string;
  /** Whether it is the second pager, below the list. It repeats the first one, so its text is not announced again. */
  readonly isBelow?: boolean;
};

export function Pager({ view, total, noun, isBelow }: PagerProps) {
  const page = Math.max(0, number(view.page));
  const last = Math.max(0, Math.ceil(total / PAGE_SIZE) - 1);
  const turn = (to: number): void => show({ ...view, page: to === 0 ? undefined : to });
  const from = total === 0 ? 0 : page * PAGE_SIZE + 1;
  return (
    <nav class="pager" aria-label={`Pages of ${noun}s${isBelow === true ? ', below' : ''}`}>
      <span role={isBelow === true ? undefined : 'status'}>
        {total > PAGE_SIZE && page <= last
          ? `${countText(from)} to ${countText(Math.min(total, from + PAGE_SIZE - 1))} of ${countText(total)} ${noun}s`
          : plural(total, noun)}
      </span>
      {(last > 0 || page > 0) && (
        <span class="row">
          <button type="button" disabled={page === 0} onClick={() => turn(0)}>
            First
          </button>
          <button type="button" disabled={page === 0} onClick={() => turn(Math.min(page - 1, last))}>
            Previous
          </button>
          <button type="button" disabled={page >= last} onClick={() => turn(page + 1)}>
            Next
          </button>
          <button type="button" disabled={page >= last} onClick={() => turn(last)}>
            Last
          </button>
        </span>
      )}
    </nav>
  );
}

// The head of a table that can be sorted by its columns.

export type SortColumn = {
  /** Name of the column in a query; left out if the table cannot be sorted by it. */
  readonly sort?: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** The order after the first click. */
  readonly first?: 'asc' | 'desc';
};

const SIGNS = { ascending: '▲', descending: '▼', none: '' } as const;

/** @param fallback The column that the table is sorted by if the address names none. */
export function SortedHead({
  columns,
  view,
  fallback,
}: {
  columns: readonly SortColumn[];
  view: View;
  fallback: string;
}) {
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

const COLUMNS: readonly SortColumn[] = [
  { sort: 'index', title: '#', isNumber: true },
  { sort: 'task_id', title: 'Task' },
  { sort: 'return', title: 'Return', isNumber: true, first: 'desc' },
  { sort: 'grade', title: 'Grade', isNumber: true, first: 'desc' },
  { sort: 'advantage', title: 'Advantage', isNumber: true, first: 'desc' },
  { sort: 'length', title: 'Steps', isNumber: true, first: 'desc' },
  { sort: 'invalid_steps', title: 'Invalid', isNumber: true, first: 'desc' },
  { title: 'Status' },
  { title: 'Policy' },
  { title: 'Group' },
];

type ListViewProps = { readonly view: View; readonly run: RunInfo | undefined; readonly areKnown: boolean };

export function ListView({ view, run, areKnown }: ListViewProps) {
  if (run !== undefined) return <Episodes view={view} run={run} />;
  if (!areKnown) return <WaitingNote>Loading the runs…</WaitingNote>;
  const why = isLocal(view.run ?? '')
    ? 'This link refers to a file on the disk of the person who created it: open that file here.'
    : 'This server does not show that run.';
  return <Complaint error={new Error(`${why} “Runs” above lists the available runs.`)} />;
}

function Episodes({ view, run }: { view: View; run: RunInfo }) {
  const query = queryOf(view);
  const list = JSON.stringify([run.run_id, query]);
  const {
    value: page,
    error,
    isLoading,
  } = useLoaded(() => store.page(run.run_id, query), `${list} ${run.episodes} ${run.done}`, run.run_id);
  return (
    <>
      <RunNotes run={run} />
      <Filters view={view} run={run} />
      {error !== undefined && <Complaint error={error} />}
      {page === undefined && error === undefined && <WaitingNote>Loading the episodes…</WaitingNote>}
      {page !== undefined && (
        <>
          <Pager view={view} total={page.total} noun="episode" />
          {page.total === 0 ? (
            <p>
              {run.episodes === 0 && run.done
                ? 'There are no episodes in this file.'
                : 'No episode matches the filters.'}
            </p>
          ) : (
            <ScrollArea class={isLoading ? 'table-area loading' : 'table-area'} label="Table of episodes">
              <table class="list">
                <caption class="sr-only">Episodes</caption>
                <thead>
                  <tr>
                    <SortedHead columns={COLUMNS} view={view} fallback="index" />
                  </tr>
                </thead>
                <tbody>
                  {page.rows.map((row) => (
                    <Row key={row.row} row={row} view={view} />
                  ))}
                </tbody>
              </table>
            </ScrollArea>
          )}
          {page.total > page.rows.length && <Pager view={view} total={page.total} noun="episode" isBelow />}
        </>
      )}
    </>
  );
}

function Row({ row, view }: { row: EpisodeRow; view: View }) {
  return (
    <>
      <tr class={row.error === null ? '' : 'has-error'}>
        <th scope="row" class="number">
          <a
            class="whole-row"
            href={linkTo({ ...view, view: 'episode', row: row.row })}
            aria-label={`Episode ${row.row}, ${row.task_id}`}
          >
            {row.row}
          </a>
        </th>
        <td class="names">{row.task_id}</td>
        <td class={`number ${toneClass(row.return)}`}>{difference(row.return)}</td>
        <td class="number">{figure(row.grade)}</td>
        <td class={`number ${toneClass(row.advantage)}`}>{difference(row.advantage, 2)}</td>
        <td class="number">{row.length}</td>
        <td class={`number ${row.invalid_steps > 0 ? 'bad-text' : ''}`}>
          {row.invalid_steps === 0 ? NONE : row.invalid_steps}
        </td>
        <td>
          <span class={`badge ${row.status === 'failed' ? 'bad' : 'ok'}`}>{row.status}</span>
        </td>
        <td class="names">{row.policy}</td>
        <td>
          <a class="above-row" href={linkTo({ ...view, view: 'group', of: row.group_id })}>
            {row.group_id}
          </a>
        </td>
      </tr>
      {row.error !== null && (
        <tr class="error-row">
          <td />
          <td colSpan={COLUMNS.length - 1}>{row.error}</td>
        </tr>
      )}
    </>
  );
}
