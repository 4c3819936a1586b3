/** Measures how fast this machine steps environments in different settings, and proposes one setting. */

import { availableParallelism } from 'node:os';
import { median, medianAbsoluteDeviation } from 'simple-statistics';
import { z } from 'zod';
import { Turn } from '../lib/turn.ts';
import { randomValid } from '../policies/random.ts';
import { defaultTaskIds } from '../scenarios/shipped.ts';
import { taskNamed } from '../scenarios/source.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { VectorEnv } from '../vector/vector-env.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { parseWith } from '../world/validate.ts';

// Lists the settings to measure, and chooses one of those that were measured.

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
export const SPEED_TOLERANCE = 0.05;

/**
 * The smallest setting that is about as fast as the fastest: fewest workers, then fewest environments.
 * @param trials At least one.
 * @throws RangeError if there is no trial
 */
export function propose(trials: readonly Trial[], tolerance = SPEED_TOLERANCE): Trial {
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

/** Default of `maxWorkers` on machines with more cores than this. */
const MOST_WORKERS = 16;
/** Number of time windows of a trial. The windows of different trials alternate. */
const WINDOWS = 5;
/** Length of the warm-up before the first window, as a share of a trial's time: each thread compiles the code for itself. */
const WARM_UP = 0.5;
/** Number of different lists of actions that a trial cycles through. */
const TURNS = 8;

const optionsSchema = z.strictObject({
  task: z.string().optional(),
  rules: z.enum(RULES).default(DEFAULT_RULES),
  seconds: z.number().min(0.01).max(3_600).default(1),
  maxWorkers: z.int().min(0).max(256).optional(),
  maxEnvs: z.int().min(1).max(1_000_000).default(4_096),
});

export type AutotuneOptions = z.input<typeof optionsSchema> & {
  /** Called after each part of the work with the number of parts that are done and the number of all parts. */
  readonly onProgress?: (done: number, total: number) => void;
};

export type Tuning = {
  readonly task: string;
  readonly rules: Rules;
  /** Threads that can run at the same time on this machine. */
  readonly cores: number;
  /** Seconds measured for each trial. */
  readonly seconds: number;
  /** In the order of the trials: by workers, then by environments. */
  readonly trials: readonly Trial[];
  /** The fastest trial. */
  readonly best: Trial;
  /** The smallest setting that is about as fast as the best: pass it to VectorEnv.create or `ghostexec rollout`. */
  readonly proposed: Trial;
};

/**
 * Plays a seeded mix of actions in every setting, reading every briefing as a policy would, and proposes the smallest
 * setting whose rate is within 5 % of the best.
 *
 * `task`: the task whose scenario is played (default: the first of the certified ladder); `rules`; `seconds`: the time
 * measured for each setting, 0.01 to 3,600 (default 1; a warm-up of half that time is not counted); `maxWorkers`: 0 to 256
 * (default: one for each core, at most 16); `maxEnvs`: 1 to 1,000,000 (default 4,096). All settings are open at the same
 * time, so that their windows can alternate.
 * @throws ValidationError, UnknownTaskError
 */
export async function autotune({ onProgress, ...input }: AutotuneOptions = {}): Promise<Tuning> {
  const options = parseWith(optionsSchema, input, 'autotune options');
  const { rules, seconds, maxEnvs } = options;
  const task = options.task ?? defaultTaskIds()[0] ?? '';
  const cores = availableParallelism();
  const settings = settingsUpTo(options.maxWorkers ?? Math.min(cores, MOST_WORKERS), maxEnvs);
  const candidates: RunningSetting[] = [];
  let done = 0;
  const report = (): void => onProgress?.(++done, settings.length * (WINDOWS + 1));
  try {
    for (const setting of settings) {
      candidates.push(await RunningSetting.open(setting, task, rules, seconds * WARM_UP));
      report();
    }
    for (let window = 0; window < WINDOWS; window++) {
      for (const candidate of candidates) {
        await candidate.measure(seconds / WINDOWS);
        report();
      }
    }
  } finally {
    await Promise.all(candidates.map((candidate) => candidate.close()));
  }
  const trials = candidates.map((candidate) => candidate.trial());
  return { task, rules, cores, seconds, trials, best: propose(trials, 0), proposed: propose(trials) };
}

/** A setting with its open VectorEnv. */
class RunningSetting {
  private readonly setting: Setting;
  private readonly env: VectorEnv;
  /** The lists of actions that the trial cycles through. */
  private readonly turns: readonly PolicyAnswer[][];
  private readonly rates: number[] = [];
  private memoryBytes = 0;
  private turn = 0;

  private constructor(setting: Setting, env: VectorEnv, seen: Observation) {
    this.setting = setting;
    this.env = env;
    // Settings with the same number of environments get the same lists.
    const decide = randomValid.begin(setting.numEnvs);
    this.turns = Array.from({ length: TURNS }, () => Array.from({ length: setting.numEnvs }, () => decide(seen)));
  }

  static async open(setting: Setting, task: string, rules: Rules, warmUp: number): Promise<RunningSetting> {
    const before = process.memoryUsage.rss();
    const { id, scenario, drift } = taskNamed(task);
    const envs = Array(setting.numEnvs).fill({ task: id, scenario, drift });
    const env = await VectorEnv.create({ envs, ...setting, rules, maxForks: 0 });
    try {
      const candidate = new RunningSetting(setting, env, (await env.reset()).observation(0));
      await candidate.play(warmUp);
      candidate.memoryBytes = Math.max(0, process.memoryUsage.rss() - before);
      return candidate;
    } catch (error) {
      await env.close();
      throw error;
    }
  }

  async measure(seconds: number): Promise<void> {
    this.rates.push(await this.play(seconds));
  }

  trial(): Trial {
    const { rates, memoryBytes } = this;
    const stepsPerSecond = median(rates);
    return { ...this.setting, stepsPerSecond, deviation: medianAbsoluteDeviation(rates) / stepsPerSecond, memoryBytes };
  }

  close(): Promise<void> {
    return this.env.close();
  }

  /** Plays for the given number of seconds, but at least one step of all environments. Returns steps per second. */
  private async play(seconds: number): Promise<number> {
    const { env, turns } = this;
    const turn = new Turn();
    const began = performance.now();
    let steps = 0;
    let elapsed = 0;
    do {
      // Without workers no other code here yields to the event loop.
      await turn.rest();
      const batch = await env.step(turns[this.turn++ % turns.length] ?? []);
      batch.briefings();
      steps += batch.size;
      elapsed = (performance.now() - began) / 1_000;
    } while (elapsed < seconds);
    return steps / elapsed;
  }
}
