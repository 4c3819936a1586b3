/** Policies by name: the built-in ones, and those in modules, programs and records. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { greedy } from './greedy.ts';
import { ORACLE, oracleOfTasks } from './oracle.ts';
import { type Actor, type Beginner, type BuiltInPolicy, builtIn, type Policy, type VectorActor } from './policy.ts';
import { type ProgramOptions, programPolicy } from './process.ts';
import { random } from './random.ts';
import { replayPolicy } from './replay.ts';

/** Lets every step pass. Any other policy should beat it. */
export const doNothing = builtIn('do_nothing', () => () => ({ action_type: 'do_nothing' }));

const POLICIES: readonly BuiltInPolicy[] = [doNothing, random, greedy];

export const POLICY_NAMES: readonly string[] = POLICIES.map((policy) => policy.name);

/** The other names of policies, for people. */
export const OTHER_POLICIES = 'oracle, exec:COMMAND, replay:FILE, or the path of a module, such as ./mine.mjs';

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
    `there is no policy "${name}"; known: ${POLICY_NAMES.join(', ')}, ${OTHER_POLICIES}`,
  );
}

/** Whether a name is that of a built-in policy, which workers can play by its name. */
export function isBuiltIn(name: string): boolean {
  return POLICY_NAMES.includes(name);
}

/** The beginnings of the names of policies that are programs or records. */
const EXEC = 'exec:';
const REPLAY = 'replay:';

/**
 * A policy by name: a built-in one; `oracle`, the best known plans of the shipped tasks; `exec:COMMAND`, a program; `replay:FILE`,
 * the answers of a file of trajectories; or the default export of a module (a policy, or the function `act` of one). Another name
 * with a dot or a slash is the path of a module.
 * @param options Those of a program.
 * @throws GhostexecError (UNKNOWN_POLICY, BAD_POLICY, NO_FILE)
 * @example
 * const policy = await loadPolicy('./mine.mjs');
 */
export async function loadPolicy(name: string, options: ProgramOptions = {}): Promise<Policy> {
  if (name === ORACLE) return oracleOfTasks;
  if (name.startsWith(EXEC)) return programPolicy(name, name.slice(EXEC.length), options);
  if (name.startsWith(REPLAY)) return replayPolicy(name, name.slice(REPLAY.length));
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
