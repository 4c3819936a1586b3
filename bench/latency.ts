/** How long answers of a language model take. */

const MEDIAN_MS = 200;
const SIGMA = 0.5;
/** This share of the answers takes LONG_MS. */
const LONG_SHARE = 0.01;
const LONG_MS = 10_000;
/** By then the number of long answers under way no longer grows: the rate is steady. */
export const STEADY_AFTER_MS = 2 * LONG_MS;

/**
 * A latency in milliseconds: log-normal with median 200 ms and sigma 0.5, except 1 % of 10 s.
 * @param uniform Draws a number in [0, 1).
 */
export function drawLatency(uniform: () => number): number {
  if (uniform() < LONG_SHARE) return LONG_MS;
  // Box and Muller (1958).
  const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return MEDIAN_MS * Math.exp(SIGMA * normal);
}

/** Their mean in milliseconds. */
export const MEAN_LATENCY = LONG_SHARE * LONG_MS + (1 - LONG_SHARE) * MEDIAN_MS * Math.exp(SIGMA ** 2 / 2);
