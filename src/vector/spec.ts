/** What an environment plays: a task (scenario and drift), a ruleset and a reward mode. Each worker compiles its own copy. */
import type { RewardMode } from '../sim/breakdown.ts';
import { fragmentsOf } from '../sim/briefing/fragments.ts';
import { compileFor, type Rules } from '../sim/rules.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Drift, Scenario } from '../world/schema.ts';

/** The autoreset modes. */
export const AUTORESETS = ['next_step', 'same_step', 'disabled'] as const;
/**
 * What happens when an episode ends, with the names of Gymnasium. `next_step`: the next step of the environment ignores the
 * action and resets it instead (reward 0). `same_step`: the environment is reset within the step, and `batch.final(i)` holds
 * the final observation. `disabled`: nothing; the rules refuse every further step until `reset`.
 */
export type Autoreset = (typeof AUTORESETS)[number];

/** Environments 0..numEnvs-1 form consecutive groups of `groupSize`. Forks have higher ids and belong to no group. */
export type Groups = { readonly numEnvs: number; readonly groupSize: number };

/** The number of the seed stream of an environment. All members of a group use one stream, so that they always begin alike. */
export function seedStream(env: number, { numEnvs, groupSize }: Groups): number {
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

/** Size of a memory page in bytes, at least. */
const PAGE = 4_096;

/** The layout of the slots, in bytes. */
export type Strides = {
  /** The distance between two states, and between two texts: multiples of 8, so that every slot is aligned. */
  readonly state: number;
  readonly text: number;
  /** Offset of the first text. */
  readonly lead: number;
};

/**
 * The strides that fit slots of any of the specs. Texts longer than a page should touch as few pages as possible: the text of a
 * new episode begins at the start of a page. The gaps between texts are never touched and take no physical memory.
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
