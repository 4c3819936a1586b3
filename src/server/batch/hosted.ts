/** One batch of a server: a VectorEnv that many requests may use at the same time. */
import type { GhostexecError } from '../../lib/errors.ts';
import type { Batch } from '../../vector/batch.ts';
import { AlreadyPendingError, ShardFailedError, UnknownTaskError } from '../../vector/errors.ts';
import { openSnapshot } from '../../vector/snapshot.ts';
import type { Recovery } from '../../vector/supervision.ts';
import { VectorEnv } from '../../vector/vector-env.ts';
import type { PolicyAnswer } from '../../world/completion/completion.ts';
import { invalid } from '../problem.ts';
import type { Profiles } from '../profiles.ts';
import { AnswerSizes } from './answer-size.ts';
import { Grades } from './grades.ts';
import type { BatchOutcome } from './outcome.ts';
import type { BatchPlan } from './plan.ts';
import { Teller } from './told.ts';
import type { BatchReset, Included, RowError } from './wire.ts';

/**
 * Makes the answer of an outcome. It is called as soon as the outcome is known. Until its promise is settled, no other request
 * may use the environments, so their texts remain those of this outcome.
 */
export type Use<T> = (outcome: BatchOutcome) => Promise<T>;

/** The environments that a request names; all if it names none. */
type EnvIds = readonly number[] | null | undefined;

/** What the rows of an outcome say beside the batch itself. */
type Noted = Pick<BatchOutcome, 'grades' | 'told'>;

/** Called when worker threads are lost: with the number of shards that a reset or restore has restarted, and for every recovery. */
type Watcher = { restarted(count: number): void; recovered(recovery: Recovery): void };

/** Codes of problems that prevent a step, but not a reset. */
const MENDED_BY_RESET = ['SHARD_FAILED', 'RESET_NEEDED'];

export class HostedBatch {
  readonly groupSize: number;
  readonly workers: number;
  readonly tasks: readonly string[];
  readonly sizes: AnswerSizes;
  readonly profiles: Profiles;
  steps = 0;
  /** The greatest number of environments that the batch has had at once, forks included. No request has reason to name more. */
  mostEnvs: number;
  private readonly vector: VectorEnv;
  private readonly numEnvs: number;
  private readonly grades: Grades;
  private readonly teller: Teller;
  /** The groups of forks and added environments. */
  private readonly laterGroups = new Map<number, number>();
  /** Environments of the first groups that were removed. */
  private readonly removed = new Set<number>();
  /** The group of the next added environment. */
  private nextGroup = 0;
  /** Environments that a request uses which is not answered yet. */
  private readonly held = new Set<number>();
  private readonly watcher: Watcher;
  private readonly specs: BatchPlan['options']['specs'];
  private restartsReported = 0;
  /** The number of fork requests that are being carried out. */
  private forking = 0;

  constructor({ options, inline, profiles }: BatchPlan, watcher: Watcher) {
    this.vector = VectorEnv.of({ ...options, onRecovery: (recovery) => watcher.recovered(recovery) });
    this.specs = options.specs;
    this.numEnvs = options.envSpecs.length;
    this.mostEnvs = this.numEnvs;
    this.groupSize = options.groups.groupSize;
    this.nextGroup = Math.ceil(this.numEnvs / this.groupSize);
    this.workers = options.workers;
    this.tasks = [...new Set(options.specs.map(({ task }) => task))];
    this.sizes = new AnswerSizes(options.specs, options.autoreset, profiles.observation);
    this.grades = new Grades(inline);
    this.teller = new Teller(profiles, this.grades);
    this.profiles = profiles;
    this.watcher = watcher;
  }

  get autoreset(): VectorEnv['autoreset'] {
    return this.vector.autoreset;
  }

  /** All environments, ascending. A fork or an added environment is included once its request has been answered. */
  get envIds(): readonly number[] {
    const all = this.vector.envIds;
    return this.forking === 0 ? all : all.filter((env) => this.groupOf(env) !== null);
  }

  get restarts(): number {
    return this.vector.restarts;
  }

  get recoveries(): number {
    return this.vector.recoveries;
  }

  /** The group of an environment; null if the environment does not exist. */
  readonly groupOf = (env: number): number | null => {
    if (env >= 0 && env < this.numEnvs && !this.removed.has(env)) return Math.floor(env / this.groupSize);
    return this.laterGroups.get(env) ?? null;
  };

  groupsOf(envIds: readonly number[]): number[] {
    return envIds.map((env) => this.groupOf(env) ?? 0);
  }

