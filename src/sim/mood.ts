/** The ladder of moods, which every ruleset climbs and falls down alike. */
import { MOODS } from '../world/schema.ts';
import { type Episode, PEOPLE } from './episode.ts';

/** One rung up or down the ladder, which has ends. -1 is nobody. */
export function moveMood(e: Episode, contact: number, rungs: 1 | -1): void {
  if (contact < 0) return;
  const before = e.s.mood[contact] ?? 0;
  const after = Math.min(MOODS.length - 1, Math.max(0, before + rungs));
  if (after === before) return;
  e.s.mood[contact] = after;
  e.changed |= PEOPLE;
}
