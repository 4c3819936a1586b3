/** The worker of an audit: plays whole episodes, or a part of a search. Piscina calls the default export. */

import { oraclePolicy, storedPlan } from '../../policies/oracle.ts';
import type { BuiltInPolicy } from '../../policies/policy.ts';
import { EpisodePlayer } from '../../rollout/player.ts';
import { gradeEpisode } from '../../scenarios/graders.ts';
import { filesNamed, taskNamed } from '../../scenarios/source.ts';
import { compileFor, type Rules } from '../../sim/rules.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { PLAYERS } from './exploits.ts';
import { type SearchJob, type SearchResult, search } from './search.ts';

/** Whole episodes of one player. */
export type AuditJob = {
  readonly kind: 'play';
  readonly task: string;
  readonly rules: Rules;
  readonly player: string;
  /** First seed. The job plays the seeds from `from` (included) to `to` (excluded). */
  readonly from: number;
  readonly to: number;
};

/** The numbers of an episode that an audit needs. */
export type AuditedEpisode = ReturnType<typeof play>[number];

/**
 * Plays one episode for each seed from `from` (included) to `to` (excluded).
 * @param task The task whose grader is used under rules v1.
 * @throws Error if the policy throws
 */
export function play(
  c: CompiledScenario,
  rules: Rules,
  task: string,
  policy: BuiltInPolicy,
  from: number,
  to = from + 1,
) {
  const player = new EpisodePlayer(c, rules, 'full');
  return Array.from({ length: to - from }, (_, index) => {
    const seed = from + index;
    const { rewards, invalid, error, grade } = player.play(policy, seed);
    if (error !== null) throw new Error(`${policy.name} on ${task}: ${error}`);
    return {
      seed,
      /** Sum of the rewards. */
      return: rewards.reduce((sum, reward) => sum + reward, 0),
      /** In [0.01, 0.99]; null if rules v1 have no grader for the task. */
      grade: gradeEpisode(task, rules, rewards, grade && { grade }).grade,
      steps: rewards.length,
      invalid,
      /** The lowest and the highest reward of a step. */
      least: Math.min(...rewards),
      greatest: Math.max(...rewards),
    };
  });
}

/** Does one job. */
export function runAuditJob(job: AuditJob | SearchJob): AuditedEpisode[] | SearchResult {
  const task = taskNamed(job.task);
  const c = compileFor(job.rules, task.scenario, task.drift, task.oracle);
  if (job.kind === 'search') return search(c, job);
  return play(c, job.rules, job.task, policyOf(job), job.from, job.to);
}

/** @param job `undefined` only checks that the worker has started. */
export default function run(job: AuditJob | SearchJob | undefined): AuditedEpisode[] | SearchResult | undefined {
  return job && runAuditJob(job);
}

function policyOf({ player, task }: AuditJob): BuiltInPolicy {
  const policy = PLAYERS.find(({ name }) => name === player)?.policy;
  return policy ?? oraclePolicy(storedPlan(filesNamed(task).oracle) ?? []);
}
