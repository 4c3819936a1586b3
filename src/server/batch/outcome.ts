/** The outcome of one call: the results of the environments that it named, and why some have none. */
import { isSuccess } from '../../sim/reward-profile.ts';
import type { Batch } from '../../vector/batch.ts';
import type { WireGrade } from './grades.ts';
import type { ToldRows } from './told.ts';
import type { Included, ResultRow, RowError } from './wire.ts';

export type BatchOutcome = {
  /** The environments that the request named, in the order of the answer. */
  readonly envIds: readonly number[];
  /** The results of the environments that carried out the call. Its texts must be read before their next call. */
  readonly batch: Batch;
  /** The row in `batch` of each of `envIds`, or -1 if it has none; undefined if `batch` has the same rows. */
  readonly rows: Int32Array | undefined;
  /** Why an environment has no result, by index in `envIds`. */
  readonly problems: ReadonlyMap<number, RowError>;
  /** By row of `batch`. */
  readonly grades: ReadonlyMap<number, WireGrade>;
  readonly groupOf: (env: number) => number | null;
  readonly included: Included;
  readonly told: ToldRows;
  /** The least grade of a success. */
  readonly successGrade: number;
};

type SeenRow = NonNullable<ResultRow['observation']>;
/** A row with some other form of the briefing. */
export type RowOf<T> = Omit<ResultRow, 'observation'> & {
  readonly observation: (Omit<SeenRow, 'briefing'> & { readonly briefing: T }) | null;
};

/**
 * The rows of an answer as objects, from index `from` to before `to`.
 * @param briefingOf The briefing of a row of the batch; by default its text
 */
export function resultRows<T = string>(
  outcome: BatchOutcome,
  from = 0,
  to = outcome.envIds.length,
  briefingOf: (batch: Batch, i: number) => T | string = (batch, i) => batch.briefing(i),
): RowOf<T | string>[] {
  return outcome.envIds.slice(from, to).map((_, index) => rowOf(outcome, from + index, briefingOf));
}

function rowOf<T>(outcome: BatchOutcome, index: number, briefingOf: (batch: Batch, i: number) => T): RowOf<T | string> {
  const { batch, rows, grades, groupOf, envIds, included, told, successGrade } = outcome;
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
      briefing: told.texts?.[i] ?? briefingOf(batch, i),
      task_id: batch.spec(i).task,
      seed: batch.seed(i),
      episode: batch.episode(i),
      step_ok: stepOk,
      error: complaint,
      ...(included.has('breakdown') ? { reward_breakdown: batch.isFirst(i) ? null : batch.breakdownOf(i) } : {}),
      ...(included.has('data') ? { data: batch.observation(i) } : {}),
      ...(included.has('metadata') ? { metadata: batch.info(i) } : {}),
    },
    reward: told.rewards?.[i] ?? batch.reward[i] ?? 0,
    terminated: batch.terminated[i] === 1,
    truncated: batch.truncated[i] === 1,
    ...(grade === undefined ? {} : { grade, success: isSuccess(grade.grade, successGrade) === true }),
    ...(final === undefined
      ? {}
      : { final: { briefing: told.finalTexts?.get(i) ?? final.briefing, metadata: final.info } }),
    ...(complaint === null ? {} : { error: { code: complaintCode(batch, i), message: complaint } }),
  };
}

/** The error code of row `i`: its last action was invalid, or the action ended the worker thread and the episode failed. */
function complaintCode(batch: Batch, i: number): string {
  return batch.failed[i] === 1 ? 'EPISODE_FAILED' : 'INVALID_ACTION';
}

/** The row of an environment that could not carry out the call. */
function refusedRow({ envIds, problems, groupOf }: BatchOutcome, index: number): ResultRow {
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

/** Why the last action of row `i` was invalid. Under autoreset same_step a new episode may have replaced the one of that action. */
function complaintOf(batch: Batch, i: number): string {
  return batch.final(i)?.observation.note ?? batch.note(i);
}
