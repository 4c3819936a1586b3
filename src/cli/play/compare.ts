/** What policies achieve in the same episode. */

import type { BuiltInPolicy } from '../../rollout/built-in.ts';
import { gradeEpisode } from '../../rollout/graders.ts';
import { oraclePolicy, planFor } from '../../rollout/oracle-policy.ts';
import { Player } from '../../rollout/play.ts';
import { policyNamed } from '../../rollout/policies.ts';
import type { Spec } from '../../vector/spec.ts';

export type Other = {
  readonly name: string;
  readonly return: number;
  readonly grade: number | null;
  readonly invalid: number;
};

/**
 * Plays `do_nothing`, `greedy` and, if there is one, the best known plan. Returns their results, not their actions.
 * @param isShipped Whether this is a shipped task with its own drift, for which a plan may be known.
 */
export function playOthers(spec: Spec, isShipped: boolean): Other[] {
  const plan = isShipped ? planFor(spec.task, spec.compiled) : undefined;
  const policies: BuiltInPolicy[] = [policyNamed('do_nothing'), policyNamed('greedy')];
  if (plan !== undefined) policies.push(oraclePolicy(plan));
  const player = new Player(spec.compiled, spec.rules, spec.rewardMode);
  return policies.map((policy) => {
    const { rewards, invalid, grade } = player.play(policy, 0);
    const graded = isShipped
      ? gradeEpisode(spec.task, spec.rules, rewards, grade && { grade }).grade
      : (grade?.grade ?? null);
    return { name: policy.name, return: rewards.reduce((sum, one) => sum + one, 0), grade: graded, invalid };
  });
}
