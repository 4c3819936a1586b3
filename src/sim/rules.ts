/** The rulesets, each a room of its own behind one interface. */
import { type CompiledScenario, compileScenario } from '../world/compile.ts';
import type { Drift, Scenario } from '../world/schema.ts';
import { stripV2 } from '../world/strip.ts';
import type { Ruleset } from './ruleset.ts';
import { RulesV1 } from './v1/step.ts';
import { compileV2 } from './v2/instance.ts';
import { RulesV2 } from './v2/step.ts';

export const RULES = ['v1', 'v2'] as const;
export type Rules = (typeof RULES)[number];

/** What is played where nothing else is asked for. */
export const DEFAULT_RULES: Rules = 'v2';

type Room = {
  readonly ruleset: () => Ruleset;
  readonly compile: (world: Scenario, drift?: Drift, oracle?: number) => CompiledScenario;
};

const ROOMS: Readonly<Record<Rules, Room>> = {
  v1: { ruleset: () => new RulesV1(), compile: (world, drift) => compileScenario(stripV2(world), drift) },
  v2: { ruleset: () => new RulesV2(), compile: compileV2 },
};

export function createRuleset(rules: Rules): Ruleset {
  return ROOMS[rules].ruleset();
}

/**
 * Makes validated documents ready to be played. Equal input gives an equal result.
 * @param oracle V of the best plan known, for the grades of rules v2.
 */
export function compileFor(rules: Rules, world: Scenario, drift?: Drift, oracle?: number): CompiledScenario {
  return ROOMS[rules].compile(world, drift, oracle);
}
