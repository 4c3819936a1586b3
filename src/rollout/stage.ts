/** A stage plays the episodes of a rollout: it is a number of environments, in this process or elsewhere. */

import { Gather } from '../lib/gather.ts';
import type { RecordedAnswer } from '../records/recorded-answer.ts';
import type { StepRecord } from '../records/schema.ts';
import type { Observation } from '../sim/observation/observation.ts';
import type { Grade } from '../sim/v2/grade.ts';
import type { Batch } from '../vector/batch.ts';
import type { OnRecovery } from '../vector/options.ts';
import type { EnvSpec } from '../vector/spec.ts';
import { VectorEnv } from '../vector/vector-env.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import type { RolloutPlan } from './plan.ts';

/** Begins and steps one episode in each of its environments. Calls for different environments may overlap. */
export type Stage = {
  readonly envIds: readonly number[];
  /** Begins an episode. */
  reset(env: number, seed: number, task: string): Promise<EnvResult>;
  step(env: number, answer: PolicyAnswer): Promise<EnvResult>;
  close(): Promise<void>;
};

/** Opens a stage of `numEnvs` environments for the tasks, rules and reward mode of a plan. */
export type OpenStage = (plan: RolloutPlan, numEnvs: number) => Promise<Stage>;

/** The results of one step. */
export type RecordedStep = Omit<StepRecord, 'observation' | keyof RecordedAnswer>;

/** The result of a reset or a step of one environment; its functions are valid until the next call for the environment. */
export type EnvResult = {
  /** Why the environment could not do what the call requested; its episode is lost then. Undefined if it could. */
  readonly problem: string | undefined;
  /** What the policy sees; `briefing` is the same as text. */
  observation(): Observation;
  briefing(): string;
  /** After a step. */
  outcome(): RecordedStep;
  /** Grade of an episode that this step ended, under rules v2. */
  grade(): Grade | undefined;
};

/**
 * A stage in this process.
 * @param workers Number of worker threads; 0: none.
 * @param onRecovery Called for each worker thread that was replaced.
 */
export function localStage(workers: number, onRecovery?: OnRecovery): OpenStage {
  return async (plan, numEnvs) => {
    const specs = [...new Set(plan.tasks)].map((task): EnvSpec => ({ task, ...plan.scenarios?.[task] }));
    const vector = await VectorEnv.create({
      // Every task once, because a reset can only name a task that the vector knows.
      envs: Array.from({ length: Math.max(numEnvs, specs.length) }, (_, i) => specs[i % specs.length] ?? {}),
      workers,
      rules: plan.rules,
      rewardMode: plan.rewardMode,
      autoreset: 'disabled',
      seed: plan.seed,
      maxForks: 0,
      ...(onRecovery === undefined ? {} : { onRecovery }),
    });
    return new LocalStage(vector, numEnvs);
  };
}

type Beginning = { readonly env: number; readonly seed: number; readonly task: string };
type Unsent = { readonly env: number; readonly answer: PolicyAnswer };
type Awaited = { resolve(result: EnvResult): void; reject(error: unknown): void };

/** The environments of a vector. Answers are sent as they come, and each result is passed on as soon as its shard has replied. */
class LocalStage implements Stage {
  readonly envIds: readonly number[];
  private readonly vector: VectorEnv;
  private readonly beginnings: Gather<Beginning, EnvResult>;
  private readonly awaited = new Map<number, Awaited>();
  private unsent: Unsent[] = [];
  private isReceiving = false;

  constructor(vector: VectorEnv, numEnvs: number) {
    this.envIds = vector.envIds.slice(0, numEnvs);
    this.vector = vector;
    this.beginnings = new Gather(async (all) => {
      const [ids, seeds, tasks] = [all.map(({ env }) => env), all.map(({ seed }) => seed), all.map(({ task }) => task)];
      const batch = await vector.reset({ ids, seeds, tasks });
      return ids.map((_, row) => resultOf(batch, row));
    });
  }

  reset(env: number, seed: number, task: string): Promise<EnvResult> {
    return this.beginnings.add({ env, seed, task });
  }

  step(env: number, answer: PolicyAnswer): Promise<EnvResult> {
    return new Promise((resolve, reject) => {
      this.awaited.set(env, { resolve, reject });
      // In a later turn of the event loop: the answers of one turn travel together, and signals and timers get a turn.
      if (this.unsent.push({ env, answer }) === 1) setImmediate(() => this.send());
    });
  }

  close(): Promise<void> {
    return this.vector.close();
  }

  private async send(): Promise<void> {
    const sent = this.unsent;
    this.unsent = [];
    try {
      this.vector.send(
        sent.map(({ answer }) => answer),
        sent.map(({ env }) => env),
      );
      if (this.isReceiving) return;
      this.isReceiving = true;
      while (this.awaited.size > this.unsent.length) {
        const batch = await this.vector.recv(1);
        for (const [row, env] of batch.envIds.entries()) {
          this.awaited.get(env)?.resolve(resultOf(batch, row));
          this.awaited.delete(env);
        }
      }
    } catch (error) {
      for (const { reject } of this.awaited.values()) reject(error);
      this.awaited.clear();
    }
    this.isReceiving = false;
  }
}

/** Texts are decoded, and metadata are assembled, on access. */
function resultOf(batch: Batch, row: number): EnvResult {
  return {
    problem: batch.error(row),
    observation: () => batch.observation(row),
    briefing: () => batch.briefing(row),
    outcome: () => {
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
    grade: () => batch.info(row).grade,
  };
}
