/** Compares two runs: their means by task, and their episodes with the same task and seed, sorted by difference. */

import { Fragment } from 'preact';
import type { Mean, Pair, TaskComparison } from '../../analysis/compare.ts';
import { countText, fixed, NONE, signed } from '../../lib/text.ts';
import type { CompareAnswer, RunInfo } from '../../server/web/api.ts';
import { tone } from '../panels/gauges.tsx';
import { SelectField } from '../shared/fields.tsx';
import { Card, Complaint } from '../shared/frame.tsx';
import { linkTo, number, queryOf, show, useLoaded, useView } from './link.ts';
import { WaitingNote } from './notes.tsx';
import { runOptions } from './runs-view.tsx';
import { SideBySide } from './side-by-side.tsx';
import { store } from './store.ts';
import { ListTable, Pager, type SortColumn } from './table.tsx';

// Two episodes with the same task and seed, one of each run, side by side.

export function PairView({ runs }: { runs: readonly RunInfo[] }) {
  const view = useView();
  const { a = '', b = '' } = view;
  const [infoA, infoB] = [a, b].map((id) => runs.find(({ run_id }) => run_id === id));
  const [rowA, rowB] = [number(view.row_a), number(view.row_b)];
  return (
    <SideBySide
      places={[
        { run: a, info: infoA, row: rowA, name: `A: ${infoA?.name ?? a}, episode ${rowA}` },
        { run: b, info: infoB, row: rowB, name: `B: ${infoB?.name ?? b}, episode ${rowB}` },
      ]}
    />
  );
}

const COLUMNS: readonly SortColumn[] = [
  { title: 'Task' },
  { title: 'Place', isNumber: true },
  { title: 'Return A', isNumber: true },
  { title: 'Return B', isNumber: true },
  { title: 'B − A', sort: 'return', isNumber: true },
  { title: 'Grade A', isNumber: true },
  { title: 'Grade B', isNumber: true },
  { title: 'B − A in grade', sort: 'grade', isNumber: true },
];

export function CompareView({ runs }: { runs: readonly RunInfo[] }) {
  const view = useView();
  const { a = '', b = '' } = view;
  const asked = queryOf(view, ['task', 'sort', 'order']);
  const known = runs.filter(({ run_id }) => run_id === a || run_id === b).map(({ episodes }) => episodes);
  const { value, error } = useLoaded(
    () => store.compare(a, b, asked),
    JSON.stringify([a, b, asked, known]),
    JSON.stringify([a, b]),
  );
  const set = (name: string, run: string): void => show({ ...view, [name]: run, page: undefined, task: undefined });
  return (
    <>
      <p class="row choose-pair">
        <SelectField label="A" options={runOptions(runs)} value={a} onValue={(run) => set('a', run)} />
        <SelectField label="B" options={runOptions(runs)} value={b} onValue={(run) => set('b', run)} />
        <button type="button" onClick={() => show({ ...view, a: b, b: a, page: undefined })}>
          Swap
        </button>
      </p>
      {error !== undefined && <Complaint error={error} />}
      {value === undefined && error === undefined && <WaitingNote>Comparing…</WaitingNote>}
      {value !== undefined && <Compared value={value} />}
    </>
  );
}

function Compared({ value }: { value: CompareAnswer }) {
  const view = useView();
  const { tasks, unmatched, total, rows, done } = value;
  return (
    <>
      <Card title="Task by task" note="mean ± 95 % interval (number of episodes); differences of matched episodes">
        <TaskTable tasks={tasks} />
      </Card>
      <Card title="Matched episodes" note="same task and seed, in the order of the runs">
        <p class="small muted">
          {done ? '' : 'One of the runs is still being indexed. '}
          {countText(unmatched.a)} of A and {countText(unmatched.b)} of B have no counterpart.
        </p>
        <SelectField
          label="Task"
          class="field task-choice"
          value={view.task ?? ''}
          options={tasks.map(({ task_id }) => task_id)}
          onValue={(one) => show({ ...view, task: one, page: undefined }, 'same')}
        >
          <option value="">any</option>
        </SelectField>
        <Pager total={total} noun="pair" />
        {rows.length > 0 && <PairTable rows={rows} />}
      </Card>
    </>
  );
}

const MEAN_COLUMNS = ['Task', 'Return A', 'Return B', 'B − A', 'Grade A', 'Grade B', 'B − A in grade'].map(
  (title, at): SortColumn => ({ title, isNumber: at > 0 }),
);

const MEASURES = ['return', 'grade'] as const;

function TaskTable({ tasks }: { tasks: readonly TaskComparison[] }) {
  return (
    <ListTable label="Means" caption="Means by task" columns={MEAN_COLUMNS}>
      {tasks.map(({ task_id, a, b, difference: between }) => (
        <tr key={task_id}>
          <th scope="row">{task_id}</th>
          {MEASURES.map((measure) => (
            <Fragment key={measure}>
              <td class="number">{meanText(a[measure], fixed)}</td>
              <td class="number">{meanText(b[measure], fixed)}</td>
              <td class={`number ${tone(between[measure].mean)}`}>
                <b>{meanText(between[measure], signed)}</b>
              </td>
            </Fragment>
          ))}
        </tr>
      ))}
    </ListTable>
  );
}

function meanText({ n, mean, confidence }: Mean, write: typeof fixed): string {
  if (mean === null) return NONE;
  return `${write(mean, 3)}${confidence === null ? '' : ` ± ${fixed(confidence, 3)}`} (${countText(n)})`;
}

function PairTable({ rows }: { rows: readonly Pair[] }) {
  const view = useView();
  return (
    <ListTable label="Pairs" caption="Matched episodes" columns={COLUMNS} sortedBy="return">
      {rows.map(({ task_id, place, a, b, difference: between }) => (
        <tr key={`${a.row} ${b.row}`}>
          <th scope="row">
            <a
              class="whole-row"
              href={linkTo({ ...view, view: 'pair', row_a: a.row, row_b: b.row, step: undefined })}
              aria-label={`${task_id}: episode ${a.row} of A beside episode ${b.row} of B`}
            >
              {task_id}
            </a>
          </th>
          <td class="number">{place}</td>
          <td class="number">{fixed(a.return, 3)}</td>
          <td class="number">{fixed(b.return, 3)}</td>
          <td class={`number ${tone(between.return)}`}>{signed(between.return, 3)}</td>
          <td class="number">{fixed(a.grade, 3)}</td>
          <td class="number">{fixed(b.grade, 3)}</td>
          <td class={`number ${tone(between.grade)}`}>{signed(between.grade, 3)}</td>
        </tr>
      ))}
    </ListTable>
  );
}
