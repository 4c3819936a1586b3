/** What others make of the same episode. */

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
 * `do_nothing`, `greedy`, and the best plan known where there is one: what they come to, not what they do.
 * @param isShipped Whether it is a task of the package, with its own drift, whose plan is known.
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
