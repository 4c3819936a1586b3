/** A shard: the environments of one engine, in this thread or in a worker thread (see recovery.ts). */
import type { Columns } from './columns.ts';
import { type Command, execute, type Reply } from './command.ts';
import { SerialEngine } from './engine.ts';
import type { Autoreset, Groups, Spec } from './spec.ts';

/** The common interface of both backends. */
export type Shard = {
  /** Executes one command at a time. The columns may be read once it has resolved. */
  run(command: Command): Promise<Reply>;
  close(): Promise<void>;
};

/** A shard in the calling thread: no round trip, which suits few environments and single sessions. */
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
