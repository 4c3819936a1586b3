/** Plays every task with every player in worker threads, and compares the results with the figures that rules v2 must reach. */
import { mean, sampleRankCorrelation } from 'simple-statistics';
import { GhostexecError } from '../../lib/errors.ts';
import { deriveSeed } from '../../lib/random.ts';
import { listTasks } from '../../scenarios/shipped.ts';
import type { Rules } from '../../sim/rules.ts';
import { REWARD_RANGE } from '../../sim/v2/constants.ts';
import { openJobThreads } from '../../workers/job-threads.ts';
import { PLAYERS, type PlayerKind } from './exploits.ts';
import type { AuditedEpisode, AuditJob, SearchJob } from './jobs.ts';
import type { SearchResult } from './search.ts';
import { runAuditJob } from './worker.ts';

/** How long a job may take, in milliseconds. */
const ALLOWED_MS = 600_000;
/** Seeds that one job plays. */
const SEEDS_PER_JOB = 50;
/** Steps that one job searches. */
const STEPS_PER_JOB = 25_000;

export type AuditOptions = {
  readonly tasks: readonly string[];
  /** Episodes of each player that draws at random; every other player plays one. */
  readonly seeds: number;
  readonly seed: number;
  readonly workers: number;
  /** Steps of the search for exploits, over all tasks; 0: none. */
  readonly searchSteps: number;
  readonly onProgress?: (done: number, total: number) => void;
};

/** The results of one player on one task. */
export type Measured = {
  readonly task: string;
  readonly difficulty: string;
  readonly player: string;
  readonly kind: PlayerKind;
  readonly rules: Rules;
  readonly episodes: number;
  readonly mean_return: number;
  /** Null if rules v1 have no grader for the task. */
  readonly mean_grade: number | null;
  readonly worst_grade: number | null;
  readonly best_grade: number | null;
  readonly invalid_rate: number;
  /** The mean return on a scale from doing nothing (0) to the oracle (1) of the same task and rules. */
  readonly share_of_oracle: number;
};

/** A figure that rules v2 must reach. */
export type Figure = {
  readonly figure: string;
  readonly task: string;
  readonly player: string;
  readonly expected: string;
  readonly measured: number;
  readonly ok: boolean;
};

export type Audit = {
  readonly measured: readonly Measured[];
  readonly figures: readonly Figure[];
  readonly search: readonly (SearchResult & { readonly task: string })[];
  readonly ok: boolean;
};

/** @throws GhostexecError if a task has no oracle: the audit then has no return to compare with. */
export async function audit(options: AuditOptions): Promise<Audit> {
  const tasks = options.tasks.map((id) => {
    const entry = listTasks().find((task) => task.id === id);
    if (entry === undefined) throw new GhostexecError('UNKNOWN_TASK', `there is no task ${JSON.stringify(id)}`);
    return entry;
  });
  const jobs: AuditJob[] = [];
  for (const { id } of tasks) {
    for (const rules of ['v2', 'v1'] as const) {
      for (const { name, draws } of PLAYERS) {
        const from = draws ? deriveSeed(options.seed, 1) % 2 ** 32 : 0;
        const episodes = draws ? options.seeds : 1;
        for (let at = 0; at < episodes; at += SEEDS_PER_JOB) {
          jobs.push({
            kind: 'play',
            task: id,
            rules,
            player: name,
            from: from + at,
            to: from + Math.min(at + SEEDS_PER_JOB, episodes),
          });
        }
      }
    }
  }
  const searches: SearchJob[] = [];
  const perTask = Math.ceil(options.searchSteps / tasks.length);
  for (const { id } of tasks) {
    for (let at = 0; at < perTask; at += STEPS_PER_JOB) {
      const steps = Math.min(STEPS_PER_JOB, perTask - at);
      searches.push({
        kind: 'search',
        task: id,
        rules: 'v2',
        steps,
        seed: deriveSeed(options.seed, 2, searches.length),
      });
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
    const measured = tasks.flatMap((task) =>
      (['v2', 'v1'] as const).flatMap((rules) => measure(task.id, task.difficulty, rules, episodes)),
    );
    const search = tasks.flatMap(({ id }) =>
      worstOf(
        id,
        searches.flatMap((job, i) => (job.task === id ? (found[i] ?? []) : [])),
      ),
    );
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

type PlayedEpisodes = readonly { readonly job: AuditJob; readonly played: readonly AuditedEpisode[] }[];

function measure(task: string, difficulty: string, rules: Rules, episodes: PlayedEpisodes): Measured[] {
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
      mean_grade: grades.length === 0 ? null : mean(grades),
      worst_grade: grades.length === 0 ? null : Math.min(...grades),
      best_grade: grades.length === 0 ? null : Math.max(...grades),
      invalid_rate: played.reduce((sum, one) => sum + one.invalid, 0) / steps,
      share_of_oracle: (returnOf(name) - idle) / (oracle - idle),
    };
  });
}

