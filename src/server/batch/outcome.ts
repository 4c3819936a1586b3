/** What one call did to the environments it named: their results, and why some of them have none. */
import type { Batch } from '../../vector/batch.ts';
import type { WireObservation } from '../wire.ts';
import type { Included, Row, RowError } from './wire.ts';

export type Grade = NonNullable<WireObservation['grade']>;

export type Outcome = {
  /** The environments as they were named, in the order of the answer. */
  readonly envIds: readonly number[];
  /** The results of those that could be asked. Its texts must be read before the environments are asked again. */
  readonly batch: Batch;
  /** For each of `envIds` its row in `batch`, or -1; undefined where the rows are those of `batch`. */
  readonly rows: Int32Array | undefined;
  /** By index in `envIds`. */
  readonly problems: ReadonlyMap<number, RowError>;
  /** By row of `batch`. */
  readonly grades: ReadonlyMap<number, Grade>;
  readonly groupOf: (env: number) => number | null;
  readonly included: Included;
};

/** The rows of an answer as objects, or some of them. The framer (frame.ts) writes the same without making any. */
export function rowsOf(outcome: Outcome, from = 0, to = outcome.envIds.length): Row[] {
  return outcome.envIds.slice(from, to).map((_, index) => rowOf(outcome, from + index));
}

function rowOf(outcome: Outcome, index: number): Row {
  const { batch, rows, grades, groupOf, envIds, included } = outcome;
  const i = rows === undefined ? index : (rows[index] ?? -1);
  if (i < 0) return refusedRow(outcome, index);
  const env = envIds[index] ?? 0;
  const stepOk = batch.stepOk[i] === 1;
  const complaint = stepOk ? null : complaintOf(batch, i);
  const grade = grades.get(i);
  const final = batch.final(i);
  return {
    env_id: env,
    group_id: groupOf(env),
    observation: {
      briefing: batch.briefing(i),
      task_id: batch.spec(i).task,
      seed: batch.seed(i),
      episode: batch.episode(i),
      step_ok: stepOk,
      error: complaint,
      ...(included.has('breakdown') ? { reward_breakdown: batch.isFirst(i) ? null : batch.breakdownOf(i) } : {}),
      ...(included.has('metadata') ? { metadata: batch.info(i) } : {}),
    },
    reward: batch.reward[i] ?? 0,
    terminated: batch.terminated[i] === 1,
    truncated: batch.truncated[i] === 1,
    ...(grade === undefined ? {} : { grade }),
    ...(final === undefined ? {} : { final: { briefing: final.briefing, metadata: final.info } }),
    ...(complaint === null ? {} : { error: { code: complaintCode(batch, i), message: complaint } }),
  };
}

/** Whether the last action of row `i` was invalid, or ended its worker thread, and the episode with it. */
export function complaintCode(batch: Batch, i: number): string {
  return batch.failed[i] === 1 ? 'EPISODE_FAILED' : 'INVALID_ACTION';
}

/** The row of an environment that could not be asked. */
export function refusedRow({ envIds, problems, groupOf }: Outcome, index: number): Row {
  const env = envIds[index] ?? 0;
  return {
    env_id: env,
    group_id: groupOf(env),
    observation: null,
    reward: null,
    terminated: false,
    truncated: false,
    error: problems.get(index) ?? { code: 'UNKNOWN_ENV', message: 'there is no such environment' },
  };
}

/** Why the last action of row `i` was invalid; under autoreset same_step its episode may be over and replaced. */
export function complaintOf(batch: Batch, i: number): string {
  const final = batch.final(i);
  return final === undefined ? batch.note(i) : (final.info.step_error ?? '');
}
