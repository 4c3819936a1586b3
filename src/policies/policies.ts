/** The built-in policies. */

import { GhostexecError } from '../lib/errors.ts';
import { greedy } from './greedy.ts';
import { type BuiltInPolicy, builtIn } from './policy.ts';
import { random } from './random.ts';

/** Lets every step pass. Any other policy should beat it. */
export const doNothing = builtIn('do_nothing', () => () => ({ action_type: 'do_nothing' }));

const POLICIES: readonly BuiltInPolicy[] = [doNothing, random, greedy];

export const POLICY_NAMES: readonly string[] = POLICIES.map((policy) => policy.name);

/**
 * A built-in policy by name.
 * @throws GhostexecError if there is no policy with that name
 * @example
 * const actor = policyNamed('greedy').start(1);
 */
export function policyNamed(name: string): BuiltInPolicy {
  const policy = POLICIES.find((candidate) => candidate.name === name);
  if (policy !== undefined) return policy;
  throw new GhostexecError('UNKNOWN_POLICY', `there is no policy "${name}"; known: ${POLICY_NAMES.join(', ')}`);
}
