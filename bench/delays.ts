/** The delay of each step in the straggler benchmark, drawn from the environment and the number of its step alone. */
import { deriveSeed } from 'ghostexec';
import { MAX_SEED } from '#dist/lib/random.js';

/** Delay of most steps in milliseconds. */
const DELAY_MS = 2;
/** One step in a hundred takes this many times as long. */
const SLOWNESS = 50;
const SLOW_SHARE = 0.01;
const SEED = 2026;

/** Returns milliseconds. @param step Number of steps that the environment has played in this thread before. */
export function delayOf(env: number, step: number): number {
  const slow = deriveSeed(SEED, env, step) / MAX_SEED < SLOW_SHARE;
  return slow ? SLOWNESS * DELAY_MS : DELAY_MS;
}
