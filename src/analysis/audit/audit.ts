/** Plays every task with every player in worker threads, and compares the results with the figures that rules v2 must reach. */
import { mean, sampleRankCorrelation } from 'simple-statistics';
import { GhostexecError } from '../../lib/errors.ts';
import { deriveSeed } from '../../lib/random.ts';
import { storedPlan } from '../../policies/oracle.ts';
import { defaultTaskIds, listTasks } from '../../scenarios/shipped.ts';
import { filesNamed } from '../../scenarios/source.ts';
import type { Rules } from '../../sim/rules.ts';
import { REWARD_RANGE } from '../../sim/v2/constants.ts';
import { openJobThreads } from '../../workers/job-threads.ts';
import { type AuditPlayer, PLAYERS, type PlayerKind } from './exploits.ts';
import type { SearchJob, SearchResult } from './search.ts';
import { type AuditedEpisode, type AuditJob, runAuditJob } from './worker.ts';

/** How long a job may take, in milliseconds. */
const ALLOWED_MS = 600_000;
/** Seeds that one job plays. */
const SEEDS_PER_JOB = 50;
/** In the order of the results. */
const RULES_PLAYED = ['v2', 'v1'] as const;
/** Steps that one job searches. */
const STEPS_PER_JOB = 25_000;

/** The options of `audit`, each with a default. */
export type AuditOptions = {
  /** Ids of shipped tasks, or paths of scenario files whose plans are stored beside them; by default the certified tasks. */
  readonly tasks?: readonly string[];
  /** Episodes of each player that draws at random, on each task (default 500); every other player plays one. */
  readonly seeds?: number;
  /** Root of all seeds (default 0). */
  readonly seed?: number;
  /** Worker threads (default 2). */
  readonly workers?: number;
  /** Steps of the search for exploits, over all tasks (default 0: none). */
  readonly searchSteps?: number;
  /** Called with the number of finished jobs and the number of all jobs. */
  readonly onProgress?: (done: number, total: number) => void;
};

/** The results of one player on one task. */
export type Measured = ReturnType<typeof measure>[number];

/** A figure that rules v2 must reach. */
export type Figure = ReturnType<typeof figure>;

export type Audit = Awaited<ReturnType<typeof audit>>;

/**
 * Plays baselines and exploits on the tasks, and compares their grades and returns with the figures that rules v2 must reach.
 * @throws GhostexecError if a task does not exist or has no oracle: the audit then has no return to compare with
 * @example
 * const { ok, figures } = await audit({ tasks: ['phase2_core'], seeds: 50 });
 * console.log(ok, figures.filter((figure) => !figure.ok));
 */
export async function audit(given: AuditOptions = {}) {
  const options = { tasks: defaultTaskIds(), seeds: 500, seed: 0, workers: 2, searchSteps: 0, ...given };
  const tasks = options.tasks.map((name) => {
    const { id, oracle } = filesNamed(name);
    if (storedPlan(oracle) === undefined)
      throw new GhostexecError('NO_PLAN', `no plan is known for ${id}; ghostexec solve ${id} finds one`);
    return { id, difficulty: listTasks().find((task) => task.id === id)?.difficulty ?? 'custom' };
  });
  const jobs = tasks.flatMap(({ id }) =>
    RULES_PLAYED.flatMap((rules) => PLAYERS.flatMap((player) => jobsOf(id, rules, player, options))),
  );
  const searches: SearchJob[] = [];
  const perTask = Math.ceil(options.searchSteps / tasks.length);
  for (const { id } of tasks) {
    for (let at = 0; at < perTask; at += STEPS_PER_JOB) {
      const steps = Math.min(STEPS_PER_JOB, perTask - at);
      const seed = deriveSeed(options.seed, 2, searches.length);
      searches.push({ kind: 'search', task: id, rules: 'v2', steps, seed });
    }
  }
  const threads = await openJobThreads({
    workers: options.workers,
    module: '#audit-worker',
    setup: undefined,
    runHere: () => runAuditJob,
  });
  const total = jobs.length + searches.length;
  let done = 0;
  const run = async <T extends AuditedEpisode[] | SearchResult>(job: AuditJob | SearchJob): Promise<T> => {
    const result = (await threads.run(job, ALLOWED_MS)) as T;
    options.onProgress?.(++done, total);
    return result;
  };
  try {
    const [played, found] = await Promise.all([
      Promise.all(jobs.map((job) => run<AuditedEpisode[]>(job))),
      Promise.all(searches.map((job) => run<SearchResult>(job))),
    ]);
    const episodes = jobs.map((job, i) => ({ job, played: played[i] ?? [] }));
    const measured = tasks.flatMap(({ id, difficulty }) =>
      RULES_PLAYED.flatMap((rules) => measure(id, difficulty, rules, episodes)),
    );
    const search = tasks.flatMap(({ id }) => {
      const own = searches.flatMap((job, i) => (job.task === id ? (found[i] ?? []) : []));
      return own.length === 0 ? [] : [{ task: id, ...own.reduce(worseOf) }];
    });
    const figures = [
      ...figuresOf(measured),
      ...rankFigures(episodes, measured),
      ...rangeFigures(episodes, search),
      ...searchFigures(search, measured),
    ];
    return { measured, figures, search, ok: figures.every(({ ok }) => ok) };
  } finally {
    await threads.close();
  }
}

