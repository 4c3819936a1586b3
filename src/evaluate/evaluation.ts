/** The figures of an evaluation: of all episodes, by difficulty, by task, and by kind of ask. */
import { mean, median, quantile, quantileSorted, sampleWithReplacement } from 'simple-statistics';
import { groupBy } from '../lib/group.ts';
import { Random } from '../lib/random.ts';
import { FAILURES } from '../records/schema.ts';
import { DIFFICULTIES, listTasks } from '../scenarios/shipped.ts';
import { isSuccess } from '../sim/reward-profile.ts';
import { ASKED_KINDS, type AskedKind, ENDINGS, LOST, type MeasuredEpisode } from './measure.ts';

/** The grades from which an episode passes. */
export const PASS_GRADES = [0.6, 0.8, 0.9] as const;

/** The figures of some episodes. */
export type EvaluationRow = ReturnType<typeof figuresOf>;
/** The figures of one policy. */
export type PolicyFigures = ReturnType<typeof evaluateEpisodes>;

/**
 * The figures of the episodes of one policy: `rows` has one row for all of them, then one for each difficulty and each task.
 * @param tasks The tasks in the order of the rows.
 * @param samples The planned number of episodes of a world: the largest k of pass^k.
 */
export function evaluateEpisodes(episodes: readonly MeasuredEpisode[], tasks: readonly string[], samples: number) {
  const byDifficulty = groupBy(episodes, ({ task }) => listTasks().find(({ id }) => id === task)?.difficulty);
  const byTask = groupBy(episodes, ({ task }) => task);
  return {
    rows: [
      figuresOf('all', 'all', episodes, samples),
      ...DIFFICULTIES.flatMap((name) => {
        const own = byDifficulty.get(name);
        return own === undefined ? [] : [figuresOf('difficulty', name, own, samples)];
      }),
      ...[...new Set(tasks)].map((task) => figuresOf('task', task, byTask.get(task) ?? [], samples)),
    ],
    asked: ASKED_KINDS.map((asked) => askedFigures(asked, episodes)),
  };
}

function figuresOf(
  scope: 'all' | 'difficulty' | 'task',
  name: string,
  all: readonly MeasuredEpisode[],
  samples: number,
) {
  const counted = all.filter(({ failure }) => !LOST.some((kind) => kind === failure));
  const worlds = byWorld(counted);
  const sum = (field: 'steps' | 'invalid' | 'unreadable' | 'cutOff' | 'told'): number =>
    counted.reduce((total, one) => total + one[field], 0);
  const share = (count: number, of: number): number | null => (of === 0 ? null : count / of);
  const steps = sum('steps');
  const grades = worlds.map((own) => own.flatMap(({ grade }) => grade ?? []));
  const calls = counted.flatMap((one) => one.calls);
  const latencies = calls.flatMap(({ latencyMs }) => latencyMs ?? []);
  const perEpisode = (field: 'promptTokens' | 'completionTokens' | 'cost'): number | null => {
    const values = calls.flatMap((call) => call[field] ?? []);
    return values.length === 0 ? null : values.reduce((total, one) => total + one, 0) / counted.length;
  };
  return {
    scope,
    name,
    worlds: new Set(all.map(({ world }) => world)).size,
    episodes: all.length,
    /** Episodes with a share in the figures, and how many of all failed by what. */
    counted: counted.length,
    failures: Object.fromEntries(
      FAILURES.map((kind) => [kind, all.filter(({ failure }) => failure === kind).length]),
    ) as Readonly<Record<(typeof FAILURES)[number], number>>,
    grade: estimateOf(grades),
    pass: PASS_GRADES.map((threshold) => {
      const passed = grades.map((own) => own.map((grade) => Number(isSuccess(grade, threshold))));
      return {
        threshold,
        /** The share of the episodes that pass. */
        pass_at_1: estimateOf(passed),
        /** The probability that k episodes of a world all pass. */
        pass_all: powersTo(samples).map((k) => {
          const found = passed.flatMap((own) => {
            const count = own.reduce((total, one) => total + one, 0);
            return passAll(own.length, count, k) ?? [];
          });
          return { k, mean: meanOrNull(found), worlds: found.length };
        }),
      };
    }),
    /** Means of an episode. */
    collateral: meanOrNull(counted.flatMap(({ collateral }) => collateral ?? [])),
    told: share(sum('told'), counted.length),
    steps: share(steps, counted.length),
    /** Shares of the steps. */
    invalid_rate: share(sum('invalid'), steps),
    unreadable_rate: share(sum('unreadable'), steps),
    cut_off_rate: share(sum('cutOff'), steps),
    /** Of a call that was answered, in milliseconds. */
    latency_ms: latencies.length === 0 ? null : { median: median(latencies), p95: quantile(latencies, 0.95) },
    /** Means of an episode. */
    prompt_tokens: perEpisode('promptTokens'),
    completion_tokens: perEpisode('completionTokens'),
    cost: perEpisode('cost'),
  };
}

