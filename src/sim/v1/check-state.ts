/** Checks states under rules v1: the fields that depend on each other by the rules. */
import { inRange, SECOND, utcOf } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { keptFor } from '../../world/kept.ts';
import type { EpisodeState } from '../../world/state.ts';
import { STEP_DURATION, STRESS_FROM_PROBLEMS_LIMIT, STRESS_LIMIT } from './constants.ts';

/**
 * Describes what is wrong with a state that has taken a step and whose fields, each by itself, are in range. Returns undefined
 * if the episode can be continued. Stress is only checked against its bounds: counting the overlapping meetings would take
 * longer than all other checks.
 */
export function stateProblemV1(c: CompiledScenario, s: EpisodeState): string | undefined {
  if (!isTimeAfter(beginOf(c).utc, s.stepCount, s.clock)) return 'simulated time does not follow from the step count';
  const base = c.world.stress;
  if (s.stress < base || s.stress > Math.min(STRESS_LIMIT, base + STRESS_FROM_PROBLEMS_LIMIT)) {
    return 'stress out of range';
  }
  const isLast = s.stepCount === c.world.max_episode_steps;
  if (isLast !== s.limitReached) return 'the step limit was not reached, or not noticed';
  // Apart from the step limit, only a failure ends an episode.
  if (!s.active && !isLast && s.stepOk) return 'it ended before the step limit';
  return undefined;
}

/** The instant at which the day began. */
const beginOf = keptFor(({ world }) => ({ utc: utcOf(world.simulation_time) }));

/** Whether `advanceClock` can have set the clock to this time. */
function isTimeAfter(begin: number, steps: number, clock: number): boolean {
  const first = Math.floor((begin + STEP_DURATION) / SECOND) * SECOND;
  const expected = first + (steps - 1) * STEP_DURATION;
  if (inRange(expected)) return clock === expected;
  // The clock stops at the end of the year 9999.
  const isStep = clock === begin || (clock >= first && (clock - first) % STEP_DURATION === 0);
  return isStep && !inRange(Math.floor((clock + STEP_DURATION) / SECOND) * SECOND);
}
