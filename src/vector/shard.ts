/** A shard: the environments that one engine plays, here or in a worker thread. */
import { createRequire } from 'node:module';
import { Piscina } from 'piscina';
import { messageOf } from '../lib/errors.ts';
import { strangeKind } from '../world/completion.ts';
import type { Columns } from './columns.ts';
import { type Command, execute, type Reply, type WireCommand, type WorkerData } from './command.ts';
import { SerialEngine } from './engine.ts';
import { ShardFailedError } from './errors.ts';
import type { Autoreset, Groups, Spec } from './spec.ts';

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

const workerFile = createRequire(import.meta.url).resolve('#shard-worker');

/** Plays in a worker thread of its own: a pool of exactly one, so that nothing can move the shard to another thread. */
export class PooledShard implements Shard {
  private readonly pool: Piscina<WireCommand, Reply>;
  private readonly index: number;
  private failure: unknown;

  constructor(index: number, data: WorkerData) {
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
      command.op === 'step' ? { op: 'step', envs: command.envs, answers: toJson(command.actions) } : command;
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

/** Answers as JSON. One that JSON cannot hold spoils only itself: it becomes a text that holds no action. */
function toJson(answers: readonly unknown[]): string {
  try {
    if (answers.every((answer) => strangeKind(answer) === undefined)) return JSON.stringify(answers);
  } catch {
    // One of them throws when it is looked at; below, each is looked at by itself.
  }
  return `[${answers.map(oneToJson).join(',')}]`;
}

/** The answer as a worker would read it, so that no answer is read differently here, and none can throw when it is. */
function asSent(answer: unknown): unknown {
  return typeof answer === 'string' || isPlain(answer) ? answer : JSON.parse(oneToJson(answer));
}

/** Whether JSON would give the same object back: nearly every action, which is spared the way through it. */
function isPlain(answer: unknown): boolean {
  try {
    if (typeof answer !== 'object' || answer === null) return false;
    const prototype: unknown = Object.getPrototypeOf(answer);
    if (prototype !== Object.prototype && prototype !== null) return false;
    for (const key in answer) if (typeof (answer as Record<string, unknown>)[key] !== 'string') return false;
    return true;
  } catch {
    return false;
  }
}

function oneToJson(answer: unknown): string {
  try {
    const kind = strangeKind(answer);
    if (kind !== undefined) return JSON.stringify(`an action that is no plain object, but a ${kind}`);
    return JSON.stringify(answer) ?? 'null';
  } catch (error) {
    return JSON.stringify(`an action that JSON cannot hold (${messageOf(error)})`);
  }
}
