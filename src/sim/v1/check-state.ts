/** What a state under rules v1 can be: the fields that hang together by the rules. */
import { inRange, SECOND, utcOf } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import type { EpisodeState } from '../../world/state.ts';
import { keptFor } from '../kept.ts';
import { STEP_DURATION, STRESS_FROM_PROBLEMS_LIMIT, STRESS_LIMIT } from './constants.ts';

/**
 * What is wrong with a state that has taken a step and each of whose fields by itself can be so; nothing if it can be
 * played on. Stress is held against its bounds only: to count the meetings that overlap would take longer than all else.
 */
export function stateProblemV1(c: CompiledScenario, s: EpisodeState): string | undefined {
  if (!isTimeAfter(beginOf(c).utc, s.stepCount, s.clock)) return 'simulated time does not follow from the step count';
  const base = c.world.stress;
  if (s.stress < base || s.stress > Math.min(STRESS_LIMIT, base + STRESS_FROM_PROBLEMS_LIMIT)) {
    return 'stress out of range';
  }
  const isLast = s.stepCount === c.world.max_episode_steps;
  if (isLast !== s.limitReached) return 'the step limit was not reached, or not noticed';
  // Nothing else ends an episode but that it failed.
  if (!s.active && !isLast && s.stepOk) return 'it ended before the step limit';
  return undefined;
}

/** When the day began. */
const beginOf = keptFor(({ world }) => ({ utc: utcOf(world.simulation_time) }));

/** As `advanceClock` moves it. */
function isTimeAfter(begin: number, steps: number, clock: number): boolean {
  const first = Math.floor((begin + STEP_DURATION) / SECOND) * SECOND;
  const expected = first + (steps - 1) * STEP_DURATION;
  if (inRange(expected)) return clock === expected;
  // It stands still at the end of the year 9999.
  const isStep = clock === begin || (clock >= first && (clock - first) % STEP_DURATION === 0);
  return isStep && !inRange(Math.floor((clock + STEP_DURATION) / SECOND) * SECOND);
}
