/** Compiles a scenario for rules v2 and determines the values of V between which its episodes are graded. */
import type { CompiledScenario } from '../../world/compile.ts';
import type { Drift, Scenario } from '../../world/schema.ts';
import { compileDay } from './compile.ts';
import { measureFloor } from './floor.ts';

/**
 * @param oracle V of the best known plan.
 * @throws ValidationError if the scenario would exceed limits.ts
 */
export function compileV2(world: Scenario, drift?: Drift, oracle?: number): CompiledScenario {
  const plan = compileDay(world, drift);
  const c: CompiledScenario = { ...plan, day: { ...plan.day, floor: 0, oracle } };
  return Object.freeze({ ...c, day: { ...plan.day, floor: measureFloor(c).value, oracle } });
}
