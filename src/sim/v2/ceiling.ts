/** An upper bound of V. A scenario in which doing nothing reaches that bound teaches nothing. */
import type { CompiledScenario } from '../../world/compile.ts';
import { MOODS } from '../../world/schema.ts';
import { EpisodeState } from '../../world/state.ts';
import { CHANNEL_WEIGHTS } from './constants.ts';

/** Tolerance: shares add up to 1 within this error. */
const ROUNDING = 1e-9;

/** The reason why no sequence of actions can be worth more than doing nothing; undefined if one may be. */
export function whyNothingToGain(c: CompiledScenario): string | undefined {
  const { day } = c;
  if (day === undefined) return undefined;
  if (day.obligations.length === 0) return 'nothing is owed: there are no answers, clashes or tasks to see to';
  if (day.floor < ceilingOf(c) - ROUNDING) return undefined;
  return `doing nothing is worth ${day.floor.toFixed(3)}, and no play can be worth more`;
}

/**
 * V if every obligation is met, nothing is damaged, and every contact is in the best mood that answers and events allow. This
 * is an upper bound, which may be out of reach.
 */
export function ceilingOf(c: CompiledScenario): number {
  const { day } = c;
  if (day === undefined) throw new TypeError('only rules v2 have a ceiling');
  const shares = [...day.unowed];
  for (const { channel, share } of day.obligations) shares[channel] = (shares[channel] ?? 0) + share;
  const best = new EpisodeState(c.layout, c.initialRegion.slice().buffer).mood;
  for (const { effects } of day.events) {
    const { mood } = effects;
    if (mood !== undefined) best[mood.contact] = Math.max(best[mood.contact] ?? 0, mood.value);
  }
  // Each answer in time raises the mood of its sender by one level.
  const moods = day.moodShare.map(
    (rung, contact) => rung * Math.min(MOODS.length - 1, (best[contact] ?? 0) + (day.repliesTo[contact]?.length ?? 0)),
  );
  shares[1] = moods.reduce((sum, one) => sum + one, shares[1] ?? 0);
  return CHANNEL_WEIGHTS.reduce((sum, weight, channel) => sum + weight * (shares[channel] ?? 0), 0);
}
