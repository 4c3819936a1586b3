/** Compiles a scenario for rules v2 and determines the values of V between which its episodes are graded. */

import { inRange } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { type Drift, MOODS, type Scenario } from '../../world/schema.ts';
import { EpisodeState } from '../../world/state.ts';
import { Episode } from '../episode.ts';
import { compileDay } from './compile.ts';
import { CHANNEL_WEIGHTS, MINUTES } from './constants.ts';
import { RulesV2 } from './step.ts';
import { worthOf } from './value.ts';

/**
 * @param oracle V of the best known plan.
 * @throws ValidationError if the scenario would exceed a limit of references.ts
 */
export function compileV2(world: Scenario, drift?: Drift, oracle?: number): CompiledScenario {
  const plan = compileDay(world, drift);
  const c: CompiledScenario = { ...plan, day: { ...plan.day, floor: 0, oracle } };
  return Object.freeze({ ...c, day: { ...plan.day, floor: measureFloor(c).value, oracle } });
}

// The value of an episode in which nothing is done. Grades are relative to it.

/** Plays the episode. The day may last thousands of years, so only steps are played in which something happens. */
export function measureFloor(c: CompiledScenario) {
  const rules = new RulesV2();
  const episode = Episode.of(c, 'base');
  rules.reset(episode);
  let played = 0;
  while (episode.s.active) {
    rules.step(episode, { action_type: 'do_nothing' });
    played++;
    skipQuietSteps(episode);
  }
  // Steps in which nothing would have happened are not played.
  return { value: worthOf(episode.s), played };
}

/** Skips the steps before the next one in which something may happen. */
function skipQuietSteps({ c, s, v2: { quietUntil } }: Episode): void {
  if (c.day === undefined) return;
  const { end, events } = c.day;
  let numbered = c.world.max_episode_steps;
  for (const { afterStep } of events) if (afterStep > s.stepCount) numbered = Math.min(numbered, afterStep);
  while (s.stepCount + 1 < numbered) {
    const next = s.clock + MINUTES.idle;
    // At the end of the year 9999 the clock stops. By then all events have happened.
    if (inRange(next)) {
      if (next >= quietUntil || next >= end) return;
      s.clock = next;
    }
    s.stepCount++;
  }
}

// An upper bound of V. A scenario in which doing nothing reaches that bound teaches nothing.

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
