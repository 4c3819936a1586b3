/** The scale of moods, which all rulesets share. */
import { MOODS } from '../world/schema.ts';
import { type Episode, PEOPLE } from './episode.ts';

const BEST = MOODS.length - 1;

/** Moves the mood of a contact by one level, within the scale. Returns whether it changed. A contact of -1 is ignored. */
export function moveMood(e: Episode, contact: number, rungs: 1 | -1): boolean {
  if (contact < 0) return false;
  const { mood } = e.s;
  const before = mood[contact] ?? 0;
  if (before === (rungs === 1 ? BEST : 0)) return false;
  mood[contact] = before + rungs;
  e.changed |= PEOPLE;
  return true;
}
