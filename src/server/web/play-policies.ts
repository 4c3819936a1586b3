/** The policies of the playground: the built-in ones, and the oracle if the server was started with --oracle. */
import { isDeepStrictEqual } from 'node:util';
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import { ORACLE, oraclePolicy, planFor } from '../../policies/oracle.ts';
import { POLICY_NAMES, policyNamed } from '../../policies/policies.ts';
import type { BuiltInPolicy, Decide } from '../../policies/policy.ts';
import type { Observation } from '../../sim/observation/observation.ts';
import type { Spec } from '../../vector/spec.ts';
import { type PolicyAnswer, readAction } from '../../world/completion/completion.ts';
import type { ServerOptions } from '../options.ts';
import { invalid, Problem } from '../problem.ts';
import type { ResolvedSpec } from '../specs.ts';

/** The names of the available policies. */
export function policiesOf({ oracle }: Pick<ServerOptions, 'oracle'>): readonly string[] {
  return [...POLICY_NAMES.toReversed(), ...(oracle ? [ORACLE] : [])];
}

/**
 * A policy for an episode.
 * @throws Problem (422 for an unknown name, 404 if the oracle has no plan)
 */
export function policyFor(
  name: string,
  { task, scenario }: ResolvedSpec,
  spec: Spec,
  options: Pick<ServerOptions, 'oracle'>,
): BuiltInPolicy {
  const known = policiesOf(options);
  if (!known.includes(name)) {
    const hint = name === ORACLE ? '; the oracle needs a server that was started with --oracle' : '';
    throw invalid(['body', 'policy'], `expected one of ${known.join(', ')}, got ${quote(name)}${hint}`, name);
  }
  if (name !== ORACLE) return policyNamed(name);
  const plan = scenario === undefined ? storedPlan(task, spec) : undefined;
  if (plan !== undefined) return oraclePolicy(plan);
  const which = scenario === undefined ? `task ${quote(task)}` : 'your own scenario';
  const message = `the oracle has no plan for ${which} as it is played here: it has plans for shipped tasks with their own drift, under rules v2`;
  throw new Problem(404, 'NO_PLAN', message);
}

/** The stored plan of a task, if there is one. @throws Problem (409) if the file of the plan cannot be used; the log says why. */
function storedPlan(task: string, { compiled }: Spec): ReturnType<typeof planFor> {
  try {
    return planFor(task, compiled);
  } catch (error) {
    if (!(error instanceof GhostexecError)) throw error;
    throw new Problem(
      409,
      'BAD_PLAN',
      `the file with the plan for task ${quote(task)} is damaged; ghostexec solve makes it again`,
    );
  }
}

/** Asks a policy for its actions, and compares them with the actions that were played instead. */
export class Advisor {
  private readonly policy: BuiltInPolicy;
  private readonly decide: Decide;
  private asked = 0;

  constructor(policy: BuiltInPolicy, seed: number) {
    this.policy = policy;
    this.decide = policy.begin(seed);
  }

  /**
   * The answer of the policy to an observation.
   * @throws Problem (409) if the policy fails
   */
  answer(observation: Observation): PolicyAnswer {
    this.asked++;
    try {
      return this.decide(observation);
    } catch (error) {
      const message = `the policy ${this.policy.name} failed at step ${this.asked}: ${messageOf(error)}`;
      throw new Problem(409, 'POLICY_FAILED', message);
    }
  }

  /**
   * Shows the policy an observation and the action that was played, which may not be its own.
   * @throws Problem (409) if the policy is the oracle and the action is not in its plan
   */
  watch(observation: Observation, played: unknown): void {
    const own = this.answer(observation);
    if (this.policy.name !== ORACLE || isDeepStrictEqual(readAction(own), readAction(played))) return;
    const message = `the plan of the oracle was left at step ${this.asked}; to continue the plan, undo that step and all steps after it`;
    throw new Problem(409, 'PLAN_LEFT', message);
  }
}
