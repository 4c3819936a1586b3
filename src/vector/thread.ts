/** One worker thread, which plays the environments of a shard, and what became of it. */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf } from '../lib/errors.ts';
import { WORKER_ARGUMENTS } from '../lib/worker-arguments.ts';
import type { WireCommand, WireReply, WorkerData } from './command.ts';

/** What a thread is made with, besides its data. */
export type ThreadOptions = {
  /** The module that it runs: a path, or a name that package.json knows. */
  readonly module: string;
  /** How long a command may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Limit of its heap in MiB, if any. */
  readonly memoryMb: number | undefined;
  /** A command may cost so many threads in all, divided or not. */
  readonly maxLosses: number;
};

/** A thread may take so long to start, in milliseconds, whatever the deadline of its commands. */
const START_DEADLINE_MS = 60_000;
const TERMINATE_AGAIN_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const resolve = createRequire(import.meta.url).resolve;

/**
 * A pool of exactly one thread, so that nothing can move the shard to another. Nor does the pool put a new one in place of one
 * that is lost, since that would know of no episode: it is asked for none that it does not need (`minThreads`).
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
  /** When the command under way is given up, and when that is next looked at; by performance.now(). */
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
    // What went wrong is known from the thread itself.
    this.pool.on('error', () => undefined);
    // Releases nothing, but starts the thread, and is answered when that is ready.
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

  /** Why the thread can be asked nothing more, if so. */
  get failure(): Error | undefined {
    return this.lost;
  }

  /**
   * Carries out one command; one at a time.
   * @param worth As how many commands it counts before the deadline.
   * @throws Error that says what became of the thread; it can be asked nothing more then
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

  /** Ends the thread; once this has resolved, it writes nothing any more. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.lose(new Error('closed'));
    // A timer holds on to all that this thread works on.
    clearTimeout(this.timer);
    clearTimeout(this.startTimer);
    // A thread that goes to sleep just as it is ended for the first time would sleep on (seen under Node 20).
    const again = setInterval(() => void this.thread.terminate(), TERMINATE_AGAIN_MS);
    await this.pool.destroy();
    await this.exited;
    clearInterval(again);
  }

  /** Resolves when the thread is ready; keeps the reason where it ends by itself. */
  private watch(ready: Promise<unknown>, thread: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        clearTimeout(this.startTimer);
        reject(this.lose(error));
      };
      thread.once('error', (error) => fail(causeOf(error)));
      thread.once('exit', (code) => fail(new Error(`exited with code ${code}`)));
      // Counted by a timer of its own: the first command's may be shorter.
      const late = new Error(`not ready after ${START_DEADLINE_MS} ms`);
      this.startTimer = setTimeout(fail, START_DEADLINE_MS, late).unref();
      ready.then(() => {
        clearTimeout(this.startTimer);
        resolve();
      }, fail);
    });
  }

  /** From now on the thread is busy with something that may take so long. */
  private begin(ms: number): void {
    this.dueAt = performance.now() + ms;
    // One timer serves many commands, since making one for each would cost a good part of a short step.
    if (this.dueAt < this.checkAt) this.check();
  }

  private readonly check = (): void => {
    clearTimeout(this.timer);
    this.checkAt = Number.POSITIVE_INFINITY;
    if (this.dueAt === Number.POSITIVE_INFINITY || this.closing !== undefined) return;
    const left = this.dueAt - performance.now();
    if (left > 0) {
      this.checkAt = this.dueAt;
      // A main thread that was busy for so long gets to see an answer first.
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
