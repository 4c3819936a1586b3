/** The shards of a vector: which of them plays each environment, and how the environments of a lost one come back. */
import type { Columns } from './columns.ts';
import { ShardFailedError } from './errors.ts';
import type { ResolvedOptions } from './options.ts';
import type { Roster } from './roster.ts';
import type { SavedEpisode } from './saved.ts';
import { LocalShard, type Shard } from './shard.ts';
import { ShardQueue } from './shard-queue.ts';
import { type Recovery, SupervisedShard } from './supervision.ts';

/** The part of a call that one shard carries out. `rows` are the indices of its environments in the call. */
export type ShardPart = { readonly queue: ShardQueue; readonly envs: number[]; readonly rows: number[] };

/** Plays the part of a step. @param actions Those of the whole call. */
export function stepPart({ queue, envs, rows }: ShardPart, actions: readonly unknown[]): Promise<void> {
  const own: unknown[] = [];
  for (let i = 0; i < rows.length; i++) own.push(actions[rows[i] ?? 0]);
  return queue.step(envs, own);
}

/** One shard in the calling thread, or one in each worker thread. */
export class Shards {
  /** Number of shards that were lost with their episodes and then started again. */
  restarts = 0;
  private readonly roster: Roster;
  private readonly queues: readonly ShardQueue[];
  /** The index of the queue of each environment. */
  private readonly queueOf: Uint32Array;

  /** Gives each shard about the same number of consecutive environments. */
  constructor(options: ResolvedOptions, columns: Columns, roster: Roster, onRecovery: (recovery: Recovery) => void) {
    const { specs, envSpecs, workers, autoreset, groups, briefings, worker } = options;
    const capacity = envSpecs.length + options.maxForks;
    const data = { capacity, autoreset, groups, briefings };
    this.roster = roster;
    this.queues =
      workers === 0
        ? [new ShardQueue(() => new LocalShard(specs, columns, autoreset, groups))]
        : Array.from({ length: workers }, (_, index) => {
            return new ShardQueue(() => new SupervisedShard(index, data, specs, columns, worker, onRecovery));
          });
    this.queueOf = new Uint32Array(capacity);
    envSpecs.forEach((_, env) => {
      this.assign(env, Math.floor((env * this.queues.length) / envSpecs.length));
    });
  }

  /** The shard that plays an environment. */
  shardOf(env: number): Shard {
    return this.queueAt(this.queueOf[env] ?? 0).shard;
  }

  /** Gives a new environment to the shard with the fewest environments. */
  place(env: number): void {
    const loads = this.queues.map((queue) => (queue.failed ? Number.POSITIVE_INFINITY : queue.load));
    this.assign(env, loads.indexOf(Math.min(...loads)));
  }

  /** Must be called for every environment that is removed. */
  leave(env: number): void {
    this.queueAt(this.queueOf[env] ?? 0).load--;
  }

  parts(envs: readonly number[]): ShardPart[] {
    const parts = this.queues.map((queue): ShardPart => ({ queue, envs: [], rows: [] }));
    for (let row = 0; row < envs.length; row++) {
      const env = envs[row] ?? 0;
      const part = parts[this.queueOf[env] ?? 0];
      part?.envs.push(env);
      part?.rows.push(row);
    }
    return parts.filter(({ rows }) => rows.length > 0);
  }

  /**
   * Runs a call on every shard that plays one of the environments, and waits for all of them. On success the environments are
   * still held; the caller must mark them as received.
   * @throws ShardFailedError if one of the shards fails; the others have done their part then
   */
  async run(call: string, envs: readonly number[], runPart: (part: ShardPart) => Promise<void>): Promise<void> {
    let failure: ShardFailedError | undefined;
    const done: number[][] = [];
    const runs = this.parts(envs).map(async (part) => {
      try {
        await runPart(part);
        done.push(part.envs);
      } catch (error) {
        failure = this.lose(part.envs, error);
      }
    });
    await Promise.all(runs);
    this.roster.refuseIfClosed(call);
    if (failure === undefined) return;
    for (const own of done) this.roster.received(own);
    throw failure;
  }

  /** The current episodes of environments as copies, in their order. */
  save(envs: readonly number[]): SavedEpisode[] {
    const saved: SavedEpisode[] = [];
    for (const { queue, envs: own, rows } of this.parts(envs)) {
      queue.shard.save(own).forEach((episode, i) => {
        saved[rows[i] ?? 0] = episode;
      });
    }
    return saved;
  }

  /** Marks environments of one shard as lost with it. */
  lose(envs: readonly number[], error: unknown): ShardFailedError {
    const index = this.queueOf[envs[0] ?? 0] ?? 0;
    const failure = error instanceof ShardFailedError ? error : new ShardFailedError(index, error);
    this.queueAt(index).failed = true;
    this.roster.lost(envs, failure);
    return failure;
  }

  /**
   * Puts new threads in place of those that were lost with some of these environments. The other environments of such a thread
   * are lost too, until they are reset or restored.
   */
  revive(envs: readonly number[]): void {
    const indices = new Set(envs.filter((env) => this.roster.isLost(env)).map((env) => this.queueOf[env] ?? 0));
    for (const index of indices) {
      const queue = this.queueAt(index);
      if (!queue.failed) continue;
      const all = this.roster.ids.filter((env) => this.queueOf[env] === index && !this.roster.isNew(env));
      this.roster.lost(all, new ShardFailedError(index, 'its worker thread was lost, and this environment with it'));
      queue.restart();
      this.restarts++;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close()));
  }

  private assign(env: number, queue: number): void {
    this.queueOf[env] = queue;
    this.queueAt(queue).load++;
  }

  private queueAt(index: number): ShardQueue {
    const queue = this.queues[index];
    if (queue === undefined) throw new RangeError(`there is no queue ${index}`);
    return queue;
  }
}
