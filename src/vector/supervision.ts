/**
 * A shard in a worker thread that may be lost at any time. The main thread has the last results of every environment, so another
 * thread can continue from there and execute the command again. The caller does not notice.
 */
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import type { Episode } from '../sim/episode.ts';
import { briefing } from '../sim/observation/briefing.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { type BriefingParts, observe } from '../sim/observation/observe.ts';
import { runOrDivide } from '../workers/divide.ts';
import { PinnedThread, type ThreadOptions } from '../workers/pinned-thread.ts';
import type { Columns } from './columns.ts';
import { ClosedError, ShardFailedError } from './errors.ts';
import { ResultRows, SectionTable, type WireResults } from './results.ts';
import { detachStates, type SavedEpisode } from './saved.ts';
import type { Command, Shard, WireCommand, WireReply, WorkerData } from './shard.ts';
import type { Spec, SpecData } from './spec.ts';
import { answersToJson } from './wire-action.ts';

/** A worker thread was lost and replaced. Its environments are in the same state as before. */
export type Recovery = {
  readonly shard: number;
  /** Why the thread ended: `exited with code 1`, `out of memory`, ... */
  readonly cause: string;
  /** Which consecutive loss without progress this was, from 1. */
  readonly attempt: number;
  /** Number of episodes that the new thread continues. */
  readonly episodes: number;
  /** The environment whose episode ended the thread repeatedly. The episode was therefore ended as failed. */
  readonly failedEnv?: number;
};

/** The maximum number of attempts at a command other than a step, and at a recovery. */
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 320;

/** The options of the threads of a shard. */
export type ShardOptions = ThreadOptions & {
  /** The maximum number of threads that one command may cost, whether it is divided or not. */
  readonly maxLosses: number;
};

/** The number of threads that a command may still lose. */
type Budget = { losses: number };

type Step = Extract<Command, { op: 'step' }>;

/** A shard in a worker thread, which is replaced whenever it is lost. */
export class SupervisedShard implements Shard {
  private readonly index: number;
  private readonly data: Omit<WorkerData, 'specs'>;
  /** The specs of the vector; there may be more of them later. */
  private readonly specs: readonly Spec[];
  /** Number of specs that the thread knows. */
  private sentSpecs = 0;
  private readonly options: ShardOptions;
  private readonly onRecovery: (recovery: Recovery) => void;
  private readonly known: KnownResults;
  private thread: PinnedThread<WireCommand, WireReply>;
  /** Threads lost since the last completed command. */
  private losses = 0;
  private failure: ShardFailedError | undefined;
  /** Aborted by `close`, which ends all waiting. */
  private readonly closing = new AbortController();

  constructor(
    index: number,
    data: Omit<WorkerData, 'specs'>,
    specs: readonly Spec[],
    columns: Columns,
    options: ShardOptions,
    onRecovery: (recovery: Recovery) => void,
  ) {
    this.index = index;
    this.data = data;
    this.specs = specs;
    this.options = options;
    this.onRecovery = onRecovery;
    this.known = new KnownResults(specs, columns);
    this.thread = this.start();
  }

  async run(command: Command): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    try {
      const budget = { losses: this.options.maxLosses };
      await (command.op === 'step' ? this.play(command, budget) : this.persist(command, budget));
    } catch (error) {
      if (this.closing.signal.aborted) throw new ClosedError(command.op);
      this.failure = new ShardFailedError(this.index, error);
      await this.thread.close();
      throw this.failure;
    }
  }

  save(envs: readonly number[]): SavedEpisode[] {
    const saved = envs.map((env) => this.known.saved(env));
    detachStates(saved);
    return saved;
  }

  episode(env: number): Episode {
    return this.known.episode(env);
  }

  observation(env: number): Observation {
    return observe(this.known.episode(env));
  }

  briefingParts(env: number): BriefingParts {
    return this.known.briefingParts(env) ?? { head: briefing(this.observation(env)), sections: [] };
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.thread.close();
  }

  /** A thread without episodes. */
  private start(): PinnedThread<WireCommand, WireReply> {
    const specs = this.takeSpecs(0);
    return new PinnedThread({ ...this.data, specs }, { op: 'release', envs: [] }, this.options);
  }

  /** The specs from an index on, in the form in which they are sent. */
  private takeSpecs(from: number): SpecData[] {
    this.sentSpecs = this.specs.length;
    return this.specs.slice(from).map(({ compiled: _, ...spec }) => spec);
  }

  /** Plays a step. If it costs two threads, it is divided until the failing episode is found. */
  private async play(step: Step, budget: Budget): Promise<void> {
    await runOrDivide<Step, void>(step, {
      run: async (part) => {
        const lost = await this.attempt(part, budget);
        if (lost !== undefined) throw new LostThread(lost);
      },
      triesOf: (_, isPart) => (isPart ? 1 : 2),
      failed: async (_, error) => {
        if (!(error instanceof LostThread)) throw error;
      },
      halve: ({ envs, actions }) => {
        if (envs.length <= 1) return undefined;
        const middle = Math.ceil(envs.length / 2);
        return [
          { op: 'step', envs: envs.slice(0, middle), actions: actions.slice(0, middle) },
          { op: 'step', envs: envs.slice(middle), actions: actions.slice(middle) },
        ];
      },
      giveUp: ({ envs: [env] }, error) => {
        if (env === undefined) throw error;
        const why = `the episode failed: its step ended the worker thread (${messageOf(error)})`;
        return this.persist({ op: 'fail', env, error: why }, budget);
      },
    });
  }

  private async persist(command: Command, budget: Budget): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const lost = await this.attempt(command, budget);
      if (lost === undefined) return;
      if (attempt === ATTEMPTS) throw lost;
    }
  }

  /**
   * Sends a command to the thread once, after replacing the thread if it is already lost. Returns the error if the thread is
   * lost during the command.
   * @throws Error if the lost thread cannot be replaced
   */
  private async attempt(command: Command, budget: Budget): Promise<Error | undefined> {
    const { failure } = this.thread;
    if (failure !== undefined) await this.recover(failure, budget, command.op === 'fail' ? command.env : undefined);
    const wired = this.known.wired(command);
    const isMissing = this.sentSpecs < this.specs.length;
    const message = isMissing ? { ...wired, specs: this.takeSpecs(this.sentSpecs) } : wired;
    const reply = await this.thread.run(message, message.memory).catch(asError);
    if (reply instanceof Error) return reply;
    this.losses = 0;
    if (command.op === 'release') this.known.forget(command.envs);
    if (reply !== undefined) this.known.take(reply);
    return undefined;
  }

  private async recover(lost: Error, budget: Budget, failedEnv: number | undefined): Promise<void> {
    let cause = lost;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      this.losses++;
      await this.thread.close();
      if (this.losses > 1) await this.wait(Math.min(FIRST_WAIT_MS * 2 ** (this.losses - 2), LONGEST_WAIT_MS));
      if (this.closing.signal.aborted || budget.losses-- === 0) throw cause;
      this.thread = this.start();
      const { envs, failed } = this.known;
      const restored = await this.thread.run({ op: 'recover', envs, saved: this.save(envs), failed }).catch(asError);
      if (!(restored instanceof Error)) {
        const about = failedEnv === undefined ? {} : { failedEnv };
        const { message } = cause;
        this.onRecovery({ shard: this.index, cause: message, attempt: this.losses, episodes: envs.length, ...about });
        return;
      }
      cause = restored;
    }
    throw cause;
  }

  /** Waits for this time, or until the shard is closed. */
  private async wait(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }
}

