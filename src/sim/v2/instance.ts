/** A scenario under rules v2, and between which values of V its episodes are graded. */
import type { CompiledScenario } from '../../world/compile.ts';
import type { Drift, Scenario } from '../../world/schema.ts';
import { Episode } from '../episode.ts';
import { compileDay } from './compile.ts';
import { RulesV2 } from './step.ts';
import { worthOf } from './value.ts';

/** @param oracle V of the best plan known. */
export function compileV2(world: Scenario, drift?: Drift, oracle?: number): CompiledScenario {
  const plan = compileDay(world, drift);
  const c: CompiledScenario = { ...plan, day: { ...plan.day, floor: 0, oracle } };
  return Object.freeze({ ...c, day: { ...plan.day, floor: measureFloor(c), oracle } });
}

/** V at the end of an episode in which nothing is done. */
function measureFloor(c: CompiledScenario): number {
  const rules = new RulesV2();
  const episode = Episode.of(c, 'base');
  rules.reset(episode);
  while (episode.s.active) rules.step(episode, { action_type: 'do_nothing' });
  return worthOf(episode.s);
}
