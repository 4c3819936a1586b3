/** Checks whether untrusted bytes can be the state of an episode. */
import { fieldProblem } from '../world/check-state.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { Episode } from './episode.ts';
import { keptFor } from './kept.ts';
import { createRuleset, meetingTimeOf, problemByRules, rulesOf } from './rules.ts';

/** The state of a new episode. */
const freshOf = keptFor((c) => {
  const episode = Episode.of(c, 'full');
  createRuleset(rulesOf(c)).reset(episode);
  return episode.s;
});

/**
 * Describes what is wrong with a region as the state of an episode of this scenario, under the rules that the scenario was
 * compiled for: a field out of its range, or fields that contradict each other. Returns undefined if the episode can be
 * continued.
 * @param isOver Whether the episode must have ended.
 */
export function stateProblem(c: CompiledScenario, region: Uint8Array, isOver = false): string | undefined {
  return fieldProblem(c, region, freshOf(c), problemByRules, meetingTimeOf(c), isOver);
}
