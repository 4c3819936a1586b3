/** Where the episodes of a rollout are played: a number of environments, in this process or elsewhere. */
import type { Grade } from '../sim/v2/grade.ts';
import type { Batch } from '../vector/batch.ts';
import type { OnRecovery } from '../vector/options.ts';
import { VectorEnv } from '../vector/vector-env.ts';
import type { PolicyAnswer } from '../world/completion.ts';
import type { RolloutPlan } from './plan.ts';
import type { RecordedAnswer } from './recorded-answer.ts';
import type { StepRecord } from './records.ts';

/** Begins and steps episodes; one call at a time. */
export type Stage = {
  readonly envIds: readonly number[];
  /** Begins an episode in each of these environments; `seeds` are those of the episodes. */
  reset(envIds: readonly number[], seeds: readonly number[], tasks: readonly string[]): Promise<Rows>;
  step(envIds: readonly number[], actions: readonly PolicyAnswer[]): Promise<Rows>;
  close(): Promise<void>;
};

/** A stage of `numEnvs` environments for the tasks, rules and reward mode of a plan. */
export type OpenStage = (plan: RolloutPlan, numEnvs: number) => Promise<Stage>;

/** What a step came to. */
export type Outcome = Omit<StepRecord, 'observation' | keyof RecordedAnswer>;

/** The results of one call, a row for each environment in the order asked for; to be read before the next call. */
export type Rows = {
  /** Environment of each row. */
  readonly envIds: readonly number[];
  /** Why the environment of a row could not do what it was asked, if so; its episode is lost then. */
  problem(row: number): string | undefined;
  briefing(row: number): string;
  outcome(row: number): Outcome;
  /** Of an episode that this step ended, under rules v2. */
  grade(row: number): Grade | undefined;
};

/** Plays in this process. @param workers Worker threads; 0: none. @param onRecovery Is told of each that was replaced. */
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

/** Texts are decoded, and metadata are put together, only where they are asked for. */
function rowsOf(batch: Batch): Rows {
  return {
    envIds: batch.envIds,
    problem: (row) => batch.error(row),
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