/** The most that an exploit may earn, as a share of the difference in return between doing nothing and the oracle. */
export const EXPLOIT_SHARE = 0.05;
const BOUNDS = {
  floor: 0.05,
  exploit: 0.15,
  random: 0.2,
  greedyLeast: 0.45,
  greedyMost: 0.8,
  gap: 0.1,
  oracle: 0.95,
  rank: 0.9,
} as const;

function figuresOf(all: readonly Measured[]): Figure[] {
  const measured = all.filter(({ rules }) => rules === 'v2');
  const figures: Figure[] = [];
  const add = (
    figure: string,
    { task, player }: { task: string; player: string },
    value: number,
    least: number,
    most: number,
  ): void => {
    const expected =
      least === Number.NEGATIVE_INFINITY
        ? `<= ${most}`
        : most === Number.POSITIVE_INFINITY
          ? `>= ${least}`
          : `${least} to ${most}`;
    figures.push({ figure, task, player, expected, measured: value, ok: value >= least && value <= most });
  };
  for (const one of measured) {
    const grade = one.mean_grade ?? Number.NaN;
    if (one.kind === 'floor') add('grade', one, grade, Number.NEGATIVE_INFINITY, BOUNDS.floor);
    if (one.kind === 'exploit') {
      add('grade', one, grade, Number.NEGATIVE_INFINITY, BOUNDS.exploit);
      add("share of the oracle's return", one, one.share_of_oracle, Number.NEGATIVE_INFINITY, EXPLOIT_SHARE);
    }
    if (one.kind === 'random') add('grade', one, grade, Number.NEGATIVE_INFINITY, BOUNDS.random);
    if (one.kind === 'greedy') add('grade', one, grade, BOUNDS.greedyLeast, BOUNDS.greedyMost);
    if (one.kind === 'oracle') add('grade', one, grade, BOUNDS.oracle, Number.POSITIVE_INFINITY);
  }
  const ladder = ['easy', 'medium', 'hard'];
  const on = (player: string, difficulty: string): Measured | undefined =>
    measured.find((one) => one.player === player && one.difficulty === difficulty);
  for (const { name, kind } of PLAYERS) {
    if (kind !== 'greedy' && kind !== 'random') continue;
    for (let rung = 0; rung + 1 < ladder.length; rung++) {
      const [easier, harder] = [on(name, ladder[rung] ?? ''), on(name, ladder[rung + 1] ?? '')];
      if (easier === undefined || harder === undefined) continue;
      const gap = (easier.mean_grade ?? 0) - (harder.mean_grade ?? 0);
      add('grade above the next task', easier, gap, kind === 'greedy' ? BOUNDS.gap : 0, Number.POSITIVE_INFINITY);
    }
  }
  return figures;
}

/**
 * Spearman's rank correlation of return and grade over every episode under rules v2: for each task, and for all tasks
 * together. Tasks pay differently, so the latter uses returns on a scale from doing nothing (0) to the oracle (1).
 */
