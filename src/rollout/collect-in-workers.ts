/**
 * Plays whole episodes of a plan inside workers, and yields them range by range in the order of the run. The results do not depend
 * on which worker plays which episode, or on how often an episode had to be repeated.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import { type PlayedRange, writtenEpisode } from '../records/line-writer.ts';
import type { EpisodeSummary } from '../records/schema.ts';
import type { SpecData } from '../vector/spec.ts';
import { runOrDivide } from '../workers/divide.ts';
import { type JobThreads, openJobThreads } from '../workers/job-threads.ts';
import type { CollectProgress } from './collect.ts';
import { type Job, type JobResult, JobRunner, type JobSetup } from './job.ts';
import { type EpisodeRange, plannedEpisode, plannedTask, type RolloutPlan } from './plan.ts';
import { type EpisodeResult, summaryOf } from './player.ts';

export type JobOptions = {
  /** The plan; its policy must be a built-in one. */
  readonly plan: RolloutPlan;
  /** The specs of the tasks of the plan. */
  readonly specs: readonly SpecData[];
  /** Index of the first episode to play. */
  readonly from: number;
  /** Index after the last episode to play; the default is the end of the plan. */
  readonly to?: number;
  /** Number of worker threads; 0 plays in the main thread. The results do not depend on it. */
  readonly workers: number;
  /** After an abort, no further job begins. */
  readonly signal?: AbortSignal;
  /** Called when a worker was lost or failed at a job, and its episodes are played again. */
  readonly onRecovery?: (cause: string) => void;
  /** For tests: the module of the workers, and the time limit of a job. */
  readonly worker?: { readonly filename: string; readonly allowedMs?: number };
};

/** The approximate number of steps of a job: enough to make the cost of a message negligible, few enough for smooth progress. */
const STEPS = { observed: 500, lean: 4_000 } as const;
/** The time limit of a job is the sum of this and of a time for each step. */
const ALLOWED_MS = 30_000;
const ALLOWED_PER_STEP_MS = 20;
/** A failed job is tried again after this pause. If it fails again, it is split into halves. */
const BACK_OFF_MS = 100;
const TRIES = 2;

/** @param workers 0: none. @param module Module of the workers; for tests. */
export function openRolloutThreads(
  setup: JobSetup,
  workers: number,
  module = '#rollout-worker',
): Promise<JobThreads<Job, JobResult>> {
  const runHere = (): ((job: Job) => JobResult) => {
    const runner = new JobRunner(setup);
    return (job) => runner.run(job);
  };
  return openJobThreads({ workers, module, setup, runHere });
}

/** Plays the episodes of the plan from `from` on, in the order of the run, and updates `progress` on the way. */
export async function* collectInWorkers(
  options: JobOptions,
  progress: CollectProgress & { recoveries: number },
): AsyncGenerator<PlayedRange> {
  const { plan, specs, signal } = options;
  const threads = await openRolloutThreads({ plan, specs }, options.workers, options.worker?.filename);
  const to = options.to ?? plan.episodes;
  const player = new RangePlayer({ ...options, to }, threads, progress);
  try {
    const underWay: { range: EpisodeRange; done: Promise<PlayedRange[]> }[] = [];
    let next = options.from;
    for (;;) {
      while (underWay.length < threads.atOnce && next < to && !signal?.aborted) {
        const range = { first: next, end: player.endOf(next) };
        const done = player.play(range);
        // A rejection is thrown when the range is awaited in its turn, and must not count as unhandled before.
        done.catch(() => {});
        underWay.push({ range, done });
        next = range.end;
        progress.underWay = next - (underWay[0]?.range.first ?? next);
      }
      const first = underWay.shift();
      if (first === undefined) return;
      for (const played of await first.done) {
        progress.steps += played.summaries.reduce((sum, { length }) => sum + length, 0);
        yield played;
        player.takeBack(played);
      }
      progress.underWay = next - (underWay[0]?.range.first ?? next);
      // Without workers, this is the only place where signals and timers get a turn.
      if (options.workers === 0) await setImmediate();
    }
  } finally {
    player.done.abort();
    await threads.close();
  }
}

