/**
 * Reads the actions and completions of steps. Large completions are read on a separate thread: a hostile one of a million characters
 * takes 100 ms or more, during which the main thread could not answer any client.
 */
import { createRequire } from 'node:module';
import { Piscina } from 'piscina';
import { WORKER_ARGUMENTS } from '../../workers/pinned-thread.ts';
import { MAX_COMPLETION, type ReadAction, readAction, remarked } from '../../world/completion/completion.ts';
import type { Holder, Memory } from '../memory.ts';
import type { SentCompletion } from './worker.ts';

/** A completion of fewer UTF-16 units costs at most a few milliseconds, whatever its content. */
export const LARGE_COMPLETION = 32_768;
/** Milliseconds without a completion after which the thread ends. */
const IDLE_MS = 60_000;
const WORKER = createRequire(import.meta.url).resolve('#reading-worker');

export class CompletionReader {
  private readonly memory: Memory;
  private pool: Piscina<string, SentCompletion> | undefined;

  /** @param memory Counts the completions that wait to be read. */
  constructor(memory: Memory) {
    this.memory = memory;
  }

  /**
   * Reads an action object or a completion. Returns a promise if the completion is large.
   * @throws Problem (503, in the promise) if there is no memory for another completion to wait
   */
  read(answer: unknown): ReadAction | Promise<ReadAction> {
    const isLarge = typeof answer === 'string' && answer.length >= LARGE_COMPLETION && answer.length <= MAX_COMPLETION;
    return isLarge ? this.readElsewhere(answer) : readAction(answer);
  }

  /** Ends the thread, if there is one. */
  async close(): Promise<void> {
    await this.pool?.destroy();
  }

  private async readElsewhere(completion: string): Promise<ReadAction> {
    this.pool ??= new Piscina({
      filename: WORKER,
      execArgv: [...WORKER_ARGUMENTS],
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      recordTiming: false,
    }).on('error', () => undefined);
    const waiting: Holder = { mayGo: () => false, giveUp: () => undefined };
    this.memory.hold(waiting, 2 * completion.length);
    try {
      const { action, remark } = await this.pool.run(completion);
      return remark === undefined ? action : remarked(action, remark);
    } finally {
      this.memory.release(waiting);
    }
  }
}
