/** The runs of the server and the files of the user, and a form to choose two of them for a comparison. */

import { useState } from 'preact/hooks';
import { countText, fixed, NONE, plural, signed } from '../../lib/text.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { tone } from '../panels/gauges.tsx';
import { SelectField } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import { linkTo, show } from './link.ts';
import { size, WaitingNote } from './notes.tsx';
import { isLocal } from './store.ts';
import { ListTable, type SortColumn } from './table.tsx';

type RunsViewProps = {
  readonly runs: readonly RunInfo[] | undefined;
  readonly onOpen: (files: readonly File[]) => Promise<void>;
};

export function RunsView({ runs, onOpen }: RunsViewProps) {
  const recorded = (runs ?? []).filter((run) => run.has_records);
  return (
    <div class="runs-view">
      <Card title="Runs" note={runs === undefined ? undefined : plural(runs.length, 'run')}>
        {runs === undefined && <WaitingNote>Asking the server…</WaitingNote>}
        {runs?.length === 0 && (
          <p>
            This server shows no runs. Open a file below, or start it with <code>ghostexec view FOLDER</code>.
          </p>
        )}
        {runs !== undefined && runs.length > 0 && <RunTable runs={runs} />}
      </Card>
      {recorded.length > 1 && <ChoosePair runs={recorded} />}
      <OpenFile onOpen={onOpen} />
    </div>
  );
}

/** The number of tasks of a run that are named. */
const MAX_TASKS = 3;

const COLUMNS: readonly SortColumn[] = [
  { title: 'Run' },
  { title: 'Last written' },
  { title: 'Policy' },
  { title: 'Grade', isNumber: true },
  { title: 'Return', isNumber: true },
  { title: 'Episodes', isNumber: true },
  { title: 'Failed', isNumber: true },
  { title: 'Tasks' },
  { title: 'State' },
  { title: 'Size', isNumber: true },
];

/** Newest first; equal ones, and those without a date, in the order of the store. */
function newestFirst(runs: readonly RunInfo[]): RunInfo[] {
  return runs.toSorted((a, b) => (b.changed ?? 0) - (a.changed ?? 0));
}

function RunTable({ runs }: { runs: readonly RunInfo[] }) {
  return (
    <ListTable label="Table of runs" caption="Runs" columns={COLUMNS}>
      {newestFirst(runs).map((run) => (
        <tr key={run.run_id}>
          <th scope="row">
            {run.has_records ? (
              <a class="whole-row" href={linkTo({ view: 'list', run: run.run_id })}>
                {run.name}
              </a>
            ) : (
              run.name
            )}{' '}
            {isLocal(run.run_id) && <span class="badge">local file</span>}
          </th>
          <td>{run.changed !== null && <DateText at={run.changed} />}</td>
          <td>{run.policies.join(', ')}</td>
          <td class="number">{run.has_records && fixed(run.mean_grade, 3)}</td>
          <td class={`number ${tone(run.mean_return)}`}>{run.has_records && signed(run.mean_return, 3)}</td>
          <td class="number">{run.has_records && countText(run.episodes)}</td>
          <td class="number">{run.has_records && failedText(run.failures)}</td>
          <td class="names">{taskText(run.tasks)}</td>
          <td>{stateOf(run)}</td>
          <td class="number">{run.has_records && size(run.bytes)}</td>
        </tr>
      ))}
    </ListTable>
  );
}

/** The date in the time zone of the reader. */
function DateText({ at }: { at: number }) {
  const date = new Date(at);
  const text = date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  return <time dateTime={date.toISOString()}>{text}</time>;
}

/** `2 policy, 1 infrastructure`: an episode that lost a call of its model says nothing about its policy. */
function failedText(failures: RunInfo['failures']): string {
  const kinds = Object.entries(failures).map(([kind, count]) => `${countText(count)} ${words(kind)}`);
  return kinds.length === 0 ? NONE : kinds.join(', ');
}

/** The first tasks by name, and how many more there are. */
function taskText(tasks: readonly string[]): string {
  const more = tasks.length - MAX_TASKS;
  return more > 1 ? `${tasks.slice(0, MAX_TASKS).join(', ')} and ${more} more` : tasks.join(', ');
}

function stateOf(run: RunInfo): string {
  const { done, error, bytes, indexed_bytes: indexed, damaged, incomplete, manifest } = run;
  if (!run.has_records) return 'no records';
  if (error !== null) return 'unreadable';
  if (!done) return `indexing, ${bytes === 0 ? 0 : Math.floor((100 * indexed) / bytes)}%`;
  const status = (manifest as { status?: unknown } | null)?.status;
  const parts = [typeof status === 'string' ? status : 'indexed'];
  if (damaged.count > 0) parts.push(`${plural(damaged.count, 'damaged line')}`);
  if (incomplete !== null) parts.push('last line cut');
  return parts.join(', ');
}

function ChoosePair({ runs }: { runs: readonly RunInfo[] }) {
  const [first, second] = runs;
  const [a, setA] = useState(first?.run_id ?? '');
  const [b, setB] = useState(second?.run_id ?? '');
  return (
    <Card title="Compare two runs">
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          show({ view: 'compare', a, b });
        }}
      >
        <SelectField label="A, before" options={runOptions(runs)} value={a} onValue={setA} />
        <SelectField label="B, after" options={runOptions(runs)} value={b} onValue={setB} />
        <button type="submit" class="primary">
          Compare
        </button>
      </form>
    </Card>
  );
}

/** The runs as options of a selection. */
export function runOptions(runs: readonly RunInfo[]): (readonly [id: string, name: string])[] {
  return runs.map(({ run_id, name }) => [run_id, isLocal(run_id) ? `${name}, local file` : name]);
}

function OpenFile({ onOpen }: { onOpen: RunsViewProps['onOpen'] }) {
  return (
    <Card title="Open files of your own">
      <label class="drop">
        <span>
          <b>Choose trajectories.jsonl</b>, or drop it anywhere on this page. It may have any size.
        </span>
        <input
          type="file"
          multiple
          accept=".jsonl,.ndjson,.json"
          onChange={(event) => {
            const files = [...(event.currentTarget.files ?? [])];
            event.currentTarget.value = '';
            void onOpen(files);
          }}
        />
        <span class="muted small">
          This page reads the file in chunks, and the file stays on your disk. When you open an episode, its task, seed
          and actions are sent to the server, which replays them.
        </span>
      </label>
    </Card>
  );
}
