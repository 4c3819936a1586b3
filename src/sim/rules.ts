/** The rulesets, each a room of its own behind one interface. */
import type { Ruleset } from './ruleset.ts';
import { RulesV1 } from './v1/step.ts';

export const RULES = ['v1'] as const;
export type Rules = (typeof RULES)[number];

const MAKERS: Readonly<Record<Rules, () => Ruleset>> = {
  v1: () => new RulesV1(),
};

export function createRuleset(rules: Rules): Ruleset {
  return MAKERS[rules]();
}
