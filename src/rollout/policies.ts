/** The built-in policies. */
import { GhostexecError } from '../lib/errors.ts';
import type { BuiltInPolicy } from './built-in.ts';
import { doNothing } from './policies/do-nothing.ts';
import { greedy } from './policies/greedy.ts';
import { random } from './policies/random.ts';

const POLICIES: readonly BuiltInPolicy[] = [doNothing, random, greedy];

export const POLICY_NAMES: readonly string[] = POLICIES.map((policy) => policy.name);

/**
 * A built-in policy by name.
 * @throws GhostexecError if there is no policy with that name
 */
export function policyNamed(name: string): BuiltInPolicy {
  const policy = POLICIES.find((candidate) => candidate.name === name);
  if (policy !== undefined) return policy;
  throw new GhostexecError('UNKNOWN_POLICY', `there is no policy "${name}"; known: ${POLICY_NAMES.join(', ')}`);
}
