/** A shard: the environments that one engine plays, here or in a worker thread (see recovery.ts). */
import type { Columns } from './columns.ts';
import { type Command, execute, type Reply } from './command.ts';
import { SerialEngine } from './engine.ts';
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
    return execute(this.engine, command);
  }

  async close(): Promise<void> {}
}
