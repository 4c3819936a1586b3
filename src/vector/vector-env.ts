/** A vector of environments. The same contract holds for both backends: in-process and worker threads. */
import { type GhostexecError, ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { Batch, type BatchSource } from './batch.ts';
import { Columns } from './columns.ts';
import type { ResetOrder } from './engine.ts';
import { AlreadyPendingError, ClosedError, LengthError, NothingPendingError, type ShardFailedError } from './errors.ts';
import {
  parseAdded,
  parseResetOptions,
  type ResetOptions,
  type ResolvedOptions,
  refuseLongLists,
  refuseUnlessList,
  resolveOptions,
  selectEnvs,
  type VectorOptions,
} from './options.ts';
import { Roster } from './roster.ts';
import { detachStates, type SavedEpisode } from './saved.ts';
import { Shards, stepPart } from './shards.ts';
import { openSnapshot, packSnapshot } from './snapshot.ts';
import { type EnvSpec, specFor, specNamed } from './spec.ts';
import type { Recovery } from './supervision.ts';

type Receiver = { readonly least: number; resolve(batch: Batch): void; reject(error: unknown): void };

/**
 * N environments, each of which plays one episode after the other. Observations are briefings (text). Rewards are doubles in
 * about [-20, 15]. `terminated` and `truncated` are separate flags. An answer that is unreadable or invalid is an invalid step
 * of its environment and does not affect any other environment. Methods throw only on misuse of this class and on lost worker
 * threads: see errors.ts.
 *
 * @example
 * const env = await VectorEnv.create({ numEnvs: 64, workers: 2 });
 * let batch = await env.reset({ seed: 7 });
 * batch = await env.step(batch.briefings().map(() => ({ action_type: 'do_nothing' })));
 * await env.close();
 */
export class VectorEnv {
  readonly autoreset: ResolvedOptions['autoreset'];
  private readonly options: ResolvedOptions;
  private readonly columns: Columns;
  private readonly source: BatchSource;
  private readonly roster: Roster;
  private readonly shards: Shards;
  private readonly seedBases: Float64Array;
  /** The seed of each environment's first episode, if one was given. */
  private readonly envSeeds: (number | undefined)[];
  private receiver: Receiver | undefined;
  private failure: ShardFailedError | undefined;
  private recoveryCount = 0;

  private constructor(options: ResolvedOptions) {
    const { envSpecs } = options;
    const capacity = envSpecs.length + options.maxForks;
    const columns = new Columns(capacity);
    const roster = new Roster(envSpecs.length, capacity);
    this.options = options;
    this.autoreset = options.autoreset;
    this.columns = columns;
    this.roster = roster;
    this.seedBases = new Float64Array(capacity).fill(options.seed);
    this.envSeeds = [...options.envSeeds];
    columns.spec.set(envSpecs);
    this.shards = new Shards(options, columns, roster, (recovery) => this.recovered(recovery));
    this.source = {
      columns,
      specs: options.specs,
      shard: (env) => this.shards.shardOf(env),
      generation: (env) => roster.generation(env),
      recoveries: () => this.recoveryCount,
    };
  }

  /**
   * Makes the environments. They have no episode until `reset`.
   *
   * - `numEnvs` (1 to 1,000,000): Number of environments. By default one group for each task, or one environment for each
   *   entry of `envs`.
   * - `tasks`: Ids of shipped tasks, dealt out to the groups in turn. Beside `envs`: further tasks, which a reset can name.
   *   By default the certified tasks.
   * - `envs`: An `EnvSpec` for each environment: `{task?, scenario?, drift?, rules?, rewardMode?, seed?}`. `scenario` and
   *   `drift` are documents, and `task` is then their name.
   * - `workers` (0 to 256; default 0): Worker threads; 0 plays in the calling thread. Below a few hundred environments a
   *   thread costs more than it gains.
   * - `rules` (`v1`, `v2`; default `v2`): The ruleset: `v1` is the published environment, `v2` the repaired one.
   * - `rewardMode` (`full`, `base`, `shaping`; default `full`): The parts of the reward: `full` has all of them, `base`
   *   leaves out the shaping, `shaping` is the same as `full`.
   * - `autoreset` (`next_step`, `same_step`, `disabled`; default `next_step`): What happens to an environment whose episode
   *   is over.
   * - `groupSize` (1 to 1,000,000; default 1): Number of consecutive environments that begin every episode alike, with the
   *   same task and seed. Forks and added environments belong to no group.
   * - `seed` (0 to 2^53 - 1; default 0): Root from which the seeds of all episodes are derived.
   * - `maxForks` (0 to 1,000,000): Room for forks and added environments. By default the number of environments, at most
   *   1,024.
   * - `briefings` (true, false; default true): Whether worker threads write the briefings; if not, `briefing(i)` writes them
   *   in the calling thread.
   * - `stepDeadlineMs` (1 to 86,400,000; default 60,000): Milliseconds. A worker thread that takes longer over one command
   *   is replaced.
   * - `workerMemoryMb` (1 to 1,048,576): Maximum size of a worker's heap (old generation), in MiB. A worker that exceeds it
   *   is replaced. By default the limit of Node.
   * - `onRecovery`: Called with a `Recovery` for every worker thread that was lost and replaced.
   *
   * @throws ValidationError, UnknownTaskError, LengthError
   */
  static async create(options: VectorOptions = {}): Promise<VectorEnv> {
    return new VectorEnv(resolveOptions(options));
  }

  /** @internal For callers that inspect the resolved options before memory is allocated. */
  static of(options: ResolvedOptions): VectorEnv {
    return new VectorEnv(options);
  }

  /** Number of environments, forks included. */
  get numEnvs(): number {
    return this.roster.ids.length;
  }

  /** Number of shards that were lost with their episodes and then started again by a reset or a restore. */
  get restarts(): number {
    return this.shards.restarts;
  }

  /** Number of worker threads that were lost and replaced without any loss of episodes. */
  get recoveries(): number {
    return this.recoveryCount;
  }

  /** Ids of the environments, ascending. `step` and every batch use this order. */
  get envIds(): readonly number[] {
    return this.roster.ids;
  }

  /**
   * Begins a new episode in all environments, or in those that `ids` or `mask` select, and returns their first observations.
   *
   * - `seeds`: the seeds of the episodes themselves, one for each selected environment (null: derived).
   * - `seed`: a new root, from which the seeds of the episodes are derived.
   * - `task`, `tasks`: the tasks to play, among those that this VectorEnv was created with.
   *
   * An environment that was lost with its worker thread gets a new thread.
   *
   * @throws AlreadyPendingError, UnknownEnvError, UnknownTaskError, LengthError, ValidationError, ClosedError
   */
  async reset(options: ResetOptions = {}): Promise<Batch> {
    this.roster.refuseIfClosed('reset');
    this.roster.refuseTooMany('reset', options?.ids);
    refuseLongLists(options, this.roster.ids);
    const order = parseResetOptions(options);
    const envs = selectEnvs(order, this.roster.ids);
    this.roster.check('reset', envs, false);
    const specs = envs.map((env, i) => {
      return specFor(this.options.specs, this.columns.spec[env] ?? 0, order.tasks?.[i] ?? order.task);
    });
    const orders = envs.map((env, i): ResetOrder => {
      const exact = order.seeds?.[i] ?? undefined;
      const root = exact ?? order.seed;
      const first = this.roster.isNew(env);
      if (root !== undefined) this.seedBases[env] = root;
      return {
        env,
        spec: specs[i] ?? 0,
        seedBase: this.seedBases[env] ?? 0,
        seed: exact ?? (root === undefined && first ? this.envSeeds[env] : undefined),
        episode: root !== undefined || first ? 0 : (this.columns.episode[env] ?? 0) + 1,
      };
    });
    this.shards.revive(envs);
    this.roster.rewrite(envs);
    const byEnv = new Map(orders.map((one) => [one.env, one]));
    await this.shards.run('reset', envs, ({ queue, envs: own }) => {
      return queue.run({ op: 'reset', orders: own.flatMap((env) => byEnv.get(env) ?? []) });
    });
    return this.deliver(envs);
  }

  /**
   * Plays one action in every environment and returns all results, in the order of `envIds`. If `envIds` names only some
   * environments, other calls may play the others meanwhile.
   * @param actions Objects that follow the action schema, or raw completions that contain such an object.
   * @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, LengthError, ClosedError, ShardFailedError
   */
  async step(actions: readonly PolicyAnswer[], envIds: readonly number[] = this.roster.ids): Promise<Batch> {
    this.checkActions('step', actions, envIds);
    this.roster.rewrite(envIds);
    await this.shards.run('step', envIds, (part) => stepPart(part, actions));
    return this.deliver(envIds);
  }

  /** For each of these environments, the reason why it cannot be stepped now, or undefined. */
  problems(envIds: readonly number[]): (GhostexecError | undefined)[] {
    this.roster.refuseIfClosed('problems');
    return this.roster.problems('step', envIds, true);
  }

  /**
   * Returns the last results of these environments again.
   * @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, ClosedError
   */
  read(envIds: readonly number[] = this.roster.ids): Batch {
    this.roster.check('read', envIds, true);
    return this.deliver(envIds);
  }

  /**
   * Sends actions to some environments and returns immediately. `recv` returns the results.
   * @throws ResetNeededError, AlreadyPendingError, LengthError, UnknownEnvError, ClosedError
   */
  send(actions: readonly PolicyAnswer[], envIds: readonly number[]): void {
    this.checkActions('send', actions, envIds);
    this.roster.sent(envIds);
    for (const part of this.shards.parts(envIds)) {
      stepPart(part, actions)
        .then(() => this.answered(part.envs))
        .catch((error: unknown) => this.failed(part.envs, error));
    }
  }

  /**
   * Waits until at least `minEnvs` results have arrived (default: all outstanding results). Returns every result that has
   * arrived, in ascending order of ids.
   * @throws NothingPendingError, AlreadyPendingError, ClosedError, ShardFailedError
   */
  recv(minEnvs?: number): Promise<Batch> {
    return new Promise((resolve, reject) => {
      this.roster.refuseIfClosed('recv');
      if (this.receiver !== undefined) throw new AlreadyPendingError('recv');
      const outstanding = this.roster.outstanding();
      const least = minEnvs ?? outstanding;
      if (this.failure === undefined && (!(least >= 1) || least > outstanding)) {
        throw new NothingPendingError(least, outstanding);
      }
      this.receiver = { least, resolve, reject };
      this.wake();
    });
  }

  /**
   * Returns the episodes of all or some environments as bytes (msgpack, see snapshot.ts). Any VectorEnv that has loaded the
   * same scenarios can restore them at any time.
   * @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, ClosedError
   */
  async snapshot(ids: readonly number[] = this.roster.ids): Promise<Buffer> {
    return packSnapshot(this.options.specs, ids, this.save('snapshot', ids));
  }

  /**
   * Restores the episodes of a snapshot, either in the environments that it was taken from or in `envIds`, one for each
   * episode. Returns their observations. The rewards of this batch are 0.
   * @throws SnapshotError, LengthError, UnknownEnvError, AlreadyPendingError, ClosedError
   */
  async restore(snapshot: Uint8Array, envIds?: readonly number[]): Promise<Batch> {
    this.roster.refuseIfClosed('restore');
    const opened = openSnapshot(this.options.specs, snapshot);
    const envs = envIds ?? opened.envIds;
    if (envs.length !== opened.saved.length) throw new LengthError('restore', 'ids', envs.length, opened.saved.length);
    this.roster.check('restore', envs, false);
    this.shards.revive(envs);
    this.roster.rewrite(envs);
    return this.load('restore', envs, (rows) => {
      if (rows.length === opened.saved.length) return opened.saved;
      const saved = rows.flatMap((row) => opened.saved[row] ?? []);
      // The states are views of one buffer. Without copies, the whole buffer would be sent to every worker.
      detachStates(saved);
      return saved;
    });
  }

  /**
   * Makes `k` new environments that continue the episode of environment `id`. Their ids are the `envIds` of the batch. The
   * copies and the original are independent of each other.
   * @throws CapacityError, ResetNeededError, AlreadyPendingError, UnknownEnvError, ClosedError
   */
  async fork(id: number, k: number): Promise<Batch> {
    if (!Number.isInteger(k) || k < 1) {
      throw new ValidationError('fork', [`k: expected a whole number of copies, at least 1, got ${quote(k)}`]);
    }
    const saved = this.save('fork', [id]);
    const envs = this.roster.claim(k);
    for (const env of envs) this.shards.place(env);
    return this.load('fork', envs, (rows) => rows.flatMap(() => saved));
  }

  /**
   * Adds environments, which have no episode until `reset`. They take the room that `maxForks` reserves, and belong to no group.
   * Their scenarios may be new to this VectorEnv; a task alone names a spec that it has, if there is one.
   * @returns their ids
   * @throws ValidationError, UnknownTaskError, CapacityError, ClosedError
   * @example
   * const ids = await env.add([{ task: 'monday_morning' }, { task: 'monday_morning' }]);
   * await env.reset({ ids: [...ids], seed: 5 });
   */
  async add(envs: readonly EnvSpec[]): Promise<readonly number[]> {
    this.roster.refuseIfClosed('add');
    const given = parseAdded(envs);
    const specs = given.map((env) => specNamed(this.options.specs, env) ?? this.options.specOf(env));
    const ids = this.roster.admit(given.length);
    ids.forEach((env, i) => {
      this.columns.spec[env] = specs[i] ?? 0;
      this.seedBases[env] = this.options.seed;
      this.envSeeds[env] = given[i]?.seed;
      this.shards.place(env);
    });
    return ids;
  }

  /**
   * Removes environments. Those that `fork` or `add` made leave their room to others.
   * @throws UnknownEnvError, AlreadyPendingError, ClosedError
   */
  async release(ids: readonly number[]): Promise<void> {
    this.roster.check('release', ids, false);
    this.shards.revive(ids);
    this.roster.hold(ids);
    await this.shards.run('release', ids, ({ queue, envs }) => queue.run({ op: 'release', envs }));
    this.roster.free(ids);
    for (const env of ids) this.shards.leave(env);
  }

  /** Ends the worker threads. Results that were not received yet are dropped. A second call does nothing. */
  async close(): Promise<void> {
    if (this.roster.closed) return;
    this.roster.closed = true;
    this.receiver?.reject(new ClosedError('recv'));
    this.receiver = undefined;
    await this.shards.close();
  }

  private checkActions(call: string, actions: readonly unknown[], envs: readonly number[]): void {
    this.roster.refuseIfClosed(call);
    refuseUnlessList(call, 'actions', actions);
    refuseUnlessList(call, 'envIds', envs);
    if (actions.length !== envs.length) throw new LengthError(call, 'actions', actions.length, envs.length);
    this.roster.check(call, envs, true);
  }

  private recovered(recovery: Recovery): void {
    this.recoveryCount++;
    const { onRecovery } = this.options;
    // An exception of the callback must not reach the shard.
    if (onRecovery !== undefined) queueMicrotask(() => onRecovery(recovery));
  }

  private answered(envs: readonly number[]): void {
    this.roster.answered(envs);
    this.wake();
  }

  private failed(envs: readonly number[], error: unknown): void {
    this.failure = this.shards.lose(envs, error);
    this.wake();
  }

  /** Resolves the waiting `recv` as soon as enough results have arrived, or rejects it after a failure. */
  private wake(): void {
    const { receiver, failure } = this;
    if (receiver === undefined) return;
    if (failure !== undefined) {
      this.failure = this.receiver = undefined;
      receiver.reject(failure);
      return;
    }
    const ready = this.roster.ready();
    if (ready.length < receiver.least) return;
    this.receiver = undefined;
    receiver.resolve(this.deliver(ready));
  }

  private deliver(envs: readonly number[]): Batch {
    this.roster.received(envs);
    return new Batch(this.source, [...envs]);
  }

  private save(call: string, envs: readonly number[]): SavedEpisode[] {
    this.roster.check(call, envs, true);
    return this.shards.save(envs);
  }

  /** Loads saved episodes into these environments. `take` returns the saved episodes of some of the rows. */
  private async load(
    call: string,
    envs: readonly number[],
    take: (rows: number[]) => readonly SavedEpisode[],
  ): Promise<Batch> {
    await this.shards.run(call, envs, ({ queue, envs: own, rows }) => {
      const saved = take(rows);
      own.forEach((env, i) => {
        this.seedBases[env] = saved[i]?.seedBase ?? 0;
      });
      return queue.run({ op: 'load', envs: own, saved });
    });
    return this.deliver(envs);
  }
}
