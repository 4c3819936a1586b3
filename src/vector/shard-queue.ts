/** The command queue of one shard: commands run in order, one at a time. */
import type { Command, Shard } from './shard.ts';

type QueuedStep = { readonly envs: number[]; readonly actions: unknown[]; readonly done: Promise<void> };

/** Queues the commands of one shard and merges waiting steps. */
export class ShardQueue {
  /** Number of environments of this shard. */
  load = 0;
  /** Whether the shard is lost, together with all its episodes. */
  failed = false;
  /** The current shard; `restart` replaces it. */
  shard: Shard;
  private readonly makeShard: () => Shard;
  private tail: Promise<unknown> = Promise.resolve();
  /** The last queued command, if it is a step that has not started: more actions can join it. */
  private open: QueuedStep | undefined;

  constructor(makeShard: () => Shard) {
    this.makeShard = makeShard;
    this.shard = makeShard();
  }

  /** Replaces a lost shard by a new one, which has no episodes. */
  restart(): void {
    const lost = this.shard;
    this.failed = false;
    this.open = undefined;
    this.shard = this.makeShard();
    this.tail = lost.close().catch(() => undefined);
  }

  run(command: Command): Promise<void> {
    this.open = undefined;
    return this.append(() => this.shard.run(command));
  }

  /** Queues a step. Steps that arrive while the shard is busy are merged and sent to it in one round trip. */
  step(envs: readonly number[], actions: readonly unknown[]): Promise<void> {
    const { open } = this;
    if (open === undefined) {
      const step = { op: 'step' as const, envs: envs.slice(), actions: actions.slice() };
      const done = this.append(() => {
        this.open = undefined;
        return this.shard.run(step);
      });
      this.open = { envs: step.envs, actions: step.actions, done };
      return done;
    }
    // A loop, since spreading a hundred thousand entries as arguments would overflow the stack.
    for (const env of envs) open.envs.push(env);
    for (const action of actions) open.actions.push(action);
    return open.done;
  }

  close(): Promise<void> {
    return this.shard.close();
  }

  private append(work: () => Promise<void>): Promise<void> {
    const done = this.tail.then(work);
    this.tail = done.catch(() => undefined);
    return done;
  }
}
