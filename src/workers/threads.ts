/** Threads that carry out jobs: worker threads, or the calling thread if there are no workers. */
import { Piscina } from 'piscina';

/**
 * Node options of every worker thread. Piscina loads a module by `require` first. Where Node can `require` an ES module, a
 * thread that is terminated while it loads one aborts the whole process (`v8::Module::IsGraphAsync`, seen under Node 20.20);
 * without that feature Piscina falls back to `import`, which can be ended at any moment.
 */
const FEATURE = '--experimental-require-module';

export const WORKER_ARGUMENTS: readonly string[] = process.allowedNodeEnvironmentFlags.has(FEATURE)
  ? ['--no-experimental-require-module']
  : [];

/** `memory` is transferred to the thread. */
type JobWithMemory = { readonly memory?: ArrayBuffer };

/** Carries out jobs that are data; `Job` and `Result` survive a structured clone. */
export type Threads<Job extends JobWithMemory, Result> = {
  /** Number of jobs to keep under way, so that no thread waits for work. */
  readonly atOnce: number;
  /**
   * @param allowedMs How long the job may take, in milliseconds.
   * @throws Error when the thread ended over the job, or the job took too long; another thread takes its place.
   */
  run(job: Job, allowedMs: number): Promise<Result>;
  close(): Promise<void>;
};

export type ThreadsOptions<Setup, Job, Result> = {
  /** 0: jobs are carried out in the calling thread, by `runHere`. */
  readonly workers: number;
  /** The module of a worker. Its default export takes a job; `undefined` only asks whether the worker has started. */
  readonly filename: string;
  /** `workerData` of every worker. */
  readonly setup: Setup;
  /** Makes what carries out jobs in the calling thread. */
  readonly runHere: () => (job: Job) => Result;
};

/** @throws Error when a worker cannot start */
export async function openThreads<Setup, Job extends JobWithMemory, Result>(
  options: ThreadsOptions<Setup, Job, Result>,
): Promise<Threads<Job, Result>> {
  const { workers, filename, setup } = options;
  if (workers === 0) {
    const run = options.runHere();
    return { atOnce: 1, run: async (job) => run(job), close: async () => {} };
  }
  const pool = new Piscina<Job | undefined, Result>({
    filename,
    workerData: setup,
    execArgv: [...WORKER_ARGUMENTS],
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  // A thread that ends without a job is replaced; if that fails, the next job fails with the reason.
  pool.on('error', () => {});
  const threads: Threads<Job, Result> = {
    // While one job is carried out and its result is on the way, the next one waits at the same thread.
    atOnce: 2 * workers,
    run: async (job, allowedMs) => {
      const late = new AbortController();
      // The job may have to wait for another one.
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
    // If a worker cannot even start, no job is to blame.
    await pool.run(undefined);
  } catch (error) {
    await threads.close();
    throw error;
  }
  return threads;
}
