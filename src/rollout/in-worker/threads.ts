/** Runs jobs in worker threads, or in the main thread. */
import { createRequire } from 'node:module';
import { Piscina } from 'piscina';
import { WORKER_ARGUMENTS } from '../../lib/worker-arguments.ts';
import { type Job, type JobResult, JobRunner, type JobSetup } from './job.ts';

/** The threads that run jobs. */
export type Threads = {
  /** The number of jobs to keep active, so that no thread is idle. */
  readonly atOnce: number;
  /** @throws Error if the thread ended during the job or exceeded the time limit. A new thread replaces it then. */
  run(job: Job, allowedMs: number): Promise<JobResult>;
  close(): Promise<void>;
};

const WORKER = createRequire(import.meta.url).resolve('#rollout-worker');

/** @param workers Number of threads; 0 runs jobs in the main thread. @param filename Module of the workers; for tests. */
export async function openThreads(setup: JobSetup, workers: number, filename = WORKER): Promise<Threads> {
  if (workers === 0) {
    const runner = new JobRunner(setup);
    return { atOnce: 1, run: async (job) => runner.run(job), close: async () => {} };
  }
  const pool = new Piscina<Job | undefined, JobResult>({
    filename,
    workerData: setup,
    execArgv: [...WORKER_ARGUMENTS],
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  // A thread ended between jobs. Piscina replaces it, or the next job fails with the cause.
  pool.on('error', () => {});
  const threads: Threads = {
    // While a thread plays one job and sends its result, its next job is already queued.
    atOnce: 2 * workers,
    run: async (job, allowedMs) => {
      const late = new AbortController();
      // Twice the limit, because the job may first wait for another one.
      const timer = setTimeout(() => late.abort(), 2 * allowedMs);
      const transferList = job.memory === undefined ? [] : [job.memory];
      try {
        return await pool.run(job, { signal: late.signal, transferList });
      } catch (error) {
        if (!late.signal.aborted) throw error;
        throw new Error(`it was not done within ${Math.round((2 * allowedMs) / 1000)} s`);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => pool.destroy(),
  };
  try {
    // If the workers cannot start at all, the rollout fails here instead of recording failed episodes.
    await pool.run(undefined);
  } catch (error) {
    await threads.close();
    throw error;
  }
  return threads;
}