/** The jobs that play the episodes of one player on one task. */
function jobsOf(
  task: string,
  rules: Rules,
  { name, draws }: AuditPlayer,
  { seed, seeds }: { seed: number; seeds: number },
): AuditJob[] {
  const from = draws ? deriveSeed(seed, 1) % 2 ** 32 : 0;
  const episodes = draws ? seeds : 1;
  return Array.from({ length: Math.ceil(episodes / SEEDS_PER_JOB) }, (_, part) => {
    const at = part * SEEDS_PER_JOB;
    const to = from + Math.min(at + SEEDS_PER_JOB, episodes);
    return { kind: 'play', task, rules, player: name, from: from + at, to };
  });
}

type PlayedEpisodes = readonly { readonly job: AuditJob; readonly played: readonly AuditedEpisode[] }[];

function measure(task: string, difficulty: string, rules: Rules, episodes: PlayedEpisodes) {
  const of = (player: string): AuditedEpisode[] =>
    episodes.flatMap(({ job, played }) =>
      job.task === task && job.rules === rules && job.player === player ? played : [],
    );
  const returnOf = (player: string): number => mean(of(player).map((one) => one.return));
  const [idle, oracle] = [returnOf('do_nothing'), returnOf('oracle')];
  return PLAYERS.map(({ name, kind }) => {
    const played = of(name);
    const grades = played.flatMap(({ grade }) => (grade === null ? [] : [grade]));
    const steps = played.reduce((sum, one) => sum + one.steps, 0);
    return {
      task,
      difficulty,
      player: name,
      kind,
      rules,
      episodes: played.length,
      mean_return: returnOf(name),
      /** Null if rules v1 have no grader for the task. */
      mean_grade: grades.length === 0 ? null : mean(grades),
      worst_grade: grades.length === 0 ? null : Math.min(...grades),
      best_grade: grades.length === 0 ? null : Math.max(...grades),
      invalid_rate: played.reduce((sum, one) => sum + one.invalid, 0) / steps,
      /** The mean return on a scale from doing nothing (0) to the oracle (1) of the same task and rules. */
      share_of_oracle: (returnOf(name) - idle) / (oracle - idle),
    };
  });
}

/** The most that an exploit may earn, as a share of the difference in return between doing nothing and the oracle. */
export const EXPLOIT_SHARE = 0.05;
/** The mean grade of each kind of player. */
const GRADE_BOUNDS: Readonly<Record<PlayerKind, { readonly least?: number; readonly most?: number }>> = {
  floor: { most: 0.05 },
  exploit: { most: 0.15 },
  random: { most: 0.2 },
  greedy: { least: 0.15, most: 0.45 },
  oracle: { least: 0.95 },
};
const LEAST_GAP = 0.1;
const LEAST_RANK = 0.9;
/** A figure of all episodes together. */
const OF_ALL = { task: 'all', player: 'all' } as const;

/** Whether a measured value lies within the bounds. */
function figure(
  name: string,
  { task, player }: { readonly task: string; readonly player: string },
  measured: number,
  { least, most }: { readonly least?: number; readonly most?: number },
) {
  const expected = least === undefined ? `<= ${most}` : most === undefined ? `>= ${least}` : `${least} to ${most}`;
  const ok = measured >= (least ?? Number.NEGATIVE_INFINITY) && measured <= (most ?? Number.POSITIVE_INFINITY);
  return { figure: name, task, player, expected, measured, ok };
}