  /** @throws Problem if the number of actions differs from that of environments, ClosedError */
  step<T>(actions: readonly unknown[], envIds: EnvIds, included: Included, use: Use<T>): Promise<T> {
    const envs = envIds ?? this.envIds;
    if (actions.length !== envs.length) {
      throw invalid(
        ['body', 'actions'],
        `expected one action for each of ${envs.length} environments, got ${actions.length}`,
        actions.length,
      );
    }
    return this.each('step', envs, [], included, use, {
      ask: (own, indices) => {
        // The vector reads any value: what is not an action becomes an invalid step of its environment.
        const answers = (indices?.map((i) => actions[i]) ?? actions) as readonly PolicyAnswer[];
        return this.vector.step(answers, own);
      },
      note: (batch) => {
        this.steps += batch.size;
        const grades = this.grades.stepped(batch);
        return { grades, told: this.teller.stepped(batch, grades) };
      },
    });
  }

  /** @throws Problem, UnknownTaskError, ClosedError */
  reset<T>(order: BatchReset, included: Included, use: Use<T>): Promise<T> {
    const { env_ids, seed, seeds, task_id: task, tasks } = order;
    const envs = env_ids ?? this.envIds;
    for (const [name, list] of Object.entries({ seeds, tasks })) {
      if (!list || list.length === envs.length) continue;
      const msg = `expected one entry for each of ${envs.length} environments, got ${list.length}`;
      throw invalid(['body', name], msg, list.length);
    }
    const pick = <V>(list: readonly V[], indices: readonly number[] | undefined): V[] =>
      indices === undefined ? [...list] : indices.flatMap((i) => list.slice(i, i + 1));
    return this.each('reset', envs, MENDED_BY_RESET, included, use, {
      ask: (own, indices) =>
        this.vector.reset({
          ids: [...own],
          ...(typeof seed === 'number' ? { seed } : {}),
          ...(seeds ? { seeds: pick(seeds, indices) } : {}),
          ...(typeof task === 'string' ? { task } : {}),
          ...(tasks ? { tasks: pick(tasks, indices) } : {}),
        }),
      note: (batch) => this.began(batch),
    });
  }

  /** @throws ResetNeededError, AlreadyPendingError, UnknownEnvError, ShardFailedError, ClosedError */
  async snapshot(envIds: EnvIds): Promise<{ bytes: Buffer; envIds: readonly number[] }> {
    const envs = envIds ?? this.envIds;
    this.refuseHeld('snapshot', envs);
    return { bytes: await this.vector.snapshot(envs), envIds: envs };
  }

  /** @throws SnapshotError, what `refuse` throws, LengthError, AlreadyPendingError, UnknownEnvError, ShardFailedError, ClosedError */
  async restore<T>(
    snapshot: Uint8Array,
    envIds: EnvIds,
    included: Included,
    refuse: (count: number) => void,
    use: Use<T>,
  ): Promise<T> {
    const envs = envIds ?? openSnapshot(this.specs, snapshot).envIds;
    refuse(envs.length);
    this.refuseHeld('restore', envs);
    for (const env of envs) this.held.add(env);
    try {
      const batch = await this.vector.restore(snapshot, envs);
      return await use(this.whole(batch, this.goesOn(batch, this.grades.restored(batch)), included));
    } finally {
      for (const env of envs) this.held.delete(env);
      this.reportRestarts();
    }
  }

  /** @throws CapacityError, ResetNeededError, AlreadyPendingError, UnknownEnvError, ShardFailedError, ClosedError */
  async fork<T>(env: number, k: number, included: Included, use: Use<T>): Promise<T> {
    this.refuseHeld('fork', [env]);
    const group = this.groupOf(env) ?? 0;
    this.forking++;
    let forks: readonly number[] = [];
    try {
      const batch = await this.vector.fork(env, k);
      this.mostEnvs = Math.max(this.mostEnvs, this.vector.numEnvs);
      forks = batch.envIds;
      for (const fork of forks) {
        this.laterGroups.set(fork, group);
        this.held.add(fork);
      }
      return await use(this.whole(batch, this.goesOn(batch, this.grades.forked(batch, env)), included));
    } finally {
      for (const fork of forks) this.held.delete(fork);
      // Forks exist even if their thread was lost before it could make them.
      if (--this.forking === 0) {
        for (const fork of this.vector.envIds) if (this.groupOf(fork) === null) this.laterGroups.set(fork, group);
      }
    }
  }

  /**
   * Adds an environment for each of these tasks and begins its first episode. Each is a group of its own.
   * @throws Problem, CapacityError, UnknownTaskError, ShardFailedError, ClosedError
   */
  async add<T>(
    tasks: readonly string[],
    seeds: readonly (number | null)[] | null | undefined,
    included: Included,
    use: Use<T>,
  ): Promise<T> {
    if (seeds && seeds.length !== tasks.length) {
      const msg = `expected one seed for each of ${tasks.length} environments, got ${seeds.length}`;
      throw invalid(['body', 'seeds'], msg, seeds.length);
    }
    const unknown = tasks.find((task) => !this.tasks.includes(task));
    if (unknown !== undefined) throw new UnknownTaskError(unknown, this.tasks);
    const added = await this.vector.add(tasks.map((task) => ({ task })));
    this.mostEnvs = Math.max(this.mostEnvs, this.vector.numEnvs);
    for (const env of added) {
      this.laterGroups.set(env, this.nextGroup++);
      this.held.add(env);
    }
    try {
      const given = seeds ? { seeds: [...seeds] } : {};
      const batch = await this.vector.reset({ ids: [...added], tasks: [...tasks], ...given });
      return await use(this.whole(batch, this.began(batch), included));
    } finally {
      for (const env of added) this.held.delete(env);
    }
  }

