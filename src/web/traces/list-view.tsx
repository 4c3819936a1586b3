/** The episodes of a run: filtered, sorted and divided into pages. Filters are kept in the address. */

import { useId, useLayoutEffect, useState } from 'preact/hooks';
import { fixed, NONE, signed } from '../../lib/text.ts';
import type { EpisodeRow } from '../../records/index/trace.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { tone } from '../panels/gauges.tsx';
import { SelectField } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { Complaint } from '../shared/frame.tsx';
import { FILTERS, linkTo, listOf, queryOf, show, useLoaded, useView, type View } from './link.ts';
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

const TYPING_MS = 250;

/** Lists the episodes with another value of a filter, from the first page on. */
function filter(view: View, name: string, value: string): void {
  show({ ...listOf(view), [name]: value, page: undefined }, 'same');
}

function Filters({ run }: { run: RunInfo }) {
  const view = useView();
  const active = [...FILTERS, 'group' as const].filter((name) => view[name] !== undefined);
  const failures = Object.keys(run.failures).filter((kind) => kind !== 'unknown');
  const isNarrow = matchMedia('(max-width: 700px)').matches;
  return (
    <details class="filters" open={!isNarrow}>
      <summary>Filters{active.length > 0 ? ` (${active.length} set)` : ''}</summary>
      <form class="filter-fields" onSubmit={(event) => event.preventDefault()}>
        <Choice name="task" label="Task" values={run.tasks} />
        <Choice name="policy" label="Policy" values={run.policies} />
        <Choice name="status" label="Status" values={['complete', 'failed']} />
        {failures.length > 0 && (
          <Choice
            name="failure"
            label="Failed by"
            values={failures}
            titles={Object.fromEntries(failures.map((kind) => [kind, words(kind)]))}
          />
        )}
        <Choice name="invalid" label="Invalid steps" values={['yes', 'no']} titles={{ yes: 'some', no: 'none' }} />
        <Range name="grade" label="Grade" />
        <Range name="return" label="Return" />
        <Typed name="text" label="Error or id contains" type="search" />
        {active.length > 0 && (
          <button
            type="button"
            onClick={() => show({ view: 'list', run: view.run, sort: view.sort, order: view.order })}
          >
            Clear filters
          </button>
        )}
      </form>
      {view.group !== undefined && <p class="small">Only episodes of group {view.group}.</p>}
    </details>
  );
}

type FieldProps = { readonly name: string; readonly label: string };
type ChoiceProps = FieldProps & {
  readonly values: readonly string[];
  readonly titles?: Readonly<Record<string, string>>;
};

function Choice({ name, label, values, titles = {} }: ChoiceProps) {
  const view = useView();
  const value = view[name] ?? '';
  // A link may contain a value that the run does not have.
  const offered = value === '' || values.includes(value) ? values : [...values, value];
  return (
    <SelectField
      label={label}
      value={value}
      options={offered.map((one) => [one, titles[one] ?? one])}
      onValue={(one) => filter(view, name, one)}
    >
      <option value="">any</option>
    </SelectField>
  );
}

function Range({ name, label }: FieldProps) {
  return (
    <fieldset class="range">
      <legend>{label}</legend>
      <Typed name={`${name}_min`} label={`${label}, at least`} type="number" />
      <span aria-hidden="true">to</span>
      <Typed name={`${name}_max`} label={`${label}, at most`} type="number" />
    </fieldset>
  );
}

/** A field to type into. The label of a number is for screen readers: the range has one. */
function Typed({ name, label, type }: FieldProps & { readonly type: 'search' | 'number' }) {
  const view = useView();
  const known = view[name] ?? '';
  const [text, setText] = useState(known);
  // A layout effect runs before the next key press, which would be lost otherwise.
  useLayoutEffect(() => setText(known), [known]);
  useLayoutEffect(() => {
    if (text === known) return;
    const timer = setTimeout(() => filter(view, name, text), TYPING_MS);
    return () => clearTimeout(timer);
  });
  const typed = (event: { readonly currentTarget: HTMLInputElement }): void => setText(event.currentTarget.value);
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={type === 'number' ? 'sr-only' : ''}>
        {label}
      </label>
      {type === 'number' ? (
        <input id={id} type="number" step="any" value={text} onInput={typed} />
      ) : (
        <input id={id} type="search" value={text} onInput={typed} />
      )}
    </div>
  );
}
