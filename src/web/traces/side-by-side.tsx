/** Several episodes in columns with aligned steps. One step is open in all columns. */

import { fixed, plural, signed } from '../../lib/text.ts';
import type { EpisodeRecord } from '../../records/schema.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { ActionView, actionWords } from '../panels/action.tsx';
import { tone } from '../panels/gauges.tsx';
import { RewardView } from '../panels/reward.tsx';
import { Complaint, ScrollArea } from '../shared/frame.tsx';
import { linkTo, number, useLoaded, useStep, useView } from './link.ts';
import { WaitingNote } from './notes.tsx';
import { type ReplayedEpisode, replayRecord, stepOf } from './replayed.tsx';
import { Scrubber } from './reward-strip.tsx';
import { store } from './store.ts';

/** An episode of a run, and the title of its column. */
type EpisodePlace = {
  readonly run: string;
  /** Undefined while the runs are not known. */
  readonly info: RunInfo | undefined;
  readonly row: number;
  readonly name: string;
};
type EpisodeColumn = EpisodePlace & { readonly record: EpisodeRecord; readonly replayed: ReplayedEpisode | undefined };

export function SideBySide({ places }: { places: readonly EpisodePlace[] }) {
  const key = JSON.stringify(places.map(({ run, info, row }) => [run, info === undefined, row]));
  const { value: columns, error } = useLoaded(() => Promise.all(places.map(load)), key);
  if (error !== undefined) return <Complaint error={error} />;
  if (columns === undefined) return <WaitingNote>Reading and replaying the episodes…</WaitingNote>;
  return <Columns columns={columns} />;
}

async function load(place: EpisodePlace): Promise<EpisodeColumn> {
  const record = await store.record(place.run, place.row);
  // If the replay fails, the record can still be shown.
  const replayed = await replayRecord(record, place.info).catch(() => undefined);
  return { ...place, record, replayed };
}

function Columns({ columns }: { columns: readonly EpisodeColumn[] }) {
  const last = Math.max(0, ...columns.map(({ record }) => record.steps.length));
  const [step, setStep] = useStep(last);
  const steps = Array.from({ length: last }, (_, at) => at + 1);
  const differing = columns.filter(({ replayed }) => replayed?.difference !== undefined);
  return (
    <>
      <Scrubber step={step} last={last} onStep={setStep} />
      {differing.length > 0 && (
        <p class="complaint" role="alert">
          Played again, {differing.map(({ name }) => name).join(', ')}{' '}
          {differing.length === 1 ? 'differs from its record' : 'differ from their records'}: they were recorded with
          another version of the scenario or of Ghostexec.
        </p>
      )}
      <ScrollArea class="table-area" label="Episodes side by side">
        <table class="list side-by-side">
          <caption class="sr-only">Episodes side by side, step by step</caption>
          <thead>
            <tr>
              <th scope="col" class="corner">
                Step
              </th>
              {columns.map((column) => (
                <th key={`${column.run} ${column.row}`} scope="col">
                  <ColumnHead column={column} step={step} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps.map((one) => (
              <tr key={one} class={one === step ? 'current' : ''} aria-current={one === step ? 'step' : undefined}>
                <th scope="row">
                  <button type="button" class="sort" aria-label={`Step ${one}`} onClick={() => setStep(one)}>
                    {one}
                  </button>
                </th>
                {columns.map((column) => (
                  <td key={`${column.run} ${column.row}`}>
                    <div class="side-cell">
                      {one === step ? (
                        <OpenStep column={column} step={one} />
                      ) : (
                        <ClosedStep column={column} step={one} />
                      )}
                    </div>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </>
  );
}

function ColumnHead({ column: { run, row, name, record }, step }: { column: EpisodeColumn; step: number }) {
  const { return: sum, grade, advantage, length, invalid_steps: invalid } = record;
  return (
    <div class="column-head side-cell">
      <a href={linkTo({ view: 'episode', run, row, step })}>{name}</a>
      <span>
        return <b class={tone(sum)}>{signed(sum, 3)}</b>
      </span>
      <span>
        grade <b>{fixed(grade, 3)}</b>
      </span>
      <span>
        advantage <b class={tone(advantage)}>{signed(advantage, 2)}</b>
      </span>
      <span class="muted">
        {length} steps, {invalid} invalid
      </span>
    </div>
  );
}

type CellProps = { readonly column: EpisodeColumn; readonly step: number };

function ClosedStep({ column: { record, replayed }, step }: CellProps) {
  const shown = stepOf(record, step, replayed?.scenes[step]);
  if (shown === undefined) return <span class="muted">over</span>;
  return (
    <span class="closed-step">
      <span class="clipped">
        {!shown.step_ok && (
          <span class="bad-text">
            <span aria-hidden="true">✗</span>
            <span class="sr-only">invalid: </span>{' '}
          </span>
        )}
        {actionWords(shown)}
      </span>
      <b class={tone(shown.reward)}>{signed(shown.reward)}</b>
    </span>
  );
}

function OpenStep({ column: { record, replayed }, step }: CellProps) {
  const shown = stepOf(record, step, replayed?.scenes[step]);
  if (shown === undefined) return <span class="muted">over</span>;
  return (
    <>
      <ActionView scene={shown} />
      <RewardView scene={shown} />
    </>
  );
}

// The episodes of a group, which have the same task and seed, side by side.

/** The number of episodes on a page. The rest of a larger group is on further pages. */
const AT_ONCE = 8;

export function GroupView({ run }: { run: RunInfo | undefined }) {
  const view = useView();
  const { run: id = '', of: group = '' } = view;
  const from = Math.max(0, number(view.from));
  const { value: page, error } = useLoaded(
    () => store.page(id, { group, offset: String(from), limit: String(AT_ONCE) }),
    JSON.stringify([id, group, from, run?.episodes]),
    JSON.stringify([id, group, from]),
  );
  if (error !== undefined) return <Complaint error={error} />;
  if (page === undefined) return <WaitingNote>Looking for the group…</WaitingNote>;
  const [first] = page.rows;
  if (first === undefined) return <p>There is no such group in this run.</p>;
  const places = page.rows.map(({ row }) => ({ run: id, info: run, row, name: `Episode ${row}` }));
  const to = (begin: number): string => linkTo({ ...view, from: begin === 0 ? undefined : begin });
  return (
    <>
      <p class="row small">
        <span>
          {plural(page.total, 'episode')} of <b>{first.task_id}</b>, seed {first.seed}
          {page.total > AT_ONCE && `: ${from + 1} to ${from + page.rows.length} are shown`}
        </span>
        {from > 0 && <a href={to(Math.max(0, from - AT_ONCE))}>Previous {AT_ONCE}</a>}
        {from + AT_ONCE < page.total && <a href={to(from + AT_ONCE)}>Next ones</a>}
      </p>
      <SideBySide places={places} />
    </>
  );
}