/** How the asks, clashes and tasks of one kind ended. */
function askedFigures(asked: AskedKind, episodes: readonly MeasuredEpisode[]) {
  const found = episodes.map(({ world, endings }) => ({ world, own: endings.filter((one) => one.asked === asked) }));
  const all = found.flatMap(({ own }) => own);
  const shares = byWorld(found).map((same) =>
    same.flatMap(({ own }) =>
      own.length === 0 ? [] : own.filter(({ ending }) => ending === 'met').length / own.length,
    ),
  );
  return {
    asked,
    /** Number in all episodes that were played to their end. */
    count: all.length,
    /** The share of an episode that was met in time. */
    met_share: estimateOf(shares),
    endings: Object.fromEntries(
      ENDINGS.map((ending) => [ending, all.filter((one) => one.ending === ending).length]),
    ) as Readonly<Record<(typeof ENDINGS)[number], number>>,
  };
}

/** 1, 2, 4, ... and the last number itself. */
function powersTo(last: number): number[] {
  const numbers: number[] = [];
  for (let k = 1; k < last; k *= 2) numbers.push(k);
  return [...numbers, last];
}

/** The episodes of each world. Worlds are in the order of their hashes, so that a sample does not depend on the order of the run. */
function byWorld<T extends { readonly world: string }>(episodes: readonly T[]): T[][] {
  return [...groupBy(episodes, ({ world }) => world)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, own]) => own);
}

/** How intervals are made: share of confidence, number of resamples, and the seed of every interval. */
export const INTERVAL = { confidence: 0.95, resamples: 2_000, seed: 0 } as const;

/** The mean over worlds of the means of their episodes, with its interval. */
export type Estimate = {
  /** Null with no episode that has one. */
  readonly mean: number | null;
  /** The ends of the 95 % interval; null with fewer than two worlds and fewer than two episodes. */
  readonly low: number | null;
  readonly high: number | null;
  /** Number of worlds with a value. */
  readonly worlds: number;
};

/**
 * Estimates a mean. Every world counts alike, whatever its number of episodes. The interval is a percentile bootstrap that resamples
 * whole worlds, because the episodes of a world are alike (the cluster bootstrap; Davison and Hinkley, 1997, Bootstrap Methods and
 * their Application, 3.8). With one world it resamples the episodes of that world, and says nothing about other worlds.
 * @param worlds The values of the episodes of each world. Worlds without values are left out.
 * @example
 * estimateOf([[0.2, 0.4], [0.9, 0.9]]).mean; // 0.6
 */
export function estimateOf(worlds: readonly (readonly number[])[]): Estimate {
  const present = worlds.filter((values) => values.length > 0);
  const means = present.map((values) => mean([...values]));
  const sampled = means.length === 1 ? [...(present[0] ?? [])] : means;
  const center = meanOrNull(means);
  if (sampled.length < 2) return { mean: center, low: null, high: null, worlds: means.length };
  const random = new Random(INTERVAL.seed);
  const resampled = Array.from({ length: INTERVAL.resamples }, () =>
    mean(sampleWithReplacement(sampled, sampled.length, () => random.float())),
  );
  resampled.sort((a, b) => a - b);
  const tail = (1 - INTERVAL.confidence) / 2;
  const [low, high] = [quantileSorted(resampled, tail), quantileSorted(resampled, 1 - tail)];
  return { mean: center, low, high, worlds: means.length };
}

/** The mean of some values; null if there are none. */
export function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean([...values]);
}

/**
 * The probability that k episodes of a world all pass, estimated without bias from n episodes of which c passed: C(c, k) / C(n, k)
 * (pass^k; Yao et al., 2024, tau-bench, 4). With k = 1 it is pass@1. simple-statistics lists combinations, and does not count them.
 * @returns null if there are fewer than k episodes
 * @example
 * passAll(4, 3, 2); // 0.5
 */
export function passAll(n: number, c: number, k: number): number | null {
  if (n < k) return null;
  let share = 1;
  for (let i = 0; i < k; i++) share *= (c - i) / (n - i);
  return share;
}
