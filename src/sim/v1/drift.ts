/** Scheduled changes of the world: rules v1, paragraph 3, item 2. */
import { applyEffects } from '../effects.ts';
import type { Episode } from '../episode.ts';
import { recomputeStress, takeStock } from './dynamics.ts';

/** Applies the events of the current step, in file order. */
export function applyDrift(e: Episode): void {
  if (e.c.driftByStep.size === 0) return;
  const events = e.c.driftByStep.get(e.s.stepCount);
  if (events === undefined) return;
  for (const event of events) applyEffects(e, event);
  takeStock(e);
  recomputeStress(e);
}
