/** The value of an episode in which nothing is done. Grades are relative to it. */
import { inRange } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { Episode } from '../episode.ts';
import { MINUTES } from './constants.ts';
import { RulesV2 } from './step.ts';
import { worthOf } from './value.ts';

/** The result of an episode in which nothing is done. */
export type Floor = {
  /** V at the end. */
  readonly value: number;
  /** Number of steps that were played. Steps in which nothing would have happened are skipped. */
  readonly played: number;
};

/** Plays the episode. The day may last thousands of years, so only steps are played in which something happens. */
export function measureFloor(c: CompiledScenario): Floor {
  const rules = new RulesV2();
  const episode = Episode.of(c, 'base');
  rules.reset(episode);
  let played = 0;
  while (episode.s.active) {
    rules.step(episode, { action_type: 'do_nothing' });
    played++;
    skipQuietSteps(episode);
  }
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
