/** The outcome of one call: the results of the environments that it named, and why some have none. */
import { finalGrade } from '../../scenarios/graders.ts';
import { gradedBy } from '../../sim/rules.ts';
import type { Batch } from '../../vector/batch.ts';
import type { Spec } from '../../vector/spec.ts';
import type { WireObservation } from '../wire.ts';
import type { Included, ResultRow, RowError } from './wire.ts';

// Grades of the episodes of a batch. A grade of rules v1 needs all rewards of the episode, which are kept here.

/** The rewards of an episode up to its end. */
type Rewards = { readonly list: number[]; done: boolean };

export class Grades {
  private readonly inline: ReadonlySet<Spec>;
  /** By environment. An environment has no entry if its episode was restored from a snapshot and its earlier rewards are unknown. */
  private readonly rewards = new Map<number, Rewards>();

  /** @param inline Specs of scenarios that came with a request: rules v1 have no grader for them. */
  constructor(inline: ReadonlySet<Spec>) {
    this.inline = inline;
  }

  /** Records the rewards of a step. Returns the grades of the episodes that are over, by row. */
  stepped(batch: Batch): Map<number, WireGrade> {
    const grades = new Map<number, WireGrade>();
    for (let i = 0; i < batch.size; i++) {
      const env = batch.envIds[i] ?? 0;
      const spec = batch.spec(i);
      const needsRewards = gradedBy(spec.rules) === 'rewards';
      if (batch.failed[i] === 1) {
        this.rewards.set(env, { list: [], done: false });
        continue;
      }
      if (needsRewards && batch.isFirst(i)) this.rewards.set(env, { list: [], done: false });
      else if (needsRewards) this.add(env, batch.reward[i] ?? 0);
      if (batch.terminated[i] === 0 && batch.truncated[i] === 0) continue;
      this.end(batch, i, env, spec, grades);
      if (needsRewards && batch.final(i) !== undefined) this.rewards.set(env, { list: [], done: false });
    }
    return grades;
  }

  /** Records the rows of new episodes, which have no grade yet. */
  began(batch: Batch): Map<number, WireGrade> {
    for (const env of batch.envIds) this.rewards.set(env, { list: [], done: false });
    return new Map();
  }

  /** Records the rows of restored episodes. Returns grades as `stepped` does. */
  restored(batch: Batch): Map<number, WireGrade> {
    return this.goOn(batch, (i) => (batch.info(i).episode_step === 0 ? { list: [], done: false } : undefined));
  }

  /** Records the rows of forks. Returns grades as `stepped` does. */
  forked(batch: Batch, original: number): Map<number, WireGrade> {
    const known = this.rewards.get(original);
    return this.goOn(batch, () => (known === undefined ? undefined : { list: [...known.list], done: known.done }));
  }

  forget(envs: readonly number[]): void {
    for (const env of envs) this.rewards.delete(env);
  }

  private goOn(batch: Batch, rewardsOf: (i: number) => Rewards | undefined): Map<number, WireGrade> {
    const grades = new Map<number, WireGrade>();
    batch.envIds.forEach((env, i) => {
      const rewards = rewardsOf(i);
      if (rewards === undefined) this.rewards.delete(env);
      else this.rewards.set(env, rewards);
      if (batch.terminated[i] === 1 || batch.truncated[i] === 1) this.end(batch, i, env, batch.spec(i), grades);
    });
    return grades;
  }

  /** Records a reward. Steps after the end (autoreset `disabled`) are refused, and their penalty does not count. */
  private add(env: number, reward: number): void {
    const rewards = this.rewards.get(env);
    if (rewards !== undefined && !rewards.done) rewards.list.push(reward);
  }

  private end(batch: Batch, i: number, env: number, spec: Spec, into: Map<number, WireGrade>): void {
    const rewards = this.rewards.get(env);
    if (rewards !== undefined) rewards.done = true;
    if (gradedBy(spec.rules) === 'rewards' && rewards === undefined) return;
    const task = this.inline.has(spec) ? undefined : spec.task;
    const grade = finalGrade(task, spec.rules, rewards?.list ?? [], { grade: batch.grade(i) });
    if (grade !== null) into.set(i, grade);
  }
}

export type WireGrade = NonNullable<WireObservation['grade']>;

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
};

/** The rows of an answer as objects, from index `from` to before `to`. */
export function resultRows(outcome: BatchOutcome, from = 0, to = outcome.envIds.length): ResultRow[] {
  return outcome.envIds.slice(from, to).map((_, index) => rowOf(outcome, from + index));
}

function rowOf(outcome: BatchOutcome, index: number): ResultRow {
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
      ...(included.has('data') ? { data: batch.observation(i) } : {}),
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
