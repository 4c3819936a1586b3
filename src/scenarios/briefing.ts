import { Episode } from '../sim/episode.ts';
import { briefingOf } from '../sim/observation/observe.ts';
import { compileFor, createRuleset, type Rules } from '../sim/rules.ts';
import type { Task } from './shipped.ts';

/**
 * The briefing that a policy reads first in an episode of a task. It is the same for every seed.
 * @throws ValidationError if the scenario exceeds a limit of the rules
 */
export function firstBriefing({ scenario, drift, oracle }: Task, rules: Rules): string {
  const episode = Episode.of(compileFor(rules, scenario, drift, oracle), 'full');
  createRuleset(rules).reset(episode);
  return briefingOf(episode);
}
