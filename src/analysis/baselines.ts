/** What other policies achieve in the same scenario, from doing nothing up to the best plan known: what a result is compared with. */
import { ORACLE, oraclePolicy } from '../policies/oracle.ts';
import { POLICY_NAMES, policyNamed } from '../policies/policies.ts';
import type { BuiltInPolicy } from '../policies/policy.ts';
import { finalGrade } from '../scenarios/graders.ts';
import type { Spec } from '../vector/spec.ts';
import type { Action } from '../world/schema.ts';
import { playPolicy } from './play-answers.ts';

/** The names of these policies: the built-in ones, and the best plans known. */
export const BASELINES: readonly string[] = [...POLICY_NAMES, ORACLE];

/** The policies for a world. @param plan The best plan known for it, if there is one. */
export function baselinesOf(plan: readonly Action[] | undefined): BuiltInPolicy[] {
  return [...POLICY_NAMES.map(policyNamed), ...(plan === undefined ? [] : [oraclePolicy(plan)])];
}

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

/** Plays these policies. Returns their results, not their actions. */
export function playBaselines(spec: Spec, plan: readonly Action[] | undefined): Baseline[] {
  return baselinesOf(plan).map((policy) => {
    const results = Array.from({ length: policy.name === 'random' ? RANDOM_EPISODES : 1 }, (_, seed) => {
      const { rewards, grade } = playPolicy(spec, policy, seed);
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
