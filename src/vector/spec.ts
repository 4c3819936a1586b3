/** What an environment plays: a task (scenario and drift), a ruleset and a reward mode. Each worker compiles its own copy. */

import { z } from 'zod';
import { MAX_SEED } from '../lib/random.ts';
import { type Task, taskIds } from '../scenarios/shipped.ts';
import { inlineDrift, inlineTask, shipped } from '../scenarios/source.ts';
import { REWARD_MODES, type RewardMode } from '../sim/breakdown.ts';
import { compileFor, RULES, type Rules } from '../sim/rules.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Drift, DriftInput, Scenario, ScenarioInput } from '../world/schema.ts';
import { UnknownTaskError } from './errors.ts';

/** The autoreset modes. */
export const AUTORESETS = ['next_step', 'same_step', 'disabled'] as const;
/**
 * What happens when an episode ends, with the names of Gymnasium. `next_step`: the next step of the environment ignores the
 * action and resets it instead (reward 0). `same_step`: the environment is reset within the step, and `batch.final(i)` holds
 * the final observation. `disabled`: nothing; the rules refuse every further step until `reset`.
 */
export type Autoreset = (typeof AUTORESETS)[number];

/** Environments 0..numEnvs-1 form consecutive groups of `groupSize`. Forks have higher ids and belong to no group. */
export type Grouping = { readonly numEnvs: number; readonly groupSize: number };

/** The number of the seed stream of an environment. All members of a group use one stream, so that they always begin alike. */
export function seedStream(env: number, { numEnvs, groupSize }: Grouping): number {
  return env < numEnvs ? Math.floor(env / groupSize) : env;
}

/** A spec in the form in which it is sent to a worker: validated documents, which the worker compiles. */
export type SpecData = {
  readonly task: string;
  readonly scenario: Scenario;
  readonly drift: Drift | undefined;
  /** V of the best known plan; rules v2 only. */
  readonly oracle: number | undefined;
  readonly rules: Rules;
  readonly rewardMode: RewardMode;
};

/** A spec with its compiled scenario. */
export type Spec = SpecData & { readonly compiled: CompiledScenario };

/**
 * Compiles the documents of a spec.
 * @throws ValidationError
 */
export function compileSpec(data: SpecData): Spec {
  return { ...data, compiled: compileFor(data.rules, data.scenario, data.drift, data.oracle) };
}

/** A key of what is played: specs with equal keys play alike. */
export function specKey(spec: Spec): string {
  return `${spec.rules}/${spec.rewardMode}/${spec.compiled.hash}`;
}

// The specification of one environment by a caller, and the documents that it names.

/** The schema of a seed: a whole number in 0..2^53-1. */
export const seedSchema = z.int().min(0).max(MAX_SEED);

export const envSpecSchema = z.strictObject({
  task: z.string().optional().describe('Id of a shipped task, or the name given to an inline scenario'),
  scenario: z.unknown().optional().describe('An inline scenario, instead of a shipped one'),
  drift: z.unknown().optional().describe('An inline drift document; null: none, where the task has one'),
  rules: z.enum(RULES).optional(),
  rewardMode: z.enum(REWARD_MODES).optional(),
  seed: seedSchema.optional().describe('Seed of the first episode'),
});

/** An EnvSpec whose documents may be anything: they are checked when they are loaded. */
export type UncheckedSpec = z.input<typeof envSpecSchema>;

/**
 * The task or the scenario of one environment. Options that are missing here are those of the VectorEnv. `parseScenario` and
 * `readScenario` make a `ScenarioInput` of what a file or a request holds.
 */
export type EnvSpec = Omit<UncheckedSpec, 'scenario' | 'drift'> & {
  scenario?: ScenarioInput | undefined;
  drift?: DriftInput | null | undefined;
};

/**
 * Loads and validates the documents of a spec.
 * @throws UnknownTaskError, ValidationError
 */
export function loadSpec(spec: UncheckedSpec): Pick<SpecData, 'task' | 'scenario' | 'drift' | 'oracle'> {
  if (spec.scenario !== undefined)
    return dataOf(inlineTask(spec.task ?? 'inline', { scenario: spec.scenario, drift: spec.drift }));
  if (spec.task === undefined || !taskIds().includes(spec.task)) throw new UnknownTaskError(spec.task, taskIds());
  const task = shipped.get(spec.task);
  if (spec.drift === undefined) return dataOf(task);
  // Another drift makes another instance, whose best plan is unknown.
  return dataOf({ ...task, drift: inlineDrift(task.id, spec.drift), oracle: undefined });
}

function dataOf({ id, scenario, drift, oracle }: Task): Pick<SpecData, 'task' | 'scenario' | 'drift' | 'oracle'> {
  return { task: id, scenario, drift, oracle };
}

/** The index of a spec that the environment names by its task alone. */
export function specNamed(
  specs: readonly Spec[],
  { task, scenario, drift, rules, rewardMode }: UncheckedSpec,
): number | undefined {
  if (scenario !== undefined || drift !== undefined || rules !== undefined || rewardMode !== undefined)
    return undefined;
  const found = specs.findIndex((spec) => spec.task === task);
  return found < 0 ? undefined : found;
}

/**
 * The index of the spec that plays `task`, with the ruleset and the reward mode of the current spec if possible.
 * @throws UnknownTaskError
 */
export function specFor(specs: readonly Spec[], current: number, task: string | null | undefined): number {
  const like = specs[current];
  if (task === undefined || task === null || like?.task === task) return current;
  const exact = specs.findIndex(
    (spec) => spec.task === task && spec.rules === like?.rules && spec.rewardMode === like.rewardMode,
  );
  const found = exact >= 0 ? exact : specs.findIndex((spec) => spec.task === task);
  if (found < 0) throw new UnknownTaskError(task, [...new Set(specs.map((spec) => spec.task))]);
  return found;
}
