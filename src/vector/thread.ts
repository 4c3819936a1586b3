/** One worker thread, which plays the environments of a shard, and the reason of its end. */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf } from '../lib/errors.ts';
import { WORKER_ARGUMENTS } from '../workers/threads.ts';
import type { WireCommand, WireReply, WorkerData } from './shard.ts';

/** The options of a thread, besides its data. */
export type ThreadOptions = {
  /** The module that the thread runs: a path, or an import name of package.json. */
  readonly module: string;
  /** The maximum duration of a command, in milliseconds. */
  readonly deadlineMs: number;
  /** The heap limit in MiB, if any. */
  readonly memoryMb: number | undefined;
  /** The maximum number of threads that one command may cost, whether it is divided or not. */
  readonly maxLosses: number;
};

/** The maximum duration of a thread's start, in milliseconds, independent of the deadline of commands. */
const START_DEADLINE_MS = 60_000;
const TERMINATE_AGAIN_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const resolve = createRequire(import.meta.url).resolve;

/**
 * A pool of exactly one thread, so that the shard never moves to another thread. The pool must not replace a lost thread by
 * itself, since the replacement would have no episodes; with `minThreads: 0` it starts a thread only for a task.
 */
export class ShardThread {
  private readonly pool: Piscina<WireCommand, WireReply>;
  private readonly deadlineMs: number;
  private readonly late: string;
  private readonly thread: Worker;
  private readonly exited: Promise<void>;
  private started: Promise<unknown> | undefined;
  private lost: Error | undefined;
  private closing: Promise<void> | undefined;
  /** The deadline of the current command, and the time of its next check; both by performance.now(). */
  private dueAt = Number.POSITIVE_INFINITY;
  private checkAt = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private startTimer: NodeJS.Timeout | undefined;

  constructor(data: WorkerData, { module, deadlineMs, memoryMb }: ThreadOptions) {
    this.deadlineMs = deadlineMs;
    this.late = `deadline of ${deadlineMs} ms exceeded`;
    this.pool = new Piscina({
      filename: resolve(module),
      workerData: data,
      execArgv: [...WORKER_ARGUMENTS],
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      stricterFIFO: true,
      recordTiming: false,
      ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    });
    // The events of the thread itself say what went wrong.
    this.pool.on('error', () => undefined);
    // This command releases nothing, but it starts the thread, and its reply shows that the thread is ready.
    const ready = this.pool.run({ op: 'release', envs: [] });
    const [thread] = this.pool.threads;
    if (thread === undefined) throw new TypeError('the pool has started no thread');
    this.thread = thread.setMaxListeners(0);
    this.exited = new Promise((done) => void thread.once('exit', () => done()));
    this.started = this.watch(ready, thread).finally(() => {
      this.started = undefined;
    });
    this.started.catch(() => undefined);
  }

  /** Why the thread accepts no more commands, if so. */
  get failure(): Error | undefined {
    return this.lost;
  }

  /**
   * Executes one command at a time.
   * @param worth The multiple of the deadline that this command may take.
   * @throws Error with the reason why the thread ended; it accepts no more commands then
   */
  async run(command: WireCommand, worth = 1): Promise<WireReply> {
    if (this.started !== undefined) await this.started;
    if (this.lost !== undefined) throw this.lost;
    this.begin(this.deadlineMs * worth);
    try {
      return await this.pool.run(command);
    } catch (error) {
      throw this.lose(error);
    } finally {
      this.dueAt = Number.POSITIVE_INFINITY;
    }
  }

  /** Ends the thread. Once this has resolved, the thread does not write any more. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.lose(new Error('closed'));
    // A timer keeps everything alive that the thread refers to.
    clearTimeout(this.timer);
    clearTimeout(this.startTimer);
    // A thread that goes to sleep during the first `terminate` would not wake up (seen under Node 20).
    const again = setInterval(() => void this.thread.terminate(), TERMINATE_AGAIN_MS);
    await this.pool.destroy();
    await this.exited;
    clearInterval(again);
  }

  /** Resolves when the thread is ready. Records the reason if the thread ends by itself. */
  private watch(ready: Promise<unknown>, thread: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        clearTimeout(this.startTimer);
        reject(this.lose(error));
      };
      thread.once('error', (error) => fail(causeOf(error)));
      thread.once('exit', (code) => fail(new Error(`exited with code ${code}`)));
      // The start has a separate timer, since the deadline of the first command may be shorter.
      const late = new Error(`not ready after ${START_DEADLINE_MS} ms`);
      this.startTimer = setTimeout(fail, START_DEADLINE_MS, late).unref();
      ready.then(() => {
        clearTimeout(this.startTimer);
        resolve();
      }, fail);
    });
  }

  /** Starts the deadline of a command. */
  private begin(ms: number): void {
    this.dueAt = performance.now() + ms;
    // One timer serves many commands: a timer for each would be a considerable part of a short step.
    if (this.dueAt < this.checkAt) this.check();
  }

  private readonly check = (): void => {
    clearTimeout(this.timer);
    this.checkAt = Number.POSITIVE_INFINITY;
    if (this.dueAt === Number.POSITIVE_INFINITY || this.closing !== undefined) return;
    const left = this.dueAt - performance.now();
    if (left > 0) {
      this.checkAt = this.dueAt;
      // If the main thread itself was busy all that time, it can process a reply first.
      this.timer = setTimeout(setImmediate, Math.min(Math.ceil(left), LONGEST_TIMER_MS), this.check).unref();
    } else {
      this.lose(new Error(this.late));
      void this.close();
    }
  };

  private lose(error: unknown): Error {
    this.lost ??= error instanceof Error ? error : new Error(String(error));
    return this.lost;
  }
}

function causeOf(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return new Error('out of memory', { cause: error });
  return new Error(`uncaught exception: ${messageOf(error)}`, { cause: error });
}