/** The thread was lost during a command. */
class LostThread extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** The last results of each environment of a shard. */
class KnownResults {
  private readonly specs: readonly Spec[];
  private readonly columns: Columns;
  private readonly results: (ResultRows | undefined)[] = [];
  private readonly rows: number[] = [];
  /** The texts of sections that the current thread has sent. */
  private table = new SectionTable();
  /** Buffers whose results are all out of date. */
  private readonly free: ArrayBuffer[] = [];

  constructor(specs: readonly Spec[], columns: Columns) {
    this.specs = specs;
    this.columns = columns;
  }

  /** Environments that have an episode, ascending. */
  get envs(): number[] {
    return [...this.results.keys()].filter((env) => this.results[env] !== undefined);
  }

  /** Those whose episode has failed. */
  get failed(): number[] {
    return this.envs.filter((env) => this.columns.failed[env] === 1);
  }

  /** The message of a command. */
  wired(command: Command): WireCommand {
    const memory = this.free.pop();
    const own = command.op === 'step' ? { ...command, actions: answersToJson(command.actions) } : command;
    return memory === undefined ? own : { ...own, memory };
  }

  /** Replaces the last results of environments by these. */
  take(wire: WireResults): void {
    if (wire.isNewTable) this.table = new SectionTable();
    this.table.add(wire.sections);
    const results = new ResultRows(wire, this.table);
    const before = new Set<ResultRows>();
    for (let row = 0; row < results.envs; row++) {
      const env = results.env(row);
      this.drop(env, before);
      this.results[env] = results;
      this.rows[env] = row;
      results.putNumbers(row, this.columns);
    }
    for (const old of before) this.tidy(old);
    results.putFinals(this.columns);
  }

  forget(envs: readonly number[]): void {
    const before = new Set<ResultRows>();
    for (const env of envs) this.drop(env, before);
    for (const old of before) this.tidy(old);
  }

  saved(env: number): SavedEpisode {
    return this.resultsOf(env).saved(this.rows[env] ?? 0);
  }

  episode(env: number): Episode {
    const spec = this.specs[this.columns.spec[env] ?? 0];
    if (spec === undefined) throw new RangeError(`environment ${env} has no spec`);
    return this.resultsOf(env).episode(this.rows[env] ?? 0, spec);
  }

  briefingParts(env: number): BriefingParts | undefined {
    return this.resultsOf(env).briefingParts(this.rows[env] ?? 0);
  }

  private resultsOf(env: number): ResultRows {
    const results = this.results[env];
    if (results === undefined) throw new RangeError(`environment ${env} has no episode`);
    return results;
  }

  /** @param from Receives the results that the environment had. */
  private drop(env: number, from: Set<ResultRows>): void {
    const results = this.results[env];
    if (results === undefined) return;
    this.results[env] = undefined;
    results.live--;
    from.add(results);
  }

  /** Frees the memory of results that are out of date. A few rows must not keep the memory of all the others. */
  private tidy(results: ResultRows): void {
    if (results.live * SPARSE > results.envs) return;
    if (results.live > 0) this.moveOut(results);
    if (this.free.length < MOST_FREE) this.free.push(results.buffer);
  }

  /** Copies the rows that are still the last ones of their environments. */
  private moveOut(results: ResultRows): void {
    const live: number[] = [];
    for (let row = 0; row < results.envs; row++) {
      const env = results.env(row);
      if (this.results[env] === results && this.rows[env] === row) live.push(row);
    }
    const moved = results.pick(live);
    for (let row = 0; row < live.length; row++) {
      const env = moved.env(row);
      this.results[env] = moved;
      this.rows[env] = row;
    }
  }
}

/** Results are moved to memory of their own if fewer than one row in this number is still the last one of its environment. */
const SPARSE = 4;

/** Buffers that are kept for the next commands. */
const MOST_FREE = 4;

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
