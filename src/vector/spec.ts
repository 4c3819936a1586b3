/** What an environment plays: a task (scenario and drift), a ruleset and a reward mode. Workers compile their own. */
import type { RewardMode } from '../sim/breakdown.ts';
import { fragmentsOf } from '../sim/briefing/fragments.ts';
import { compileFor, type Rules } from '../sim/rules.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Drift, Scenario } from '../world/schema.ts';

export const AUTORESETS = ['next_step', 'same_step', 'disabled'] as const;
/**
 * What happens when an episode ends, as in Gymnasium. `next_step`: the environment's next step ignores the action and
 * resets instead (reward 0). `same_step`: it is reset within the step, whose final observation is kept in
 * `batch.final(i)`. `disabled`: nothing; every further step is refused by the rules until `reset`.
 */
export type Autoreset = (typeof AUTORESETS)[number];

/** Environments 0..numEnvs-1 are dealt out in order to groups of so many; forks, which come after them, are in none. */
export type Groups = { readonly numEnvs: number; readonly groupSize: number };

/** The stream of seeds that an environment draws from: one for each group, so that its members always begin alike. */
export function seedStream(env: number, { numEnvs, groupSize }: Groups): number {
  return env < numEnvs ? Math.floor(env / groupSize) : env;
}

/** A spec as it travels to a worker: validated documents, to be compiled there. */
export type SpecData = {
  readonly task: string;
  readonly scenario: Scenario;
  readonly drift: Drift | undefined;
  /** V of the best plan known; rules v2. */
  readonly oracle: number | undefined;
  readonly rules: Rules;
  readonly rewardMode: RewardMode;
};

export type Spec = SpecData & { readonly compiled: CompiledScenario };

export function compileSpec(data: SpecData): Spec {
  return { ...data, compiled: compileFor(data.rules, data.scenario, data.drift, data.oracle) };
}

/** Equal keys play alike. */
export function specKey(spec: Spec): string {
  return `${spec.rules}/${spec.rewardMode}/${spec.compiled.hash}`;
}

/** Memory comes in pages of so many bytes, at least. */
const PAGE = 4_096;

/** How the slots lie, in bytes. */
export type Strides = {
  /** From one state to the next, and from one text to the next: multiples of 8, so that every slot is aligned. */
  readonly state: number;
  readonly text: number;
  /** What lies before the first text. */
  readonly lead: number;
};

/**
 * What slots for any of the specs need. Texts that reach into several pages reach into as few as they can: that of a fresh
 * episode begins where a page begins. What lies between is never touched, and takes no memory.
 */
export function stridesOf(specs: readonly Spec[]): Strides {
  const fragments = specs.map((spec) => fragmentsOf(spec.compiled));
  const state = Math.max(...specs.map((spec) => spec.compiled.layout.byteLength));
  const text = Math.max(...fragments.map(({ maxBytes }) => maxBytes));
  if (text < 2 * PAGE) return { state, text: roundUp(text, 8), lead: 0 };
  const start = Math.min(...fragments.map(({ freshStart }) => freshStart));
  return { state, text: roundUp(text, PAGE), lead: PAGE - ((start & ~7) % PAGE) };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
