/** A shard: the environments that one engine plays, here or in a worker thread. */
import { createRequire } from 'node:module';
import { Piscina } from 'piscina';
import type { Columns } from './columns.ts';
import { type Command, execute, type Reply, type WireCommand, type WorkerData } from './command.ts';
import { SerialEngine } from './engine.ts';
import { ShardFailedError } from './errors.ts';
import type { Autoreset, Groups, Spec } from './spec.ts';
import { answersToJson, asSent } from './wire-action.ts';

export type Shard = {
  /** Carries out one command; the columns may be read once it has resolved. One at a time. */
  run(command: Command): Promise<Reply>;
  close(): Promise<void>;
};

/** Plays in this thread: no round trip, for few environments or single sessions. */
export class LocalShard implements Shard {
  private readonly engine: SerialEngine;

  constructor(specs: readonly Spec[], columns: Columns, autoreset: Autoreset, groups: Groups) {
    this.engine = new SerialEngine(specs, columns, autoreset, groups);
  }

  async run(command: Command): Promise<Reply> {
    return execute(this.engine, command.op === 'step' ? { ...command, actions: command.actions.map(asSent) } : command);
  }

  async close(): Promise<void> {}
}

const ownWorkerFile = createRequire(import.meta.url).resolve('#shard-worker');

/** Plays in a worker thread of its own: a pool of exactly one, so that nothing can move the shard to another thread. */
export class PooledShard implements Shard {
  private readonly pool: Piscina<WireCommand, Reply>;
  private readonly index: number;
  private failure: unknown;

  /** @param workerFile Module of the worker, whose default export answers as that of shard-worker.ts does. */
  constructor(index: number, data: WorkerData, workerFile = ownWorkerFile) {
    this.index = index;
    this.pool = new Piscina({
      filename: workerFile,
      workerData: data,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      stricterFIFO: true,
    });
    this.pool.on('error', (error) => {
      this.failure ??= error;
    });
    // The pool would put a new thread in its place, which knows nothing of the episodes.
    this.pool.on('workerDestroy', () => {
      this.failure ??= new Error('its worker thread has ended');
    });
  }

  async run(command: Command): Promise<Reply> {
    if (this.failure !== undefined) throw new ShardFailedError(this.index, this.failure);
    const wire: WireCommand =
      command.op === 'step' ? { op: 'step', envs: command.envs, answers: answersToJson(command.actions) } : command;
    try {
      return await this.pool.run(wire);
    } catch (error) {
      this.failure ??= error;
      throw new ShardFailedError(this.index, error);
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
