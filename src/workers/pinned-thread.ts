/** One worker thread, which carries out one message at a time, and the reason of its end. */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf } from '../lib/errors.ts';

/** The options of a thread, besides its data. */
export type ThreadOptions = {
  /** The module that the thread runs: a path, or an import name of package.json. Its default export takes a message. */
  readonly module: string;
  /** The maximum duration of a message, in milliseconds. */
  readonly deadlineMs: number;
  /** The heap limit in MiB, if any. */
  readonly memoryMb?: number | undefined;
};

/**
 * Node options of every worker thread. Piscina loads a module by `require` first. Where Node can `require` an ES module, a
 * thread that is terminated while it loads one aborts the whole process (`v8::Module::IsGraphAsync`, seen under Node 20.20);
 * without that feature Piscina falls back to `import`, which can be ended at any moment.
 */
const FEATURE = '--experimental-require-module';
export const WORKER_ARGUMENTS: readonly string[] = process.allowedNodeEnvironmentFlags.has(FEATURE)
  ? ['--no-experimental-require-module']
  : [];

/** The maximum duration of a thread's start, in milliseconds, independent of the deadline of messages. */
const START_DEADLINE_MS = 60_000;
const TERMINATE_AGAIN_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const resolve = createRequire(import.meta.url).resolve;

/**
 * A pool of exactly one thread. The pool must not replace a lost thread by itself, since the replacement would not know what the
 * lost one knew; with `minThreads: 0` it starts a thread only for a task. Messages and replies survive a structured clone.
 */
export class PinnedThread<Message, Reply> {
  private readonly pool: Piscina<Message, Reply>;
  private readonly deadlineMs: number;
  private readonly thread: Worker;
  private readonly exited: Promise<void>;
  private started: Promise<unknown> | undefined;
  private lost: Error | undefined;
  private closing: Promise<void> | undefined;
  /** How long the current message may take, its deadline, and the time of the next check; the latter by performance.now(). */
  private allowed = 0;
  private dueAt = Number.POSITIVE_INFINITY;
  private checkAt = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private startTimer: NodeJS.Timeout | undefined;

  /**
   * @param data `workerData` of the thread.
   * @param first A message that does nothing. It starts the thread, and its reply shows that the thread is ready.
   */
  constructor(data: unknown, first: Message, { module, deadlineMs, memoryMb }: ThreadOptions) {
    this.deadlineMs = deadlineMs;
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
    const ready = this.pool.run(first);
    const [thread] = this.pool.threads;
    if (thread === undefined) throw new TypeError('the pool has started no thread');
    this.thread = thread.setMaxListeners(0);
    this.exited = new Promise((done) => void thread.once('exit', () => done()));
    this.started = this.watch(ready, thread).finally(() => {
      this.started = undefined;
    });
    this.started.catch(() => undefined);
  }

  /** Resolves when the thread has started. @throws Error if it cannot start */
  async whenReady(): Promise<void> {
    await this.started;
    if (this.lost !== undefined) throw this.lost;
  }

  /** Why the thread accepts no more messages, if so. */
  get failure(): Error | undefined {
    return this.lost;
  }

  /**
   * Carries out one message at a time.
   * @param memory Is transferred with the message.
   * @throws Error with the reason why the thread ended; it accepts no more messages then
   */
  async run(message: Message, memory?: ArrayBuffer, deadlineMs = this.deadlineMs): Promise<Reply> {
    if (this.started !== undefined) await this.started;
    if (this.lost !== undefined) throw this.lost;
    this.begin(deadlineMs);
    try {
      return await this.pool.run(message, { transferList: memory === undefined ? [] : [memory] });
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
      // The start has a separate timer, since the deadline of the first message may be shorter.
      const late = new Error(`not ready after ${START_DEADLINE_MS} ms`);
      this.startTimer = setTimeout(fail, START_DEADLINE_MS, late).unref();
      ready.then(() => {
        clearTimeout(this.startTimer);
        resolve();
      }, fail);
    });
  }

  /** Starts the deadline of a message. */
  private begin(ms: number): void {
    this.allowed = ms;
    this.dueAt = performance.now() + ms;
    // One timer serves many messages: a timer for each would be a considerable part of a short step.
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
      this.lose(new Error(`deadline of ${this.allowed} ms exceeded`));
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
