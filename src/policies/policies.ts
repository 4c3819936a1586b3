/** Policies by name: the built-in ones, and those in modules. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { greedy } from './greedy.ts';
import { type Actor, type Beginner, type BuiltInPolicy, builtIn, type Policy, type VectorActor } from './policy.ts';
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
  throw new GhostexecError(
    'UNKNOWN_POLICY',
    `there is no policy "${name}"; known: ${POLICY_NAMES.join(', ')}, or the path of a module, such as ./mine.mjs`,
  );
}

/** Whether a name is that of a built-in policy, which workers can play by its name. */
export function isBuiltIn(name: string): boolean {
  return POLICY_NAMES.includes(name);
}

/**
 * A policy by name: a built-in one, or the default export of a module (a policy, or the function `act` of one). A name with a dot
 * or a slash is the path of a module.
 * @throws GhostexecError (UNKNOWN_POLICY, BAD_POLICY)
 * @example
 * const policy = await loadPolicy('./mine.mjs');
 */
export async function loadPolicy(name: string): Promise<Policy> {
  if (isBuiltIn(name) || !/[./\\]/.test(name)) return policyNamed(name);
  const path = resolve(name);
  if (!existsSync(path)) throw new GhostexecError('BAD_POLICY', `there is no module ${name} with a policy`);
  let exported: { readonly default?: unknown };
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new GhostexecError('BAD_POLICY', `the module ${name} of the policy cannot be loaded: ${messageOf(error)}`);
  }
  const given = exported.default;
  if (typeof given === 'function') return { name, act: given as Actor['act'] };
  if (has<VectorActor>(given, 'actBatch')) return { name, actBatch: (turns) => given.actBatch(turns) };
  if (has<Beginner>(given, 'start')) return { name, start: (seed) => given.start(seed) };
  if (has<Actor>(given, 'act')) return { name, act: (turn) => given.act(turn) };
  throw new GhostexecError(
    'BAD_POLICY',
    `the module ${name} has no policy: expected its default export to have a function act, actBatch or start`,
  );
}

function has<T extends object>(value: unknown, key: keyof T & string): value is T {
  return typeof Object(value)[key] === 'function';
}
