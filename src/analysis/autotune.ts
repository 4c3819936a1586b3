/** Measures how fast this machine steps environments in different settings, and proposes one setting. */

import { availableParallelism } from 'node:os';
import { median, medianAbsoluteDeviation } from 'simple-statistics';
import { z } from 'zod';
import { Random } from '../lib/random.ts';
import { formatTime, HOUR, parseTime } from '../lib/time.ts';
import { Turn } from '../lib/turn.ts';
import { defaultTaskIds, loadTask } from '../scenarios/shipped.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { VectorEnv } from '../vector/vector-env.ts';
import type { Action, Scenario } from '../world/schema.ts';
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

// Random actions for measuring speed: cheap to make, of all eight types, mostly valid.

type DrawAction = (scenario: Scenario, random: Random) => Action | undefined;

const WORDS = 'Thank you, I will see to it today.';
/** Meetings are moved to a full hour, at most this number of hours after the day begins. */
const HOURS = 10;

const DRAWS: readonly DrawAction[] = [
  () => ({ action_type: 'do_nothing' }),
  ({ emails }, random) => {
    const email = random.pick(emails);
    return email && { action_type: 'reply_email', email_id: email.id, message_body: WORDS };
  },
  ({ emails }, random) => {
    const email = random.pick(emails);
    return email && { action_type: 'archive_email', email_id: email.id };
  },
  ({ meetings, simulation_time }, random) => {
    const meeting = random.pick(meetings);
    const morning = parseTime(simulation_time)?.utc;
    if (meeting === undefined || morning === undefined) return undefined;
    const new_time = formatTime(morning + (1 + random.below(HOURS)) * HOUR);
    return { action_type: 'reschedule_meeting', meeting_id: meeting.id, new_time, reason: 'clash' };
  },
  ({ meetings }, random) => {
    const meeting = random.pick(meetings);
    return meeting && { action_type: 'cancel_meeting', meeting_id: meeting.id, reason: 'no time' };
  },
  ({ tasks }, random) => {
    const task = random.pick(tasks);
    return task && { action_type: 'complete_task', task_id: task.id };
  },
  ({ tasks, contacts }, random) => {
    const task = random.pick(tasks);
    const contact = random.pick(contacts);
    return task && contact && { action_type: 'delegate_task', task_id: task.id, contact_name: contact.name };
  },
  ({ contacts }, random) => {
    const contact = random.pick(contacts);
    return contact && { action_type: 'send_message', contact_name: contact.name, message_body: WORDS };
  },
];

/** Draws `count` actions about things in the scenario. A type that needs a thing that the scenario lacks becomes `do_nothing`. */
export function drawActions(scenario: Scenario, count: number, random: Random): Action[] {
  return Array.from(
    { length: count },
    () => random.pick(DRAWS)?.(scenario, random) ?? { action_type: 'do_nothing' as const },
  );
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
  private readonly turns: readonly Action[][];
  private readonly rates: number[] = [];
  private memoryBytes = 0;
  private turn = 0;

  private constructor(setting: Setting, env: VectorEnv, turns: readonly Action[][]) {
    this.setting = setting;
    this.env = env;
    this.turns = turns;
  }

  static async open(setting: Setting, task: string, rules: Rules, warmUp: number): Promise<RunningSetting> {
    const { workers, numEnvs } = setting;
    const before = process.memoryUsage.rss();
    const env = await VectorEnv.create({ tasks: [task], numEnvs, workers, rules, maxForks: 0 });
    const candidate = new RunningSetting(setting, env, turnsFor(loadTask(task).scenario, numEnvs));
    try {
      await env.reset();
      await candidate.play(warmUp);
    } catch (error) {
      await env.close();
      throw error;
    }
    candidate.memoryBytes = Math.max(0, process.memoryUsage.rss() - before);
    return candidate;
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

/** Lists of actions for a vector. Settings with the same number of environments get the same lists. */
function turnsFor(scenario: Scenario, numEnvs: number): Action[][] {
  const random = new Random(numEnvs);
  return Array.from({ length: TURNS }, () => drawActions(scenario, numEnvs, random));
}
