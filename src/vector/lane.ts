/** One shard and what is asked of it, in order, one command at a time. */
import type { Command, Reply } from './command.ts';
import type { Shard } from './shard.ts';

type QueuedStep = { readonly envs: number[]; readonly actions: unknown[]; readonly reply: Promise<Reply> };

export class Lane {
  /** Number of environments that live here. */
  load = 0;
  /** Whether the shard is lost, and with it every episode that it played. */
  failed = false;
  private readonly makeShard: () => Shard;
  private shard: Shard;
  private tail: Promise<unknown> = Promise.resolve();
  /** The last command asked for, if it is a step that has not begun: more actions can join it. */
  private open: QueuedStep | undefined;

  constructor(makeShard: () => Shard) {
    this.makeShard = makeShard;
    this.shard = makeShard();
  }

  /** Puts a new shard, which knows of no episode, in place of one that is lost. */
  restart(): void {
    const lost = this.shard;
    this.failed = false;
    this.open = undefined;
    this.shard = this.makeShard();
    this.tail = lost.close().catch(() => undefined);
  }

  run(command: Command): Promise<Reply> {
    this.open = undefined;
    return this.append(() => this.shard.run(command));
  }

  /** Actions that are sent while the shard is busy go to it together, in one round trip. */
  step(envs: readonly number[], actions: readonly unknown[]): Promise<Reply> {
    const { open } = this;
    if (open === undefined) {
      const step = { op: 'step' as const, envs: envs.slice(), actions: actions.slice() };
      const reply = this.append(() => {
        this.open = undefined;
        return this.shard.run(step);
      });
      this.open = { envs: step.envs, actions: step.actions, reply };
      return reply;
    }
    // One by one: spread as arguments, a hundred thousand of them would not fit on the stack.
    for (const env of envs) open.envs.push(env);
    for (const action of actions) open.actions.push(action);
    return open.reply;
  }

  close(): Promise<void> {
    return this.shard.close();
  }

  private append(work: () => Promise<Reply>): Promise<Reply> {
    const reply = this.tail.then(work);
    this.tail = reply.catch(() => undefined);
    return reply;
  }
}
