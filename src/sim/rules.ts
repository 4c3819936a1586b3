/** The rulesets. Each has its own folder; this module is their common interface. */
import type { Check } from '../world/check-state.ts';
import { type CompiledScenario, compileScenario } from '../world/compile.ts';
import type { Drift, Scenario } from '../world/schema.ts';
import type { EpisodeState } from '../world/state.ts';
import { stripV2 } from '../world/strip.ts';
import type { Ruleset } from './ruleset.ts';
import { stateProblemV1 } from './v1/check-state.ts';
import { INACTIVE_REWARD as REFUSAL_V1 } from './v1/constants.ts';
import { rewardRangeV1 } from './v1/reward.ts';
import { RulesV1 } from './v1/step.ts';
import { stateProblemV2 } from './v2/check-state.ts';
import { INACTIVE_REWARD as REFUSAL_V2, REWARD_RANGE } from './v2/constants.ts';
import { compileV2 } from './v2/instance.ts';
import { RulesV2 } from './v2/step.ts';

/** The names of the rulesets. */
export const RULES = ['v1', 'v2'] as const;
export type Rules = (typeof RULES)[number];

/** The rules that apply unless the caller selects others. */
export const DEFAULT_RULES: Rules = 'v2';

type Room = {
  readonly ruleset: () => Ruleset;
  readonly compile: (world: Scenario, drift?: Drift, oracle?: number) => CompiledScenario;
  /** Checks a state that has taken a step against the rules; see check-state.ts. */
  readonly stateProblem: Check;
  /** The minimum and the maximum reward of a step. */
  readonly rewardRange: (c: CompiledScenario) => readonly [number, number];
  /** The reward of a step after the end of the episode. */
  readonly refusal: number;
};

const ROOMS: Readonly<Record<Rules, Room>> = {
  v1: {
    ruleset: () => new RulesV1(),
    compile: (world, drift) => compileScenario(stripV2(world), drift),
    stateProblem: stateProblemV1,
    rewardRange: ({ layout }) => rewardRangeV1(layout),
    refusal: REFUSAL_V1,
  },
  v2: {
    ruleset: () => new RulesV2(),
    compile: compileV2,
    stateProblem: stateProblemV2,
    rewardRange: () => REWARD_RANGE,
    refusal: REFUSAL_V2,
  },
};

/** Makes a ruleset, which plays steps of any number of episodes that were compiled for these rules. */
export function createRuleset(rules: Rules): Ruleset {
  return ROOMS[rules].ruleset();
}

/**
 * Compiles validated documents. Equal input gives an equal result.
 * @param oracle V of the best known plan, for the grades of rules v2.
 * @throws ValidationError
 */
export function compileFor(rules: Rules, world: Scenario, drift?: Drift, oracle?: number): CompiledScenario {
  return ROOMS[rules].compile(world, drift, oracle);
}

/** The rules that a scenario was compiled for. */
export function rulesOf({ day }: CompiledScenario): Rules {
  return day === undefined ? 'v1' : 'v2';
}

/**
 * Checks a state against the rules of its scenario. The state has taken a step, and each field by itself is in its range.
 * Returns what is wrong, or undefined.
 */
export function problemByRules(c: CompiledScenario, s: EpisodeState): string | undefined {
  return ROOMS[rulesOf(c)].stateProblem(c, s);
}

/** Tolerance for rounding errors of sums beyond the bounds of a reward. */
const ROUNDING = 1e-9;

/**
 * Describes what is wrong with the rewards of an episode after `steps` steps.
 * @param rewards The rewards of all its steps, including those after its end.
 */
export function rewardsProblem(
  c: CompiledScenario,
  rewards: readonly number[],
  steps: number,
  active: boolean,
): string | undefined {
  const { rewardRange, refusal } = ROOMS[rulesOf(c)];
  if (active ? rewards.length !== steps : rewards.length < steps) return `${rewards.length} rewards of ${steps} steps`;
  const [least, most] = rewardRange(c);
  const wrong = rewards.findIndex((reward, step) =>
    step < steps ? !(reward >= least - ROUNDING && reward <= most + ROUNDING) : reward !== refusal,
  );
  return wrong < 0 ? undefined : `the reward of step ${wrong + 1} is ${rewards[wrong]}`;
}
