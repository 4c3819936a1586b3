/** How long the steps of the benchmark of stragglers take: drawn from the environment and the number of its step alone. */
import { deriveSeed } from 'ghostexec';
import { MAX_SEED } from '#dist/lib/random.js';

/** Milliseconds of most steps. */
const DELAY_MS = 2;
/** One step in a hundred takes so many times as long. */
const SLOWNESS = 50;
const SLOW_SHARE = 0.01;
const SEED = 2026;

/** Milliseconds. @param step How many steps the environment has played before in this thread's life. */
export function delayOf(env: number, step: number): number {
  const slow = deriveSeed(SEED, env, step) / MAX_SEED < SLOW_SHARE;
  return slow ? SLOWNESS * DELAY_MS : DELAY_MS;
}
