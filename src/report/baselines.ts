/** What other policies achieve in the same scenario, from doing nothing up to the best plan known: what a result is compared with. */
import { RecordedSpecs } from '../analysis/replay.ts';
import { ORACLE, oraclePolicy, planFor } from '../policies/oracle.ts';
import { policyNamed } from '../policies/policies.ts';
import type { BuiltInPolicy } from '../policies/policy.ts';
import type { RolloutPlan } from '../rollout/plan.ts';
import { EpisodePlayer } from '../rollout/player.ts';
import { finalGrade } from '../scenarios/graders.ts';
import type { Spec } from '../vector/spec.ts';
import type { Action } from '../world/schema.ts';
import type { Arm } from './figures.ts';

/** Number of episodes of the random policy, with the policy seeds from 0 on. */
export const RANDOM_EPISODES = 100;

/** The result of a policy: means if it plays several episodes. */
export type Baseline = {
  readonly name: string;
  readonly return: number;
  /** Null without a grader. */
  readonly grade: number | null;
};

const NAMES: Readonly<Record<string, string>> = { do_nothing: 'do nothing', [ORACLE]: 'best plan known' };

/** Plays `do_nothing`, `random`, `greedy` and, if there is one, the best plan known. Returns their results, not their actions. */
export function playBaselines(spec: Spec, plan: readonly Action[] | undefined): Baseline[] {
  const policies: BuiltInPolicy[] = ['do_nothing', 'random', 'greedy'].map(policyNamed);
  if (plan !== undefined) policies.push(oraclePolicy(plan));
  const player = new EpisodePlayer(spec.compiled, spec.rules, spec.rewardMode);
  return policies.map((policy) => {
    const results = Array.from({ length: policy.name === 'random' ? RANDOM_EPISODES : 1 }, (_, seed) => {
      const { rewards, grade } = player.play(policy, seed);
      const graded = finalGrade(spec.task, spec.rules, rewards, { grade });
      return { return: rewards.reduce((sum, one) => sum + one, 0), grade: graded?.grade ?? null };
    });
    const mean = (of: (result: (typeof results)[number]) => number): number =>
      results.reduce((sum, one) => sum + of(one), 0) / results.length;
    return {
      name: NAMES[policy.name] ?? policy.name,
      return: mean((one) => one.return),
      grade: results.some(({ grade }) => grade === null) ? null : mean(({ grade }) => grade ?? 0),
    };
  });
}

/** The scenario, rules and reward mode of an arm; undefined if they are not known here. */
export function knownSpec(specs: RecordedSpecs, { setting }: Pick<Arm, 'setting'>): Spec | undefined {
  try {
    return specs.specOf(setting);
  } catch {
    return undefined;
  }
}

/** An arm, and what other policies achieve in its scenario; none if the scenario is not known here. */
export type ComparedArm = Arm & { readonly baselines: readonly Baseline[] };

/** Adds the baselines to each arm. */
export function compareArms(arms: readonly Arm[], plan: RolloutPlan | undefined): ComparedArm[] {
  const specs = new RecordedSpecs(plan);
  return arms.map((arm) => {
    const spec = knownSpec(specs, arm);
    const baselines = spec === undefined ? [] : playBaselines(spec, planFor(spec.task, spec.compiled));
    return { ...arm, baselines };
  });
}
