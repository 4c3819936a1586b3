/** Threads that carry out jobs: worker threads, or the calling thread if there are no workers. */
import { PinnedThread } from './pinned-thread.ts';

/** Carries out jobs that are data; `Job` and `Result` survive a structured clone. */
export type JobThreads<Job, Result> = {
  /** Number of jobs to keep under way, so that no thread waits for work. */
  readonly atOnce: number;
  /**
   * @param allowedMs How long the job may take, in milliseconds.
   * @param memory Is transferred with the job.
   * @throws Error if the thread ended during the job, or the job took too long; another thread takes its place.
   */
  run(job: Job, allowedMs: number, memory?: ArrayBuffer): Promise<Result>;
  close(): Promise<void>;
};

export type JobThreadsOptions<Setup, Job, Result> = {
  /** 0: jobs are carried out in the calling thread, by `runHere`. */
  readonly workers: number;
  /** The module of a worker. Its default export takes a job; `undefined` only checks that the worker has started. */
  readonly module: string;
  /** `workerData` of every worker. */
  readonly setup: Setup;
  /** Makes what carries out jobs in the calling thread. */
  readonly runHere: () => (job: Job) => Result;
};

/** @throws Error when a worker cannot start */
export async function openJobThreads<Setup, Job, Result>(
  options: JobThreadsOptions<Setup, Job, Result>,
): Promise<JobThreads<Job, Result>> {
  const { workers, module, setup } = options;
  if (workers === 0) {
    const run = options.runHere();
    return { atOnce: 1, run: async (job) => run(job), close: async () => {} };
  }
  const start = (): PinnedThread<Job | undefined, Result> =>
    new PinnedThread(setup, undefined, { module, deadlineMs: Number.POSITIVE_INFINITY });
  const threads = Array.from({ length: workers }, start);
  // The promise of each thread resolves when its jobs so far are done.
  const tails: Promise<unknown>[] = threads.map(() => Promise.resolve());
  const waiting: number[] = threads.map(() => 0);
  let closed = false;

  const runAt = async (at: number, job: Job, allowedMs: number, memory?: ArrayBuffer): Promise<Result> => {
    let thread = threads[at];
    if (thread === undefined || thread.failure !== undefined) {
      if (closed) throw new Error('closed');
      await thread?.close();
      thread = start();
      threads[at] = thread;
    }
    return await thread.run(job, memory, allowedMs);
  };
  const pool: JobThreads<Job, Result> = {
    // While one job is carried out and its result is on the way, the next one waits at the same thread.
    atOnce: 2 * workers,
    run: (job, allowedMs, memory) => {
      const at = waiting.indexOf(Math.min(...waiting));
      waiting[at] = (waiting[at] ?? 0) + 1;
      const result = (tails[at] ?? Promise.resolve()).then(() => runAt(at, job, allowedMs, memory));
      tails[at] = result
        .catch(() => undefined)
        .finally(() => {
          waiting[at] = (waiting[at] ?? 0) - 1;
        });
      return result;
    },
    close: async () => {
      closed = true;
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
  try {
    // If a worker cannot even start, no job is to blame.
    await Promise.all(threads.map((thread) => thread.whenReady()));
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}
