/** The jobs that an audit sends to its workers. */

import type { BuiltInPolicy } from '../../policies/policy.ts';
import { EpisodePlayer } from '../../rollout/player.ts';
import { gradeEpisode } from '../../scenarios/graders.ts';
import type { Rules } from '../../sim/rules.ts';
import type { CompiledScenario } from '../../world/compile.ts';

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

/** A part of the search for exploits: steps of random programs. */
export type SearchJob = {
  readonly kind: 'search';
  readonly task: string;
  readonly rules: 'v2';
  readonly steps: number;
  readonly seed: number;
};

// Plays whole episodes for an audit and keeps the numbers that it needs.

export type AuditedEpisode = {
  readonly seed: number;
  /** Sum of the rewards. */
  readonly return: number;
  /** In [0.01, 0.99]; null if rules v1 have no grader for the task. */
  readonly grade: number | null;
  readonly steps: number;
  readonly invalid: number;
  /** The lowest and the highest reward of a step. */
  readonly least: number;
  readonly greatest: number;
};

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
): AuditedEpisode[] {
  const player = new EpisodePlayer(c, rules, 'full');
  return Array.from({ length: to - from }, (_, index) => {
    const seed = from + index;
    const { rewards, invalid, error, grade } = player.play(policy, seed);
    if (error !== null) throw new Error(`${policy.name} on ${task}: ${error}`);
    return {
      seed,
      return: rewards.reduce((sum, reward) => sum + reward, 0),
      grade: gradeEpisode(task, rules, rewards, grade && { grade }).grade,
      steps: rewards.length,
      invalid,
      least: Math.min(...rewards),
      greatest: Math.max(...rewards),
    };
  });
}
