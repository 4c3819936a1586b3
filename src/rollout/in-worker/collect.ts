/**
 * Plays the episodes of a plan inside workers, whole, and yields them range by range in the order of the run. Which worker
 * plays what, and how often it had to be begun again, shows in nothing but the time it takes.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../lib/errors.ts';
import type { SpecData } from '../../vector/spec.ts';
import type { CollectProgress } from '../collect.ts';
import { type EpisodeResult, summaryOf } from '../episode-summary.ts';
import { plannedEpisode, plannedTask, type RolloutPlan } from '../plan.ts';
import type { EpisodeSummary } from '../records.ts';
import { type Lines, lineOf } from '../trajectory-line.ts';
import type { JobResult, Range } from './job.ts';
import { unpackResults } from './pack.ts';
import { openThreads, type Threads } from './threads.ts';

export type JobOptions = {
  /** Its policy is a built-in one. */
  readonly plan: RolloutPlan;
  /** What the tasks of the plan are. */
  readonly specs: readonly SpecData[];
  /** Index of the first episode that is still to be played. */
  readonly from: number;
  /** Worker threads; 0: none. Results do not depend on it. */
  readonly workers: number;
  /** Once aborted, no further job is begun. */
  readonly signal?: AbortSignal;
  /** A worker was lost, or failed at a job, and its episodes are played again: why. */
  readonly onRecovery?: (cause: string) => void;
  /** For tests: the module of the workers, and how long a job may take. */
  readonly worker?: { readonly filename: string; readonly allowedMs?: number };
};

/** Episodes that were played, one after the other. */
export type PlayedRange = {
  readonly summaries: readonly EpisodeSummary[];
  /** Their lines; left out where the plan wants no records. The memory is played into again once the next range is asked for. */
  readonly lines?: Lines;
};

/** Steps of a job, about: enough that handing it over costs nothing, few enough for a smooth progress bar. */
const STEPS = { observed: 500, lean: 4_000 } as const;
/** A job may take so long, and so much longer for each of its steps. */
const ALLOWED_MS = 30_000;
const ALLOWED_PER_STEP_MS = 20;
/** A job that failed is tried again after this time; one that fails again is halved. */
const BACK_OFF_MS = 100;
const TRIES = 2;

export async function* collectInWorkers(
  options: JobOptions,
  progress: CollectProgress & { recoveries: number },
): AsyncGenerator<PlayedRange> {
  const { plan, specs, signal } = options;
  const threads = await openThreads({ plan, specs }, options.workers, options.worker?.filename);
  const crew = new Crew(options, threads, progress);
  try {
    const underWay: { range: Range; done: Promise<PlayedRange[]> }[] = [];
    let next = options.from;
    for (;;) {
      while (underWay.length < threads.atOnce && next < plan.episodes && !signal?.aborted) {
        const range = { first: next, end: crew.endOf(next) };
        const done = crew.play(range, TRIES);
        // It is waited for in its turn.
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
        crew.takeBack(played);
      }
      progress.underWay = next - (underWay[0]?.range.first ?? next);
      // Without workers nothing else here gives signals and timers a turn.
      if (options.workers === 0) await setImmediate();
    }
  } finally {
    crew.done.abort();
    await threads.close();
  }
}

class Crew {
  private readonly options: JobOptions;
  private readonly threads: Threads;
  private readonly progress: { recoveries: number };
  private readonly limits: ReadonlyMap<string, number>;
  private readonly memory: ArrayBuffer[] = [];
  /** Aborted when nobody waits for what is still under way. */
  readonly done = new AbortController();

  constructor(options: JobOptions, threads: Threads, progress: { recoveries: number }) {
    this.options = options;
    this.threads = threads;
    this.progress = progress;
    this.limits = new Map(options.specs.map(({ task, scenario }) => [task, scenario.max_episode_steps]));
  }

  /** Where a job that begins with this episode ends. */
  endOf(first: number): number {
    const { plan } = this.options;
    const enough = plan.records && plan.observations === 'all' ? STEPS.observed : STEPS.lean;
    let steps = 0;
    let end = first;
    while (end < plan.episodes && (end === first || steps + this.stepsOf(end) <= enough)) steps += this.stepsOf(end++);
    return end;
  }

  /**
   * Plays a range, in halves where it is too much for a worker. An episode with which every worker fails is recorded as
   * failed.
   */
  async play(range: Range, tries: number): Promise<PlayedRange[]> {
    const { first, end } = range;
    for (let attempt = 1; ; attempt++) {
      try {
        return [this.told(range, await this.threads.run(this.jobOf(range), this.allowedFor(range)))];
      } catch (error) {
        if (this.done.signal.aborted) throw error;
        const cause = messageOf(error);
        this.progress.recoveries++;
        const which = end - first === 1 ? `episode ${first}` : `episodes ${first} to ${end - 1}`;
        this.options.onRecovery?.(`a worker failed at ${which}: ${cause}`);
        if (attempt < tries) {
          await sleep(BACK_OFF_MS * attempt, undefined, { signal: this.done.signal });
        } else if (end - first === 1) {
          return [this.failed(first, `its worker failed ${attempt} times, the last time: ${cause}`)];
        } else break;
      }
    }
    const middle = Math.floor((first + end) / 2);
    const left = await this.play({ first, end: middle }, middle - first === 1 ? TRIES : 1);
    const right = await this.play({ first: middle, end }, end - middle === 1 ? TRIES : 1);
    return [...left, ...right];
  }

  /** Memory that was written to the file can be written to again. */
  takeBack({ lines }: PlayedRange): void {
    if (lines?.bytes.buffer instanceof ArrayBuffer) this.memory.push(lines.bytes.buffer);
  }

  private jobOf(range: Range): Range & { memory?: ArrayBuffer } {
    const memory = this.memory.pop();
    return memory === undefined ? range : { ...range, memory };
  }

  private told({ first }: Range, { results, lines }: JobResult): PlayedRange {
    const summaries = unpackResults(results).map((result, row) => this.summary(first + row, result));
    return lines === undefined ? { summaries } : { summaries, lines };
  }

  private failed(index: number, error: string): PlayedRange {
    const nothing = { return: null, grade: null, grade_parts: null, length: 0, invalid_steps: 0 };
    const summary = this.summary(index, { error, ...nothing });
    return this.options.plan.records ? { summaries: [summary], lines: lineOf(summary, []) } : { summaries: [summary] };
  }

  private summary(index: number, result: EpisodeResult): EpisodeSummary {
    const { plan } = this.options;
    return summaryOf(plan, plannedEpisode(plan, index), result);
  }

  private allowedFor({ first, end }: Range): number {
    let steps = 0;
    for (let index = first; index < end; index++) steps += this.stepsOf(index);
    return this.options.worker?.allowedMs ?? ALLOWED_MS + ALLOWED_PER_STEP_MS * steps;
  }

  private stepsOf(index: number): number {
    return this.limits.get(plannedTask(this.options.plan, index)) ?? 1;
  }
}
