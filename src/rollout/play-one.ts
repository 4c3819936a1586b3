/** Plays one episode in this thread, without files. */
import type { Policy } from '../policies/policy.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import { collect } from './collect.ts';
import { checkPlan, type PlanInput } from './plan.ts';
import { localStage, type OpenStage } from './stage.ts';

/** What one episode plays. */
export type OneEpisode = Pick<PlanInput, 'scenarios'> & { readonly task: string; readonly seed: number };

/**
 * Plays one episode of a task under rules v2.
 * @param episode `seed` is that of the world, as in a reset; that of the policy follows from it.
 * @throws GhostexecError (UNKNOWN_TASK, TASK_EXISTS); RunHalted if the policy ends the run
 */
export async function playOne(policy: Policy, { task, seed, scenarios }: OneEpisode): Promise<EpisodeRecord> {
  const plan = checkPlan({ tasks: [task], scenarios, policy: policy.name, episodes: 1, groupSize: 1, seed });
  const open: OpenStage = async (...all) => {
    const stage = await localStage(0)(...all);
    return {
      envIds: stage.envIds,
      reset: (env) => stage.reset(env, seed, task),
      step: (env, answer) => stage.step(env, answer),
      close: () => stage.close(),
    };
  };
  const options = { plan, policy, from: 0, numEnvs: 1, workers: 0, open };
  for await (const record of collect(options, { steps: 0, underWay: 0 })) return { ...record, seed };
  throw new RangeError('the plan has no episode');
}
