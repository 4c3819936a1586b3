/** Who carries out jobs: worker threads, or the main thread itself. */
import { createRequire } from 'node:module';
import { Piscina } from 'piscina';
import { WORKER_ARGUMENTS } from '../../lib/worker-arguments.ts';
import { type Job, type JobResult, JobRunner, type JobSetup } from './job.ts';

export type Threads = {
  /** Jobs that may be given out at once, so that nobody waits for work. */
  readonly atOnce: number;
  /** @throws Error when the thread ended over it, or took longer than allowed; another thread takes its place. */
  run(job: Job, allowedMs: number): Promise<JobResult>;
  close(): Promise<void>;
};

const WORKER = createRequire(import.meta.url).resolve('#rollout-worker');

/** @param workers 0: none. @param filename Module of the workers; for tests. */
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
  // A thread that ends without a task: its place is taken, or the next job says what is wrong.
  pool.on('error', () => {});
  const threads: Threads = {
    // While one job is played and its result is on the way, the next one waits at the same thread.
    atOnce: 2 * workers,
    run: async (job, allowedMs) => {
      const late = new AbortController();
      // It may have to wait for one job of another.
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
    // A worker that cannot even start is no fault of an episode.
    await pool.run(undefined);
  } catch (error) {
    await threads.close();
    throw error;
  }
  return threads;
}
