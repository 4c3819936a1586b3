/** A stage plays the episodes of a rollout: it is a number of environments, in this process or elsewhere. */

import type { RecordedAnswer } from '../records/recorded-answer.ts';
import type { StepRecord } from '../records/schema.ts';
import type { Observation } from '../sim/observation/observation.ts';
import type { Grade } from '../sim/v2/grade.ts';
import type { Batch } from '../vector/batch.ts';
import type { OnRecovery } from '../vector/options.ts';
import { VectorEnv } from '../vector/vector-env.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import type { RolloutPlan } from './plan.ts';

/** Begins and steps episodes; one call at a time. */
export type Stage = {
  readonly envIds: readonly number[];
  /** Begins an episode in each of these environments; `seeds` has one seed for each. */
  reset(envIds: readonly number[], seeds: readonly number[], tasks: readonly string[]): Promise<Rows>;
  step(envIds: readonly number[], actions: readonly PolicyAnswer[]): Promise<Rows>;
  close(): Promise<void>;
};

/** Opens a stage of `numEnvs` environments for the tasks, rules and reward mode of a plan. */
export type OpenStage = (plan: RolloutPlan, numEnvs: number) => Promise<Stage>;

/** The results of one step. */
export type RecordedStep = Omit<StepRecord, 'observation' | keyof RecordedAnswer>;

/** The results of one call: one row for each environment, in the order of the call; valid until the next call. */
export type Rows = {
  /** Environment of each row. */
  readonly envIds: readonly number[];
  /** Why the environment of a row could not do what the call requested; its episode is lost then. Undefined if it could. */
  problem(row: number): string | undefined;
  /** What the policy sees; `briefing` is the same as text. */
  observation(row: number): Observation;
  briefing(row: number): string;
  outcome(row: number): RecordedStep;
  /** Grade of an episode that this step ended, under rules v2. */
  grade(row: number): Grade | undefined;
};

/**
 * A stage in this process.
 * @param workers Number of worker threads; 0: none.
 * @param onRecovery Called for each worker thread that was replaced.
 */
export function localStage(workers: number, onRecovery?: OnRecovery): OpenStage {
  return async (plan, numEnvs) => {
    const env = await VectorEnv.create({
      numEnvs,
      tasks: [...plan.tasks],
      workers,
      rules: plan.rules,
      rewardMode: plan.rewardMode,
      autoreset: 'disabled',
      seed: plan.seed,
      maxForks: 0,
      ...(onRecovery === undefined ? {} : { onRecovery }),
    });
    return {
      envIds: env.envIds,
      reset: async (ids, seeds, tasks) =>
        rowsOf(await env.reset({ ids: [...ids], seeds: [...seeds], tasks: [...tasks] })),
      step: async (envIds, actions) => rowsOf(await env.step(actions, envIds)),
      close: () => env.close(),
    };
  };
}

/** Texts are decoded, and metadata are assembled, on access. */
function rowsOf(batch: Batch): Rows {
  return {
    envIds: batch.envIds,
    problem: (row) => batch.error(row),
    observation: (row) => batch.observation(row),
    briefing: (row) => batch.briefing(row),
    outcome: (row) => {
      const stepOk = batch.stepOk[row] === 1;
      return {
        reward: batch.reward[row] ?? 0,
        reward_breakdown: batch.breakdownOf(row),
        terminated: batch.terminated[row] === 1,
        truncated: batch.truncated[row] === 1,
        step_ok: stepOk,
        error: stepOk ? null : batch.note(row),
      };
    },
    grade: (row) => batch.info(row).grade,
  };
}
