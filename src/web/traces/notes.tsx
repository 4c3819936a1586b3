/** What is said when something is not as it should be, or not there yet. */
import type { ComponentChildren } from 'preact';
import type { RunInfo } from '../../server/web/runs-api.ts';
import { ApiError } from '../shared/api.ts';
import { plural } from '../shared/format.ts';
import { count, size } from './values.ts';

export function Complaint({ error }: { error: Error }) {
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <div class="complaint" role="alert">
      <p>{error.message}</p>
      {problems.length > 0 && (
        <ul>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function Waiting({ children }: { children: ComponentChildren }) {
  return (
    <p class="muted waiting" role="status">
      {children}
    </p>
  );
}

/** How far a run is indexed, and what of its file is no record. */
export function RunNotes({ run }: { run: RunInfo }) {
  const { damaged, incomplete, error, done, bytes, indexed_bytes: indexed } = run;
  return (
    <>
      {!done && (
        <p class="indexing small" role="status">
          <progress aria-label="Bytes that are indexed" max={Math.max(1, bytes)} value={indexed} /> Indexed{' '}
          {size(indexed)} of {size(bytes)}; what is there can be used.
        </p>
      )}
      {error !== null && <Complaint error={new Error(`The file could not be read to its end: ${error}`)} />}
      {damaged.count > 0 && (
        <details class="damaged">
          <summary>
            {plural(damaged.count, 'line')} of the file {damaged.count === 1 ? 'is no record' : 'are no records'}
          </summary>
          <ul class="small">
            {damaged.first.map(({ line, why }) => (
              <li key={line}>
                Line {count(line)}: {why}
              </li>
            ))}
            {damaged.count > damaged.first.length && <li>and {count(damaged.count - damaged.first.length)} more</li>}
          </ul>
        </details>
      )}
      {incomplete !== null && (
        <p class="small muted">
          Line {count(incomplete.line)}, the last one, is not whole ({size(incomplete.bytes)}): the run is being
          written, or was interrupted.
        </p>
      )}
    </>
  );
}