function rankFigures(episodes: PlayedEpisodes, measured: readonly Measured[]): Figure[] {
  const figure = (task: string, pairs: readonly (readonly [number, number])[]): Figure => {
    const value = sampleRankCorrelation(
      pairs.map(([paid]) => paid),
      pairs.map(([, grade]) => grade),
    );
    const name = 'rank correlation of return and grade';
    return {
      figure: name,
      task,
      player: 'all',
      expected: `>= ${BOUNDS.rank}`,
      measured: value,
      ok: value >= BOUNDS.rank,
    };
  };
  const tasks = [...new Set(measured.map(({ task }) => task))];
  const pairsOf = (task: string): [number, number][] => {
    const returnOf = (player: string): number =>
      measured.find((one) => one.rules === 'v2' && one.task === task && one.player === player)?.mean_return ?? 0;
    const [idle, oracle] = [returnOf('do_nothing'), returnOf('oracle')];
    return episodes.flatMap(({ job, played }) =>
      job.rules === 'v2' && job.task === task
        ? played.map((one): [number, number] => [(one.return - idle) / (oracle - idle), one.grade ?? 0])
        : [],
    );
  };
  return [...tasks.map((task) => figure(task, pairsOf(task))), figure('all', tasks.flatMap(pairsOf))];
}

function rangeFigures(episodes: PlayedEpisodes, search: readonly SearchResult[]): Figure[] {
  const [least, greatest] = REWARD_RANGE;
  const played = [...episodes.flatMap(({ job, played: some }) => (job.rules === 'v2' ? some : [])), ...search];
  const low = Math.min(...played.map((one) => one.least));
  const high = Math.max(...played.map((one) => one.greatest));
  return [
    {
      figure: 'least reward of a step',
      task: 'all',
      player: 'all',
      expected: `>= ${least}`,
      measured: low,
      ok: low >= least,
    },
    {
      figure: 'greatest reward of a step',
      task: 'all',
      player: 'all',
      expected: `<= ${greatest}`,
      measured: high,
      ok: high <= greatest,
    },
  ];
}

function worstOf(task: string, found: readonly SearchResult[]): (SearchResult & { task: string })[] {
  const [first, ...rest] = found;
  if (first === undefined) return [];
  const worst = rest.reduce(
    (a, b): SearchResult => ({
      steps: a.steps + b.steps,
      episodes: a.episodes + b.episodes,
      least: Math.min(a.least, b.least),
      greatest: Math.max(a.greatest, b.greatest),
      ...(b.worstCycle > a.worstCycle
        ? { worstCycle: b.worstCycle, cycleProgram: b.cycleProgram }
        : { worstCycle: a.worstCycle, cycleProgram: a.cycleProgram }),
      ...(b.worstUnearned > a.worstUnearned
        ? { worstUnearned: b.worstUnearned, unearnedProgram: b.unearnedProgram }
        : { worstUnearned: a.worstUnearned, unearnedProgram: a.unearnedProgram }),
    }),
    first,
  );
  return [{ task, ...worst }];
}

/** Tolerance for the rounding of sums of rewards. */
const EPSILON = 1e-9;

function searchFigures(search: readonly (SearchResult & { task: string })[], measured: readonly Measured[]): Figure[] {
  return search.flatMap(({ task, worstCycle, worstUnearned }) => {
    const returnOf = (player: string): number =>
      measured.find((one) => one.rules === 'v2' && one.task === task && one.player === player)?.mean_return ?? 0;
    const share = worstUnearned / (returnOf('oracle') - returnOf('do_nothing'));
    return [
      {
        figure: 'pay of the best cycle',
        task,
        player: 'search',
        expected: '<= 0',
        measured: worstCycle,
        ok: worstCycle <= EPSILON,
      },
      {
        figure: "pay without work, as a share of the oracle's",
        task,
        player: 'search',
        expected: `<= ${EXPLOIT_SHARE}`,
        measured: share,
        ok: share <= EXPLOIT_SHARE,
      },
    ];
  });
}
