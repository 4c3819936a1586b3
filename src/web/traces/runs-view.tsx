/** The runs of the server and the files of the user, and a form to choose two of them for a comparison. */

import { useState } from 'preact/hooks';
import { countText, plural } from '../../lib/text.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { SelectField } from '../shared/fields.tsx';
import { Card } from '../shared/frame.tsx';
import { linkTo, show } from './link.ts';
import { size, WaitingNote } from './notes.tsx';
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

const COLUMNS: readonly SortColumn[] = [
  { title: 'Run' },
  { title: 'Episodes', isNumber: true },
  { title: 'Size', isNumber: true },
  { title: 'Policy' },
  { title: 'Tasks' },
  { title: 'State' },
];

function RunTable({ runs }: { runs: readonly RunInfo[] }) {
  return (
    <ListTable label="Table of runs" caption="Runs" columns={COLUMNS}>
      {runs.map((run) => (
        <tr key={run.run_id}>
          <th scope="row">
            {run.has_records ? (
              <a class="whole-row" href={linkTo({ view: 'list', run: run.run_id })}>
                {run.name}
              </a>
            ) : (
              run.name
            )}
          </th>
          <td class="number">{run.has_records && countText(run.episodes)}</td>
          <td class="number">{run.has_records && size(run.bytes)}</td>
          <td>{run.policies.join(', ')}</td>
          <td class="names">{run.tasks.join(', ')}</td>
          <td>{stateOf(run)}</td>
        </tr>
      ))}
    </ListTable>
  );
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
  return runs.map(({ run_id, name }) => [run_id, name]);
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
