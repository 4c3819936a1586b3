/** Changes of the ledger, and what of it must be summed up again at the end of the step. */
import type { Episode } from '../episode.ts';
import { moveMood } from '../mood.ts';

/** Bits of `Episode.changed` beside those of the briefing. They are set and cleared within one step. */
const OBLIGATIONS = 16;
export const MOODS = 32;
export const SUMMED = OBLIGATIONS | MOODS;

/** What becomes of an obligation. */
export function become(e: Episode, o: number, status: number): void {
  e.s.obligation[o] = status;
  e.changed |= OBLIGATIONS;
}

/** One rung up or down. -1 is nobody. */
export function shiftMood(e: Episode, contact: number, rungs: 1 | -1): void {
  moveMood(e, contact, rungs);
  e.changed |= MOODS;
}
