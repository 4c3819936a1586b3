/** The episodes of a run: filtered, sorted and divided into pages. */

import { fixed, NONE, signed } from '../../lib/text.ts';
import type { EpisodeRow } from '../../records/index/trace.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { tone } from '../panels/gauges.tsx';
import { Complaint } from '../shared/frame.tsx';
import { Filters } from './filters.tsx';
import { linkTo, queryOf, useLoaded, useView } from './link.ts';
import { RunNotes, StatusBadge, successText, WaitingNote } from './notes.tsx';
import { isLocal, store } from './store.ts';
import { ListTable, Pager, type SortColumn } from './table.tsx';

const COLUMNS: readonly SortColumn[] = [
  { sort: 'index', title: '#', isNumber: true },
  { sort: 'task_id', title: 'Task' },
  { sort: 'return', title: 'Return', isNumber: true, first: 'desc' },
  { sort: 'grade', title: 'Grade', isNumber: true, first: 'desc' },
  { title: 'Success' },
  { sort: 'advantage', title: 'Advantage', isNumber: true, first: 'desc' },
  { sort: 'length', title: 'Steps', isNumber: true, first: 'desc' },
  { sort: 'invalid_steps', title: 'Invalid', isNumber: true, first: 'desc' },
  { title: 'Status' },
  { title: 'Policy' },
  { title: 'Group' },
];

type ListViewProps = { readonly run: RunInfo | undefined; readonly areKnown: boolean };

export function ListView({ run, areKnown }: ListViewProps) {
  const view = useView();
  if (run !== undefined) return <Episodes run={run} />;
  if (!areKnown) return <WaitingNote>Loading the runs…</WaitingNote>;
  const why = isLocal(view.run ?? '')
    ? 'This link refers to a file on the disk of the person who created it: open that file here.'
    : 'This server does not show that run.';
  return <Complaint error={{ message: `${why} “Runs” above lists the available runs.` }} />;
}

function Episodes({ run }: { run: RunInfo }) {
  const query = queryOf(useView());
  const list = JSON.stringify([run.run_id, query]);
  const {
    value: page,
    error,
    isLoading,
  } = useLoaded(() => store.page(run.run_id, query), `${list} ${run.episodes} ${run.done}`, run.run_id);
  return (
    <>
      <RunNotes run={run} />
      <Filters run={run} />
      {error !== undefined && <Complaint error={error} />}
      {page === undefined && error === undefined && <WaitingNote>Loading the episodes…</WaitingNote>}
      {page !== undefined && (
        <>
          <Pager total={page.total} noun="episode" />
          {page.total === 0 ? (
            <p>
              {run.episodes === 0 && run.done
                ? 'There are no episodes in this file.'
                : 'No episode matches the filters.'}
            </p>
          ) : (
            <ListTable
              label="Table of episodes"
              caption="Episodes"
              columns={COLUMNS}
              sortedBy="index"
              isLoading={isLoading}
            >
              {page.rows.map((row) => (
                <Row key={row.row} row={row} />
              ))}
            </ListTable>
          )}
          {page.total > page.rows.length && <Pager total={page.total} noun="episode" isBelow />}
        </>
      )}
    </>
  );
}

function Row({ row }: { row: EpisodeRow }) {
  const view = useView();
  return (
    <>
      <tr class={row.error === null ? '' : 'has-error'}>
        <th scope="row" class="number">
          <a
            class="whole-row"
            href={linkTo({ ...view, view: 'transcript', row: row.row })}
            aria-label={`Episode ${row.row}, ${row.task_id}`}
          >
            {row.row}
          </a>
        </th>
        <td class="names">{row.task_id}</td>
        <td class={`number ${tone(row.return)}`}>{signed(row.return, 3)}</td>
        <td class="number">{fixed(row.grade, 3)}</td>
        <td>{successText(row.success)}</td>
        <td class={`number ${tone(row.advantage)}`}>{signed(row.advantage, 2)}</td>
        <td class="number">{row.length}</td>
        <td class={`number ${row.invalid_steps > 0 ? 'bad-text' : ''}`}>
          {row.invalid_steps === 0 ? NONE : row.invalid_steps}
        </td>
        <td>
          <StatusBadge summary={row} />
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