  /** @throws UnknownEnvError, AlreadyPendingError, ShardFailedError, ClosedError */
  async release(envIds: readonly number[]): Promise<void> {
    this.refuseHeld('release', envIds);
    await this.vector.release(envIds).finally(() => this.reportRestarts());
    for (const env of envIds) if (!this.laterGroups.delete(env)) this.removed.add(env);
    this.grades.forget(envIds);
    this.teller.forget(envIds);
  }

  close(): Promise<void> {
    return this.vector.close();
  }

  /** Carries a call out in the environments that can take it. The result of each of the others says why it cannot. */
  private async each<T>(
    call: string,
    envIds: readonly number[],
    mended: readonly string[],
    included: Included,
    use: Use<T>,
    how: {
      ask(own: readonly number[], indices: readonly number[] | undefined): Promise<Batch>;
      note(batch: Batch): Noted;
    },
  ): Promise<T> {
    const problems = new Map<number, RowError>();
    this.vector.problems(envIds).forEach((problem, index) => {
      // A reset mends some problems, but not while an earlier answer with the same environment is still being written.
      const own = problem !== undefined && !mended.includes(problem.code) ? problem : undefined;
      const one = own ?? this.heldProblem(call, envIds[index] ?? 0) ?? problem;
      if (one !== undefined && !mended.includes(one.code)) problems.set(index, rowErrorOf(one));
    });
    const indices = problems.size === 0 ? undefined : envIds.flatMap((_, i) => (problems.has(i) ? [] : [i]));
    const own = indices === undefined ? envIds : indices.map((i) => envIds[i] ?? 0);
    for (const env of own) this.held.add(env);
    try {
      const batch = await how.ask(own, indices).catch((error: unknown) => this.survivors(own, error));
      const rows = batch.size === envIds.length ? undefined : this.rowsIn(batch, envIds, problems);
      return await use({
        envIds,
        batch,
        rows,
        problems,
        ...how.note(batch),
        ...this.common(included),
      });
    } finally {
      for (const env of own) this.held.delete(env);
      this.reportRestarts();
    }
  }

  /** The results of the environments whose worker thread still lives. */
  private survivors(own: readonly number[], error: unknown): Batch {
    if (!(error instanceof ShardFailedError)) throw error;
    const problems = this.vector.problems(own);
    return this.vector.read(own.filter((_, i) => problems[i] === undefined));
  }

  /** The row of each environment in a batch that lacks some of them. An environment that lacks a known reason was lost just now. */
  private rowsIn(batch: Batch, envIds: readonly number[], problems: Map<number, RowError>): Int32Array {
    const rowOf = new Map(batch.envIds.map((env, row) => [env, row]));
    const now = this.vector.problems(envIds);
    return Int32Array.from(envIds, (env, index) => {
      if (problems.has(index)) return -1;
      const row = rowOf.get(env);
      if (row !== undefined) return row;
      const problem = now[index];
      if (problem !== undefined) problems.set(index, rowErrorOf(problem));
      return -1;
    });
  }

  private whole(batch: Batch, noted: Noted, included: Included): BatchOutcome {
    return { envIds: batch.envIds, batch, rows: undefined, problems: new Map(), ...noted, ...this.common(included) };
  }

  private common(included: Included): Pick<BatchOutcome, 'groupOf' | 'included' | 'successGrade'> {
    return { groupOf: this.groupOf, included, successGrade: this.profiles.successGrade };
  }

  /** Notes the rows of new episodes. */
  private began(batch: Batch): Noted {
    return { grades: this.grades.began(batch), told: this.teller.began(batch) };
  }

  /** Notes the rows of episodes that go on elsewhere. */
  private goesOn(batch: Batch, grades: Noted['grades']): Noted {
    return { grades, told: this.teller.goesOn(batch) };
  }

  private heldProblem(call: string, env: number): GhostexecError | undefined {
    return this.held.has(env) || this.groupOf(env) === null ? new AlreadyPendingError(call) : undefined;
  }

  private refuseHeld(call: string, envIds: readonly number[]): void {
    if (envIds.some((env) => this.held.has(env))) throw new AlreadyPendingError(call);
  }

  private reportRestarts(): void {
    const fresh = this.vector.restarts - this.restartsReported;
    this.restartsReported += fresh;
    if (fresh > 0) this.watcher.restarted(fresh);
  }
}

function rowErrorOf({ code, message }: GhostexecError): RowError {
  return { code, message: code === 'SHARD_FAILED' ? `${message}; a reset or a restore restarts it` : message };
}
