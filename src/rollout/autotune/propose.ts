/** Lists the settings to measure, and chooses one of those that were measured. */

/** Two of the options of VectorEnv. */
export type Setting = {
  /** Worker threads; 0 plays in the calling thread. */
  readonly workers: number;
  /** Environments that are stepped in one batch. */
  readonly numEnvs: number;
};

/** A setting with its measured results. */
export type Trial = Setting & {
  /** Environment steps per second: the median of the windows. */
  readonly stepsPerSecond: number;
  /** Median absolute deviation of the windows, as a share of their median. */
  readonly deviation: number;
  /** Bytes by which the memory of the process grew, at least 0. */
  readonly memoryBytes: number;
};

/** How much slower than the best a smaller setting may be, as a share. */
export const TOLERANCE = 0.05;

/**
 * The smallest setting that is about as fast as the fastest: fewest workers, then fewest environments.
 * @param trials At least one.
 * @throws RangeError if there is no trial
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
 * The settings to measure. Workers: 0, the powers of two up to `maxWorkers`, and `maxWorkers` itself. Environments: 16 times
 * the powers of four, up to `maxEnvs`. No setting has more workers than environments.
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
