/** Who plays in the playground: the built-in policies, and the oracle where the server was started with an option for it. */
import { isDeepStrictEqual } from 'node:util';
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import type { Policy } from '../../rollout/actor.ts';
import { ORACLE, oraclePolicy, planFor } from '../../rollout/oracle-policy.ts';
import { POLICY_NAMES, policyNamed } from '../../rollout/policies.ts';
import type { Spec } from '../../vector/spec.ts';
import { type PolicyAnswer, readAction } from '../../world/completion.ts';
import type { ServerOptions } from '../options.ts';
import { invalid, Problem } from '../problem.ts';
import type { ResolvedSpec } from '../specs.ts';

/** Names of those who can be asked. */
export function policiesOf({ oracle }: Pick<ServerOptions, 'oracle'>): readonly string[] {
  return [...POLICY_NAMES.toReversed(), ...(oracle ? [ORACLE] : [])];
}

/**
 * A policy for an episode.
 * @throws Problem (422 for an unknown name, 404 where the oracle has no plan)
 */
export function policyFor(
  name: string,
  { task, scenario }: ResolvedSpec,
  spec: Spec,
  options: Pick<ServerOptions, 'oracle'>,
): Policy {
  const known = policiesOf(options);
  if (!known.includes(name)) {
    const hint = name === ORACLE ? '; the oracle answers where the server was started with --oracle' : '';
    throw invalid(['body', 'policy'], `expected one of ${known.join(', ')}, got ${quote(name)}${hint}`, name);
  }
  if (name !== ORACLE) return policyNamed(name);
  const plan = scenario === undefined ? storedPlan(task, spec) : undefined;
  if (plan !== undefined) return oraclePolicy(plan);
  const which = scenario === undefined ? `task ${quote(task)}` : 'a scenario of your own';
  const message = `the oracle has no plan for ${which} as it is played here: there are plans for shipped tasks with the drift that is theirs, under rules v2`;
  throw new Problem(404, 'NO_PLAN', message);
}

/** @throws Problem (409) where the file of the plan cannot be used; the log says why */
function storedPlan(task: string, { compiled }: Spec): ReturnType<typeof planFor> {
  try {
    return planFor(task, compiled);
  } catch (error) {
    if (!(error instanceof GhostexecError)) throw error;
    throw new Problem(
      409,
      'BAD_PLAN',
      `the file with the plan for task ${quote(task)} is damaged; ghostexec solve makes it anew`,
    );
  }
}

/** Asks a policy what it would do, and holds against it what was done. */
export class Advisor {
  private readonly policy: Policy;
  private readonly actor: ReturnType<Policy['start']>;
  private asked = 0;

  constructor(policy: Policy, seed: number) {
    this.policy = policy;
    this.actor = policy.start(seed);
  }

  /** @throws Problem (409) where the policy cannot cope with the briefing */
  async answer(briefing: string): Promise<PolicyAnswer> {
    this.asked++;
    try {
      return await this.actor.act(briefing);
    } catch (error) {
      const message = `the policy ${this.policy.name} failed at step ${this.asked}: ${messageOf(error)}`;
      throw new Problem(409, 'POLICY_FAILED', message);
    }
  }

  /**
   * Lets the policy see the step that was played instead of its own.
   * @throws Problem (409) where it is the oracle, which knows nothing but its plan
   */
  async watch(briefing: string, played: unknown): Promise<void> {
    const own = await this.answer(briefing);
    if (this.policy.name !== ORACLE || isDeepStrictEqual(readAction(own), readAction(played))) return;
    const message = `the plan of the oracle was left at step ${this.asked}; it goes on where that step and all after it are undone`;
    throw new Problem(409, 'PLAN_LEFT', message);
  }
}
