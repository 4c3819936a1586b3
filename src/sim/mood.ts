/** The ladder of moods, which every ruleset climbs and falls down alike. */
import { MOODS } from '../world/schema.ts';
import { type Episode, PEOPLE } from './episode.ts';

const BEST = MOODS.length - 1;

/** One rung up or down the ladder, which has ends; returns whether it was not at the end already. -1 is nobody. */
export function moveMood(e: Episode, contact: number, rungs: 1 | -1): boolean {
  if (contact < 0) return false;
  const { mood } = e.s;
  const before = mood[contact] ?? 0;
  if (before === (rungs === 1 ? BEST : 0)) return false;
  mood[contact] = before + rungs;
  e.changed |= PEOPLE;
  return true;
}
