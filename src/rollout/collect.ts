/** Plays the episodes of a plan through a VectorEnv, many at once, and yields a record of each as it ends. */
import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import type { Metadata } from '../sim/observation.ts';
import type { Batch } from '../vector/batch.ts';
import { VectorEnv } from '../vector/vector-env.ts';
import type { PolicyAnswer } from '../world/completion.ts';
import type { Actor, Policy } from './actor.ts';
import { gradeEpisode } from './graders.ts';
import { type PlannedEpisode, plannedEpisode, type RolloutPlan } from './plan.ts';
import type { EpisodeRecord, StepRecord } from './records.ts';

export type CollectOptions = {
  readonly plan: RolloutPlan;
  readonly policy: Policy;
  /** Index of the first episode that is still to be played. */
  readonly from: number;
  /** Episodes that are played at once. Results do not depend on it. */
  readonly numEnvs: number;
  /** Worker threads; 0: none. Results do not depend on it. */
  readonly workers: number;
  /** Once aborted, no further episode is begun; those under way are played to their end. */
  readonly signal?: AbortSignal;
  /** Called after every step of the batch. */
  readonly onStep?: () => void;
};

/** Steps played so far in all episodes, those under way included; for a progress display. */
export type CollectProgress = { steps: number; underWay: number };

type Running = {
  readonly planned: PlannedEpisode;
  readonly actor: Actor;
  readonly steps: StepRecord[];
  observation: string;
  /** Metadata of the last observation of a finished episode. */
  final: Metadata | undefined;
};

/**
 * Records in the order in which episodes end. An episode whose policy throws is recorded as failed; the others go on.
 * @throws ShardFailedError when a worker thread is lost: its episodes are not recorded at all.
 */
export async function* collect(options: CollectOptions, progress: CollectProgress): AsyncGenerator<EpisodeRecord> {
  const { plan, signal } = options;
  const numEnvs = Math.max(1, Math.min(options.numEnvs, plan.episodes - options.from));
  const env = await VectorEnv.create({
    numEnvs,
    tasks: [...plan.tasks],
    workers: options.workers,
    rules: plan.rules,
    rewardMode: plan.rewardMode,
    autoreset: 'disabled',
    seed: plan.seed,
    maxForks: 0,
  });
  try {
    const running = new Map<number, Running>();
    let next = options.from;
    let free = [...env.envIds];
    for (;;) {
      const begun: [number, PlannedEpisode][] = [];
      while (free.length > 0 && next < plan.episodes && !signal?.aborted) {
        begun.push([free.shift() ?? 0, plannedEpisode(plan, next++)]);
      }
      if (begun.length > 0) await begin(env, options.policy, begun, running);
      progress.underWay = running.size;
      if (running.size === 0) return;

      const { answers, failed } = await decide(running);
      for (const [id, error] of failed) yield* finish(id, error);
      if (answers.size === 0) continue;
      env.send([...answers.values()], [...answers.keys()]);
      const batch = await env.recv();
      progress.steps += batch.size;
      options.onStep?.();
      // Without workers nothing else here gives signals and timers a turn.
      await setImmediate();
      for (let row = 0; row < batch.size; row++) {
        const id = batch.envIds[row] ?? 0;
        const episode = running.get(id);
        if (episode === undefined) continue;
        episode.steps.push(stepRecord(batch, row, episode.observation, answers.get(id) ?? ''));
        if (batch.terminated[row] === 1 || batch.truncated[row] === 1) {
          episode.final = batch.info(row);
          yield* finish(id, null);
        } else episode.observation = batch.briefing(row);
      }
    }

    function* finish(id: number, error: string | null): Generator<EpisodeRecord> {
      const episode = running.get(id);
      if (episode === undefined) return;
      running.delete(id);
      free = [...free, id];
      yield episodeRecord(plan, episode, error);
    }
  } finally {
    await env.close();
  }
}

async function begin(
  env: VectorEnv,
  policy: Policy,
  begun: readonly (readonly [number, PlannedEpisode])[],
  running: Map<number, Running>,
): Promise<void> {
  const batch = await env.reset({
    ids: begun.map(([id]) => id),
    seeds: begun.map(([, planned]) => planned.seed),
    tasks: begun.map(([, planned]) => planned.task),
  });
  begun.forEach(([id, planned], row) => {
    const actor = policy.start(planned.policySeed);
    running.set(id, { planned, actor, steps: [], observation: batch.briefing(row), final: undefined });
  });
}

/** Asks every actor at once, in ascending order of environments. */
async function decide(running: ReadonlyMap<number, Running>): Promise<{
  answers: Map<number, PolicyAnswer>;
  failed: Map<number, string>;
}> {
  const ids = [...running.keys()].sort((a, b) => a - b);
  const settled = await Promise.allSettled(
    ids.map(async (id) => {
      const episode = running.get(id);
      return episode === undefined ? '' : episode.actor.act(episode.observation);
    }),
  );
  const answers = new Map<number, PolicyAnswer>();
  const failed = new Map<number, string>();
  settled.forEach((result, i) => {
    const id = ids[i] ?? 0;
    if (result.status === 'fulfilled') answers.set(id, result.value);
    else failed.set(id, `the policy failed: ${messageOf(result.reason)}`);
  });
  return { answers, failed };
}

function stepRecord(batch: Batch, row: number, observation: string, action: PolicyAnswer): StepRecord {
  const stepOk = batch.stepOk[row] === 1;
  return {
    observation,
    action,
    reward: batch.reward[row] ?? 0,
    reward_breakdown: batch.breakdownOf(row),
    terminated: batch.terminated[row] === 1,
    truncated: batch.truncated[row] === 1,
    step_ok: stepOk,
    error: stepOk ? null : batch.note(row),
  };
}

function episodeRecord(plan: RolloutPlan, { planned, steps, final }: Running, error: string | null): EpisodeRecord {
  const rewards = steps.map((step) => step.reward);
  const complete = error === null;
  const graded = complete ? gradeEpisode(planned.task, plan.rules, rewards, final) : undefined;
  return {
    episode_id: planned.episodeId,
    group_id: planned.groupId,
    index: planned.index,
    task_id: planned.task,
    seed: planned.seed,
    policy_seed: planned.policySeed,
    rules: plan.rules,
    reward_mode: plan.rewardMode,
    policy: plan.policy,
    status: complete ? 'complete' : 'failed',
    error,
    return: complete ? rewards.reduce((sum, reward) => sum + reward, 0) : null,
    grade: graded?.grade ?? null,
    grade_parts: graded?.parts ?? null,
    length: steps.length,
    invalid_steps: steps.filter((step) => !step.step_ok).length,
    advantage: null,
    steps,
  };
}
