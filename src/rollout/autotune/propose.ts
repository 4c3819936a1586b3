/** Which of the settings that were measured to take. */

/** How VectorEnv can be made. */
export type Setting = {
  /** Worker threads; 0 plays in the calling thread. */
  readonly workers: number;
  /** Environments that are stepped at once. */
  readonly numEnvs: number;
};

/** What a setting came to. */
export type Trial = Setting & {
  /** Environment steps per second: the median of the windows. */
  readonly stepsPerSecond: number;
  /** Median absolute deviation of the windows, as a share of their median. */
  readonly deviation: number;
  /** Bytes by which the process grew, never below 0. */
  readonly memoryBytes: number;
};

/** A setting may be so much slower than the best, as a share, if it is smaller. */
export const TOLERANCE = 0.05;

/**
 * The smallest setting that is about as fast as the fastest: fewest workers, then fewest environments.
 * @param trials At least one.
 */
export function propose(trials: readonly Trial[], tolerance = TOLERANCE): Trial {
  const enough = (1 - tolerance) * Math.max(...trials.map(({ stepsPerSecond }) => stepsPerSecond));
  const [smallest] = trials
    .filter(({ stepsPerSecond }) => stepsPerSecond >= enough)
    .sort((a, b) => a.workers - b.workers || a.numEnvs - b.numEnvs);
  if (smallest === undefined) throw new RangeError('there is no trial to choose from');
  return smallest;
}

/**
 * What to try: no worker, then powers of two up to `maxWorkers` and that itself; 16 environments and powers of four
 * times that, up to `maxEnvs`. No setting has more workers than environments.
 */
export function settingsUpTo(maxWorkers: number, maxEnvs: number): Setting[] {
  const workers = [...new Set([0, ...growing(1, 2, maxWorkers), maxWorkers])];
  const sizes = maxEnvs < 16 ? [maxEnvs] : growing(16, 4, maxEnvs);
  return workers.flatMap((count) =>
    sizes.filter((numEnvs) => numEnvs >= count).map((numEnvs) => ({ workers: count, numEnvs })),
  );
}

function growing(first: number, factor: number, last: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value *= factor) values.push(value);
  return values;
}