class RangePlayer {
  private readonly options: JobOptions & { readonly to: number };
  private readonly threads: JobThreads<Job, JobResult>;
  private readonly progress: { recoveries: number };
  private readonly limits: ReadonlyMap<string, number>;
  private readonly memory: ArrayBuffer[] = [];
  /** Aborted when the results of the active jobs are no longer needed. */
  readonly done = new AbortController();

  constructor(options: RangePlayer['options'], threads: JobThreads<Job, JobResult>, progress: { recoveries: number }) {
    this.options = options;
    this.threads = threads;
    this.progress = progress;
    this.limits = new Map(options.specs.map(({ task, scenario }) => [task, scenario.max_episode_steps]));
  }

  /** The end (exclusive) of a job that begins with this episode. */
  endOf(first: number): number {
    const { plan, to } = this.options;
    const enough = plan.records && plan.observations === 'all' ? STEPS.observed : STEPS.lean;
    let steps = 0;
    let end = first;
    while (end < to && (end === first || steps + this.stepsOf(end) <= enough)) steps += this.stepsOf(end++);
    return end;
  }

  /**
   * Plays a range. If the worker fails at it repeatedly, the range is divided. A single episode at which every attempt fails is
   * recorded as failed.
   */
  play(whole: EpisodeRange): Promise<PlayedRange[]> {
    return runOrDivide<EpisodeRange, PlayedRange>(whole, {
      run: async (range) => {
        const memory = this.memory.pop();
        const job = memory === undefined ? range : { ...range, memory };
        return this.playedRange(range, await this.threads.run(job, this.allowedFor(range), memory));
      },
      triesOf: ({ first, end }, isPart) => (isPart && end - first > 1 ? 1 : TRIES),
      failed: async ({ first, end }, error, attempt) => {
        if (this.done.signal.aborted) throw error;
        this.progress.recoveries++;
        const which = end - first === 1 ? `episode ${first}` : `episodes ${first} to ${end - 1}`;
        this.options.onRecovery?.(`a worker failed at ${which}: ${messageOf(error)}`);
        await sleep(BACK_OFF_MS * attempt, undefined, { signal: this.done.signal });
      },
      halve: ({ first, end }) => {
        if (end - first === 1) return undefined;
        const middle = Math.floor((first + end) / 2);
        return [
          { first, end: middle },
          { first: middle, end },
        ];
      },
      giveUp: async ({ first }, error) =>
        this.failed(first, `its worker failed ${TRIES} times, the last time: ${messageOf(error)}`),
    });
  }

  /** Reuses the memory of lines that have been written to the file. */
  takeBack({ lines }: PlayedRange): void {
    if (lines?.bytes.buffer instanceof ArrayBuffer) this.memory.push(lines.bytes.buffer);
  }

  private playedRange({ first }: EpisodeRange, { results, lines }: JobResult): PlayedRange {
    const summaries = results.map((result, row) => this.summary(first + row, result));
    return lines === undefined ? { summaries } : { summaries, lines };
  }

  private failed(index: number, error: string): PlayedRange {
    const nothing = { return: null, grade: null, grade_parts: null, length: 0, invalid_steps: 0 };
    const summary = this.summary(index, { error, failure: 'environment', ...nothing });
    return this.options.plan.records ? writtenEpisode({ ...summary, steps: [] }) : { summaries: [summary] };
  }

  private summary(index: number, result: EpisodeResult): EpisodeSummary {
    const { plan } = this.options;
    return summaryOf(plan, plannedEpisode(plan, index), result);
  }

  private allowedFor({ first, end }: EpisodeRange): number {
    let steps = 0;
    for (let index = first; index < end; index++) steps += this.stepsOf(index);
    return this.options.worker?.allowedMs ?? ALLOWED_MS + ALLOWED_PER_STEP_MS * steps;
  }

  private stepsOf(index: number): number {
    return this.limits.get(plannedTask(this.options.plan, index)) ?? 1;
  }
}
