/** Builds the summary of an episode: everything that is recorded about it besides its steps. */
import type { Rules } from '../sim/rules.ts';
import { gradeEpisode } from './graders.ts';
import type { PlannedEpisode, RolloutPlan } from './plan.ts';
import type { Played } from './play.ts';
import type { EpisodeSummary } from './records.ts';

/** The part of a summary that does not follow from the plan. */
export type EpisodeResult = Pick<
  EpisodeSummary,
  'error' | 'return' | 'grade' | 'grade_parts' | 'length' | 'invalid_steps'
>;

/** @param task The task whose grader is used. */
export function resultOf(task: string, rules: Rules, { rewards, invalid, error, grade }: Played): EpisodeResult {
  const isComplete = error === null;
  const graded = isComplete ? gradeEpisode(task, rules, rewards, grade && { grade }) : undefined;
  return {
    error,
    return: isComplete ? rewards.reduce((sum, reward) => sum + reward, 0) : null,
    grade: graded?.grade ?? null,
    grade_parts: graded?.parts ?? null,
    length: rewards.length,
    invalid_steps: invalid,
  };
}

/** The order of the fields is their order in the file. */
export function summaryOf(plan: RolloutPlan, planned: PlannedEpisode, result: EpisodeResult): EpisodeSummary {
  return {
    episode_id: planned.episodeId,
    group_id: planned.groupId,
    index: planned.index,
    task_id: planned.task,
    seed: planned.seed,
    policy_seed: planned.policySeed,
    rules: plan.rules,
    reward_mode: plan.rewardMode,
    policy: plan.policy.toWellFormed(),
    status: result.error === null ? 'complete' : 'failed',
    // Whatever a policy threw: files of text have no halves of a character.
    error: result.error?.toWellFormed() ?? null,
    return: result.return,
    grade: result.grade,
    grade_parts: result.grade_parts,
    length: result.length,
    invalid_steps: result.invalid_steps,
    advantage: null,
  };
}
