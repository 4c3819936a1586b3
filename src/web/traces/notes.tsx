/** Notes about errors, damaged files and data that is still being loaded. */

import type { ComponentChildren } from 'preact';
import { countText, NONE, plural } from '../../lib/text.ts';
import type { EpisodeSummary } from '../../records/schema.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { words } from '../shared/format.ts';
import { Complaint } from '../shared/frame.tsx';

/** A number of bytes with a decimal unit, such as `12.3 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** Whether an episode succeeded; NONE without a grade. */
export function successText(success: boolean | null): string {
  return success === null ? NONE : success ? '✓ yes' : '✗ no';
}

/** The status of an episode. One that lost a call of its model says nothing about its policy, so its badge looks otherwise. */
export function StatusBadge({ summary: { status, failure } }: { summary: Pick<EpisodeSummary, 'status' | 'failure'> }) {
  const look = status !== 'failed' ? 'ok' : failure === 'infrastructure' ? 'high' : 'bad';
  return <span class={`badge ${look}`}>{failure === null ? status : `${status}: ${words(failure)}`}</span>;
}

export function WaitingNote({ children }: { children: ComponentChildren }) {
  return (
    <p class="muted waiting" role="status">
      {children}
    </p>
  );
}

/** Shows how far a run is indexed, and which lines of its file are not records. */
export function RunNotes({ run }: { run: RunInfo }) {
  const { damaged, incomplete, error, done, bytes, indexed_bytes: indexed } = run;
  return (
    <>
      {!done && (
        <p class="indexing small" role="status">
          <progress aria-label="Bytes that are indexed" max={Math.max(1, bytes)} value={indexed} /> Indexed{' '}
          {size(indexed)} of {size(bytes)}; the indexed part can be used already.
        </p>
      )}
      {error !== null && <Complaint error={{ message: `The file could not be read to its end: ${error}` }} />}
      {damaged.count > 0 && (
        <details class="damaged">
          <summary>
            {plural(damaged.count, 'line')} of the file {damaged.count === 1 ? 'is not a record' : 'are not records'}
          </summary>
          <ul class="small">
            {damaged.first.map(({ line, why }) => (
              <li key={line}>
                Line {countText(line)}: {why}
              </li>
            ))}
            {damaged.count > damaged.first.length && (
              <li>and {countText(damaged.count - damaged.first.length)} more</li>
            )}
          </ul>
        </details>
      )}
      {incomplete !== null && (
        <p class="small muted">
          Line {countText(incomplete.line)}, the last one, is incomplete ({size(incomplete.bytes)}): the run still
          writes it, or was interrupted.
        </p>
      )}
    </>
  );
}