function figuresOf(all: readonly Measured[]): Figure[] {
  const measured = all.filter(({ rules }) => rules === 'v2');
  const figures = measured.flatMap((one): Figure[] => {
    const bounds = GRADE_BOUNDS[one.kind];
    const ofGrade = figure('grade', one, one.mean_grade ?? Number.NaN, bounds);
    if (one.kind !== 'exploit') return [ofGrade];
    return [ofGrade, figure("share of the oracle's return", one, one.share_of_oracle, { most: EXPLOIT_SHARE })];
  });
  const ladder = ['easy', 'medium', 'hard'];
  const on = (player: string, difficulty: string): Measured | undefined =>
    measured.find((one) => one.player === player && one.difficulty === difficulty);
  for (const { name, kind } of PLAYERS) {
    if (kind !== 'greedy' && kind !== 'random') continue;
    for (let rung = 0; rung + 1 < ladder.length; rung++) {
      const [easier, harder] = [on(name, ladder[rung] ?? ''), on(name, ladder[rung + 1] ?? '')];
      if (easier === undefined || harder === undefined) continue;
      const gap = (easier.mean_grade ?? 0) - (harder.mean_grade ?? 0);
      figures.push(figure('grade above the next task', easier, gap, { least: kind === 'greedy' ? LEAST_GAP : 0 }));
    }
  }
  return figures;
}

/**
 * Spearman's rank correlation of return and grade over every episode under rules v2: for each task, and for all tasks
 * together. Tasks pay differently, so the latter uses returns on a scale from doing nothing (0) to the oracle (1).
 */
function rankFigures(episodes: PlayedEpisodes, measured: readonly Measured[]): Figure[] {
  const rank = (task: string, pairs: readonly (readonly [number, number])[]): Figure => {
    const [paid, grades] = [pairs.map(([one]) => one), pairs.map(([, grade]) => grade)];
    const value = sampleRankCorrelation(paid, grades);
    return figure('rank correlation of return and grade', { ...OF_ALL, task }, value, { least: LEAST_RANK });
  };
  const tasks = [...new Set(measured.map(({ task }) => task))];
  const pairsOf = (task: string): [number, number][] => {
    const { idle, oracle } = scaleOf(task, measured);
    return episodes.flatMap(({ job, played }) =>
      job.rules === 'v2' && job.task === task
        ? played.map((one): [number, number] => [(one.return - idle) / (oracle - idle), one.grade ?? 0])
        : [],
    );
  };
  return [...tasks.map((task) => rank(task, pairsOf(task))), rank('all', tasks.flatMap(pairsOf))];
}

/** The mean returns of doing nothing and of the oracle on a task, under rules v2. */
function scaleOf(task: string, measured: readonly Measured[]): { idle: number; oracle: number } {
  const returnOf = (player: string): number =>
    measured.find((one) => one.rules === 'v2' && one.task === task && one.player === player)?.mean_return ?? 0;
  return { idle: returnOf('do_nothing'), oracle: returnOf('oracle') };
}

function rangeFigures(episodes: PlayedEpisodes, search: readonly SearchResult[]): Figure[] {
  const [least, most] = REWARD_RANGE;
  const played = [...episodes.flatMap(({ job, played: some }) => (job.rules === 'v2' ? some : [])), ...search];
  const low = Math.min(...played.map((one) => one.least));
  const high = Math.max(...played.map((one) => one.greatest));
  return [
    figure('least reward of a step', OF_ALL, low, { least }),
    figure('greatest reward of a step', OF_ALL, high, { most }),
  ];
}

/** The results of two searches of one task together. */
function worseOf(a: SearchResult, b: SearchResult): SearchResult {
  const { worstCycle, cycleProgram } = b.worstCycle > a.worstCycle ? b : a;
  const { worstUnearned, unearnedProgram } = b.worstUnearned > a.worstUnearned ? b : a;
  return {
    steps: a.steps + b.steps,
    episodes: a.episodes + b.episodes,
    least: Math.min(a.least, b.least),
    greatest: Math.max(a.greatest, b.greatest),
    worstCycle,
    cycleProgram,
    worstUnearned,
    unearnedProgram,
  };
}

/** Tolerance for the rounding of sums of rewards. */
const EPSILON = 1e-9;

function searchFigures(search: readonly (SearchResult & { task: string })[], measured: readonly Measured[]): Figure[] {
  return search.flatMap(({ task, worstCycle, worstUnearned }) => {
    const { idle, oracle } = scaleOf(task, measured);
    const place = { task, player: 'search' };
    const share = worstUnearned / (oracle - idle);
    return [
      { ...figure('pay of the best cycle', place, worstCycle, { most: 0 }), ok: worstCycle <= EPSILON },
      figure("pay without work, as a share of the oracle's", place, share, { most: EXPLOIT_SHARE }),
    ];
  });
}
