/** Whether bytes from outside may be used as the state of an episode. */
import { fieldProblem } from '../world/check-state.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { Episode } from './episode.ts';
import { keptFor } from './kept.ts';
import { createRuleset, problemByRules, rulesOf } from './rules.ts';

/** The state of a fresh episode. */
const freshOf = keptFor((c) => {
  const episode = Episode.of(c, 'full');
  createRuleset(rulesOf(c)).reset(episode);
  return episode.s;
});

/**
 * What is wrong with a region as the state of an episode of this scenario, under the rules for which that was compiled: a
 * field that is out of its range, or fields that do not go together. Nothing if it can be played on.
 * @param isOver Whether the episode must have ended.
 */
export function stateProblem(c: CompiledScenario, region: Uint8Array, isOver = false): string | undefined {
  return fieldProblem(c, region, freshOf(c), problemByRules, isOver);
}
