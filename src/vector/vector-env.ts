/** Many environments at once: the contract, which both backends, in-process and pooled, keep alike. */
import { type GhostexecError, ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { Batch, type BatchSource } from './batch.ts';
import { Columns } from './columns.ts';
import type { Command, Reply } from './command.ts';
import { detachStates, type FinalStep, type ResetOrder, type SavedEpisode } from './engine.ts';
import {
  AlreadyPendingError,
  ClosedError,
  LengthError,
  NothingPendingError,
  ShardFailedError,
  UnknownTaskError,
} from './errors.ts';
import { Lane } from './lane.ts';
import { type ResolvedOptions, resolveOptions, type VectorOptions } from './options.ts';
import { RecoveringShard, type Recovery } from './recovery.ts';
import { parseResetOptions, type ResetOptions, refuseLongLists, selectEnvs } from './reset-options.ts';
import { Roster } from './roster.ts';
import { LocalShard } from './shard.ts';
import { openSnapshot, packSnapshot } from './snapshot.ts';
import { stridesOf } from './spec.ts';

/** What a call asks of a lane: the environments that are its own, and their rows, which are indices into those of the call. */
type Part = { readonly lane: Lane; readonly envs: number[]; readonly rows: number[] };

type Receiver = { readonly least: number; resolve(batch: Batch): void; reject(error: unknown): void };

/**
 * N environments, each playing one episode after the other. Observations are briefings (text), rewards are doubles in
 * about [-20, 15], `terminated` and `truncated` are kept apart. An answer that cannot be read, or is not valid, is an
 * invalid step of its environment and touches no other. What is thrown are misuses of this class: see errors.ts.
 */
export class VectorEnv {
  readonly autoreset: ResolvedOptions['autoreset'];
  private readonly options: ResolvedOptions;
  private readonly columns: Columns;
  private readonly source: BatchSource;
  private readonly roster: Roster;
  private readonly lanes: readonly Lane[];
  private readonly laneOf: Uint32Array;
  private readonly seedBases: Float64Array;
  private readonly finals = new Map<number, FinalStep>();
  private receiver: Receiver | undefined;
  private failure: ShardFailedError | undefined;
  private restartCount = 0;
  private recoveryCount = 0;

  private constructor(options: ResolvedOptions) {
    const { specs, envSpecs, workers, autoreset, groups } = options;
    const numEnvs = envSpecs.length;
    const capacity = numEnvs + options.maxForks;
    const columns = Columns.allocate(capacity, stridesOf(specs), workers > 0);
    const roster = new Roster(numEnvs, capacity);
    this.options = options;
    this.autoreset = autoreset;
    this.columns = columns;
    this.roster = roster;
    this.source = { columns, specs, generation: (env) => roster.generation(env), recoveries: () => this.recoveryCount };
    this.seedBases = new Float64Array(capacity).fill(options.seed);
    envSpecs.forEach((spec, env) => {
      columns.spec[env] = spec;
    });
    if (workers === 0) this.lanes = [new Lane(() => new LocalShard(specs, columns, autoreset, groups))];
    else {
      const data = { columns: columns.data, specs: specs.map(({ compiled: _, ...spec }) => spec), autoreset, groups };
      const onRecovery = (recovery: Recovery): void => this.recovered(recovery);
      this.lanes = Array.from({ length: workers }, (_, index) => {
        return new Lane(() => new RecoveringShard(index, data, options.worker, onRecovery));
      });
    }
    this.laneOf = new Uint32Array(capacity);
    for (let env = 0; env < numEnvs; env++) this.assign(env, Math.floor((env * this.lanes.length) / numEnvs));
  }

  /**
   * Makes the environments; they have no episode until `reset`.
   *
   * `numEnvs`: how many (default: one for each task). `tasks`: ids of shipped tasks, dealt out in turn (default: the
   * certified ladder), or `envs`: one EnvSpec for each environment, which may bring its own scenario (`tasks` beside it
   * names tasks that only a later reset will ask for). `workers`: threads
   * (default 0: in this one). `rules`, `rewardMode` (full, base, shaping), `autoreset` (next_step, same_step,
   * disabled), `groupSize`: consecutive environments that always begin alike, with the same task and seed (default 1),
   * `seed`: 0..2^53-1 (default 0), `maxForks`: slots kept for forks (default: as many as environments, at most 1,024),
   * `stepDeadlineMs`: a worker thread that takes longer over one call is replaced (default 60,000), `workerMemoryMb`: limit
   * of a worker's heap (default: none of ours), `onRecovery`: is told of every worker thread that was lost and replaced.
   * @throws ValidationError, UnknownTaskError, LengthError
   */
  static async create(options: VectorOptions = {}): Promise<VectorEnv> {
    return new VectorEnv(resolveOptions(options));
  }

  /** @internal For callers that look at the resolved options before memory is allocated. */
  static of(options: ResolvedOptions): VectorEnv {
    return new VectorEnv(options);
  }

  /** Number of environments, forks included. */
  get numEnvs(): number {
    return this.roster.ids.length;
  }

  /** How many shards were lost with their episodes and begun anew, by a reset or a restore. */
  get restarts(): number {
    return this.restartCount;
  }

  /** How many worker threads were lost and replaced without anything being lost. */
  get recoveries(): number {
    return this.recoveryCount;
  }

  /** Their ids, ascending: the order of `step` and of every batch. */
  get envIds(): readonly number[] {
    return this.roster.ids;
  }

  /**
   * Begins a new episode in all environments, or in those that `ids` or `mask` select, and returns their first
   * observations. Seeds: `seeds` are those of the episodes themselves, one for each selected environment (null: derived);
   * `seed` is a new root, from which the episodes' seeds are derived. `task` or `tasks` change what is played, among
   * the tasks that this VectorEnv was created with. Environments that were lost with their worker thread get a new one.
   * @throws AlreadyPendingError, UnknownEnvError, UnknownTaskError, LengthError, ValidationError, ClosedError
   */
  async reset(options: ResetOptions = {}): Promise<Batch> {
    this.roster.refuseIfClosed('reset');
    this.roster.refuseTooMany('reset', options?.ids);
    refuseLongLists(options, this.roster.ids);
    const order = parseResetOptions(options);
    const envs = selectEnvs(order, this.roster.ids);
    this.roster.check('reset', envs, false);
    const specs = envs.map((env, i) => this.specFor(env, order.tasks?.[i] ?? order.task));
    const orders = envs.map((env, i): ResetOrder => {
      const exact = order.seeds?.[i] ?? undefined;
      const root = exact ?? order.seed;
      const first = this.roster.isNew(env);
      if (root !== undefined) this.seedBases[env] = root;
      return {
        env,
        spec: specs[i] ?? 0,
        seedBase: this.seedBases[env] ?? 0,
        seed: exact ?? (root === undefined && first ? this.options.envSeeds[env] : undefined),
        episode: root !== undefined || first ? 0 : (this.columns.episode[env] ?? 0) + 1,
      };
    });
    this.revive(envs);
    this.roster.rewrite(envs);
    const byEnv = new Map(orders.map((one) => [one.env, one]));
    await this.ask('reset', envs, (own) => ({ op: 'reset', orders: own.flatMap((env) => byEnv.get(env) ?? []) }));
    return this.deliver(envs);
  }

  /**
   * Plays one action in every environment, in the order of `envIds`, and returns all results; or in those of `envIds`
   * alone, while others are played by other calls.
   * @param actions Objects that follow the action schema, or raw completions that hold one.
   * @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, LengthError, ClosedError, ShardFailedError
   */
  async step(actions: readonly unknown[], envIds: readonly number[] = this.roster.ids): Promise<Batch> {
    this.checkActions('step', actions, envIds);
    this.roster.rewrite(envIds);
    const run = ({ lane, envs, rows }: Part): Promise<Reply> => lane.step(envs, pick(actions, rows));
    await this.askLanes('step', envIds, run, (own, reply) => this.keepFinals(own, reply));
    return this.deliver(envIds);
  }

  /** For each of these environments why it cannot be stepped now, if so. */
  problems(envIds: readonly number[]): (GhostexecError | undefined)[] {
    this.roster.refuseIfClosed('problems');
    return this.roster.problems('step', envIds, true);
  }

  /**
   * The last results of some environments once more.
   * @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, ClosedError
   */
  read(envIds: readonly number[] = this.roster.ids): Batch {
    this.roster.check('read', envIds, true);
    return this.deliver(envIds);
  }

  /**
   * Sends actions to some environments and returns at once; `recv` gives the results.
   * @throws ResetNeededError, AlreadyPendingError, LengthError, UnknownEnvError, ClosedError
   */
  send(actions: readonly unknown[], envIds: readonly number[]): void {
    this.checkActions('send', actions, envIds);
    this.roster.sent(envIds);
    for (const { lane, envs, rows } of this.byLane(envIds)) {
      lane
        .step(envs, pick(actions, rows))
        .then((reply) => this.answered(envs, reply))
        .catch((error: unknown) => this.failed(envs, error));
    }
  }

  /**
   * Waits until at least `minEnvs` results are there (default: all that are outstanding) and returns every one that
   * is, in ascending order of ids.
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
   * The episodes of all or some environments as bytes (msgpack, see snapshot.ts), to go on from here at any time, in
   * any VectorEnv that has the same scenarios loaded.
   * @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, ClosedError
   */
  async snapshot(ids: readonly number[] = this.roster.ids): Promise<Buffer> {
    return packSnapshot(this.options.specs, ids, await this.save('snapshot', ids));
  }

  /**
   * Goes on from a snapshot: in the environments it was taken from, or in `envIds`, one for each episode it holds.
   * Returns their observations, without rewards.
   * @throws SnapshotError, LengthError, UnknownEnvError, AlreadyPendingError, ClosedError
   */
  async restore(snapshot: Uint8Array, envIds?: readonly number[]): Promise<Batch> {
    this.roster.refuseIfClosed('restore');
    const opened = openSnapshot(this.options.specs, snapshot);
    const envs = envIds ?? opened.envIds;
    if (envs.length !== opened.saved.length) throw new LengthError('restore', 'ids', envs.length, opened.saved.length);
    this.roster.check('restore', envs, false);
    this.revive(envs);
    this.roster.rewrite(envs);
    return this.load('restore', envs, (rows) => {
      if (rows.length === opened.saved.length) return opened.saved;
      const saved = rows.flatMap((row) => opened.saved[row] ?? []);
      // The states are views of one memory, all of which would travel to every worker with them.
      detachStates(saved);
      return saved;
    });
  }

  /**
   * Makes `k` new environments that go on from the episode of environment `id`; their ids are `envIds` of the batch.
   * Copies and original are independent from then on.
   * @throws CapacityError, ResetNeededError, AlreadyPendingError, UnknownEnvError, ClosedError
   */
  async fork(id: number, k: number): Promise<Batch> {
    if (!Number.isInteger(k) || k < 1) {
      throw new ValidationError('fork', [`k: expected a whole number of copies, at least 1, got ${quote(k)}`]);
    }
    const saved = await this.save('fork', [id]);
    const envs = this.roster.claim(k);
    for (const env of envs) this.assign(env, this.leastLoaded());
    return this.load('fork', envs, (rows) => rows.flatMap(() => saved));
  }

  /**
   * Removes forks and frees their slots. The environments of `create` stay.
   * @throws UnknownEnvError, AlreadyPendingError, ClosedError
   */
  async release(ids: readonly number[]): Promise<void> {
    this.roster.checkRelease(ids);
    this.revive(ids);
    this.roster.hold(ids);
    await this.ask('release', ids, (own) => ({ op: 'release', envs: own }));
    this.roster.free(ids);
    for (const env of ids) this.laneAt(this.laneOf[env] ?? 0).load--;
  }

  /** Ends the worker threads. Results not yet received are dropped; closing twice does nothing. */
  async close(): Promise<void> {
    if (this.roster.closed) return;
    this.roster.closed = true;
    this.receiver?.reject(new ClosedError('recv'));
    this.receiver = undefined;
    await Promise.all(this.lanes.map((lane) => lane.close()));
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
    // What it throws is no concern of the shard.
    if (onRecovery !== undefined) queueMicrotask(() => onRecovery(recovery));
  }

  private answered(envs: readonly number[], reply: Reply): void {
    this.keepFinals(envs, reply);
    this.roster.answered(envs);
    this.wake();
  }

  /** A lane's reply may hold those of other calls, which travelled with this one. */
  private keepFinals(envs: readonly number[], reply: Reply): void {
    if (reply.finals.length === 0) return;
    const own = new Set(envs);
    for (const final of reply.finals) if (own.has(final.env)) this.finals.set(final.env, final);
  }

  private failed(envs: readonly number[], error: unknown): void {
    this.failure = this.lose(envs, error);
    this.wake();
  }

  /** Gives the waiting receiver what it waits for, as soon as that is there. */
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
    const finals = this.finals.size === 0 ? [] : envs.flatMap((env) => this.finals.get(env) ?? []);
    for (const { env } of finals) this.finals.delete(env);
    this.roster.received(envs);
    return new Batch(this.source, [...envs], finals);
  }

  private async save(call: string, envs: readonly number[]): Promise<SavedEpisode[]> {
    this.roster.check(call, envs, true);
    this.roster.hold(envs);
    const saved: SavedEpisode[] = [];
    const run = async ({ lane, envs: own, rows }: Part): Promise<Reply> => {
      const reply = await lane.run({ op: 'save', envs: own });
      reply.saved.forEach((episode, i) => {
        saved[rows[i] ?? 0] = episode;
      });
      return reply;
    };
    await this.askLanes(call, envs, run);
    this.roster.received(envs);
    return saved;
  }

  /** Goes on from saved episodes in these environments; `take` gives those for some of the rows. */
  private async load(
    call: string,
    envs: readonly number[],
    take: (rows: number[]) => readonly SavedEpisode[],
  ): Promise<Batch> {
    const run = ({ lane, envs: own, rows }: Part): Promise<Reply> => {
      const saved = take(rows);
      own.forEach((env, i) => {
        this.seedBases[env] = saved[i]?.seedBase ?? 0;
      });
      return lane.run({ op: 'load', envs: own, saved });
    };
    await this.askLanes(call, envs, run);
    return this.deliver(envs);
  }

  /**
   * Runs a command on every lane that holds one of the environments; waits for all, then throws what went wrong. Where
   * nothing did, the environments are still held: it is for the caller to say that they are free.
   */
  private ask(
    call: string,
    envs: readonly number[],
    commandFor: (own: number[]) => Command,
    use?: (own: number[], reply: Reply) => void,
  ): Promise<void> {
    return this.askLanes(call, envs, (part) => part.lane.run(commandFor(part.envs)), use);
  }

  private async askLanes(
    call: string,
    envs: readonly number[],
    run: (part: Part) => Promise<Reply>,
    use: (own: number[], reply: Reply) => void = () => undefined,
  ): Promise<void> {
    let failure: ShardFailedError | undefined;
    const done: number[][] = [];
    const runs = this.byLane(envs).map(async (part) => {
      try {
        use(part.envs, await run(part));
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

  private lose(envs: readonly number[], error: unknown): ShardFailedError {
    const lane = this.laneOf[envs[0] ?? 0] ?? 0;
    const failure = error instanceof ShardFailedError ? error : new ShardFailedError(lane, error);
    this.laneAt(lane).failed = true;
    this.roster.lost(envs, failure);
    return failure;
  }

  /**
   * Puts new threads in place of those that took some of these environments with them. Whatever else such a thread
   * played is lost too, until it is reset or restored itself.
   */
  private revive(envs: readonly number[]): void {
    const indices = new Set(envs.filter((env) => this.roster.isLost(env)).map((env) => this.laneOf[env] ?? 0));
    for (const index of indices) {
      const lane = this.laneAt(index);
      if (!lane.failed) continue;
      const all = this.roster.ids.filter((env) => this.laneOf[env] === index && !this.roster.isNew(env));
      this.roster.lost(all, new ShardFailedError(index, 'its worker thread was lost, and this environment with it'));
      lane.restart();
      this.restartCount++;
    }
  }

  private byLane(envs: readonly number[]): Part[] {
    const parts = this.lanes.map((lane): Part => ({ lane, envs: [], rows: [] }));
    for (let row = 0; row < envs.length; row++) {
      const env = envs[row] ?? 0;
      const part = parts[this.laneOf[env] ?? 0];
      part?.envs.push(env);
      part?.rows.push(row);
    }
    return parts.filter(({ rows }) => rows.length > 0);
  }

  private laneAt(index: number): Lane {
    const lane = this.lanes[index];
    if (lane === undefined) throw new RangeError(`there is no lane ${index}`);
    return lane;
  }

  private assign(env: number, lane: number): void {
    this.laneOf[env] = lane;
    this.laneAt(lane).load++;
  }

  private leastLoaded(): number {
    const loads = this.lanes.map((lane) => (lane.failed ? Number.POSITIVE_INFINITY : lane.load));
    return loads.indexOf(Math.min(...loads));
  }

  /** The spec that plays `task` in this environment: its own ruleset and reward mode if possible. */
  private specFor(env: number, task: string | null | undefined): number {
    const { specs } = this.options;
    const current = this.columns.spec[env] ?? 0;
    if (task === undefined || task === null || specs[current]?.task === task) return current;
    const like = specs[current];
    const exact = specs.findIndex(
      (spec) => spec.task === task && spec.rules === like?.rules && spec.rewardMode === like.rewardMode,
    );
    const found = exact >= 0 ? exact : specs.findIndex((spec) => spec.task === task);
    if (found < 0) throw new UnknownTaskError(task, [...new Set(specs.map((spec) => spec.task))]);
    return found;
  }
}

function pick<T>(list: readonly T[], rows: readonly number[]): T[] {
  const picked: T[] = [];
  for (let i = 0; i < rows.length; i++) picked.push(list[rows[i] ?? 0] as T);
  return picked;
}

function refuseUnlessList(call: string, name: string, value: unknown): void {
  if (!Array.isArray(value)) throw new ValidationError(call, [`${name}: expected a list, got ${quote(value)}`]);
}
