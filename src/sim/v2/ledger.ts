/** Changes of the ledger, which record what must be summed up again at the end of the step. */
import type { Episode } from '../episode.ts';
import { moveMood } from '../mood.ts';

/** Bits of `Episode.changed` besides those of the briefing. They are set and cleared within one step. */
const OBLIGATIONS = 16;
export const MOODS = 32;
export const SUMMED = OBLIGATIONS | MOODS;

/** Sets the status of an obligation. */
export function setStatus(e: Episode, o: number, status: number): void {
  e.s.obligation[o] = status;
  e.changed |= OBLIGATIONS;
}

/** Moves the mood of a contact up or down by one level. A contact of -1 is ignored. */
export function shiftMood(e: Episode, contact: number, rungs: 1 | -1): void {
  moveMood(e, contact, rungs);
  e.changed |= MOODS;
}
