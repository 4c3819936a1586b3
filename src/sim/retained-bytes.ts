/** Placeholder until the estimate is merged. */
import type { CompiledScenario } from '../world/compile.ts';

export function retainedBytes(c: CompiledScenario): number {
  return 20 * JSON.stringify(c.world).length;
}
