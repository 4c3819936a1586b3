/** The environments that exist, and the status of each: which calls it accepts next. */
import type { GhostexecError } from '../lib/errors.ts';
import {
  AlreadyPendingError,
  CapacityError,
  ClosedError,
  ResetNeededError,
  type ShardFailedError,
  UnknownEnvError,
} from './errors.ts';

const FREE = 0;
/** Was never reset. */
const NEW = 1;
/** Has an episode. All its results were received. */
const IDLE = 2;
/** Was sent an action and has not replied. */
const PENDING = 3;
/** Has replied. The result has not been received. */
const READY = 4;
/** Its worker was lost. */
const LOST = 5;
/** Held by a call that returns its own results, which `recv` must not wait for. */
const BUSY = 6;

/** Tracks the status of every environment and refuses calls that do not fit it. */
export class Roster {
  /** Ids of the environments that exist, ascending. */
  ids: readonly number[];
  closed = false;
  private readonly status: Uint8Array;
  private readonly generations: Uint32Array;
  private readonly permanent: number;
  /** The number of the last call that named each environment, and the number of calls so far. */
  private readonly namedIn: Float64Array;
  private call = 0;
  private readonly losses = new Map<number, ShardFailedError>();

  /**
   * @param permanent Number of environments that exist from the beginning. They have the first ids, which are not used again.
   * @param capacity Total number of slots.
   */
  constructor(permanent: number, capacity: number) {
    this.permanent = permanent;
    this.status = new Uint8Array(capacity).fill(NEW, 0, permanent);
    this.generations = new Uint32Array(capacity);
    this.namedIn = new Float64Array(capacity);
    this.ids = Array.from({ length: permanent }, (_, env) => env);
  }

  generation(env: number): number {
    return this.generations[env] ?? 0;
  }

  isNew(env: number): boolean {
    return this.status[env] === NEW;
  }

  isLost(env: number): boolean {
    return this.status[env] === LOST;
  }

  refuseIfClosed(call: string): void {
    if (this.closed) throw new ClosedError(call);
  }

  /** Throws the error of the first environment that does not accept this call now. */
  check(call: string, envs: readonly number[], needsEpisode: boolean): void {
    this.refuseIfClosed(call);
    this.call++;
    for (let row = 0; row < envs.length; row++) {
      const problem = this.problemOf(call, envs[row] ?? -1, needsEpisode);
      if (problem !== undefined) throw problem;
    }
  }

  /**
   * A list with more ids than there are environments must contain an unknown or a repeated id. This finds the first one without
   * a pass over the rest of the list.
   */
  refuseTooMany(call: string, envs: readonly number[] | undefined): void {
    if (Array.isArray(envs) && envs.length > this.ids.length) this.check(call, envs, false);
  }

  /** For each of these environments, the reason why it does not accept this call now, or undefined. */
  problems(call: string, envs: readonly number[], needsEpisode: boolean): (GhostexecError | undefined)[] {
    this.call++;
    // These errors are returned, not thrown, and there may be very many. Without a stack trace each costs a fraction.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return envs.map((env) => this.problemOf(call, env, needsEpisode));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** Records that this call names the environment. A call may name an environment once. */
  private problemOf(call: string, env: number, needsEpisode: boolean): GhostexecError | undefined {
    if (this.namedIn[env] === this.call) return new UnknownEnvError(call, env, 'named twice in one call');
    this.namedIn[env] = this.call;
    return this.problem(call, env, needsEpisode);
  }

  private problem(call: string, env: number, needsEpisode: boolean): GhostexecError | undefined {
    switch (this.status[env]) {
      case undefined:
      case FREE:
        return new UnknownEnvError(call, env);
      case LOST:
        return needsEpisode ? this.losses.get(env) : undefined;
      case PENDING:
      case READY:
        return new AlreadyPendingError(call, env);
      case BUSY:
        return new AlreadyPendingError(call);
      case NEW:
        return needsEpisode ? new ResetNeededError(call, env) : undefined;
    }
    return undefined;
  }

  /** Marks environments whose actions were sent. The texts of older batches become stale. */
  sent(envs: readonly number[]): void {
    this.write(envs, PENDING);
  }

  /** Marks environments as busy, while their slots stay as they are. */
  hold(envs: readonly number[]): void {
    for (const env of envs) this.status[env] = BUSY;
  }

  /** Marks environments as busy, while their slots are rewritten. The texts of older batches become stale. */
  rewrite(envs: readonly number[]): void {
    this.write(envs, BUSY);
  }

  answered(envs: readonly number[]): void {
    for (const env of envs) this.status[env] = READY;
  }

  received(envs: readonly number[]): void {
    for (const env of envs) this.status[env] = IDLE;
  }

  lost(envs: readonly number[], error: ShardFailedError): void {
    for (const env of envs) {
      this.status[env] = LOST;
      this.losses.set(env, error);
    }
  }

  ready(): number[] {
    return this.ids.filter((env) => this.status[env] === READY);
  }

  /** Number of environments whose results have not been received. */
  outstanding(): number {
    return this.ids.reduce((sum, env) => sum + Number(this.status[env] === PENDING || this.status[env] === READY), 0);
  }

  /**
   * Takes `count` free ids for environments that have no episode yet.
   * @throws CapacityError
   */
  admit(count: number): number[] {
    const claimed = this.claim(count);
    for (const env of claimed) this.status[env] = NEW;
    return claimed;
  }

  /**
   * Takes `count` free ids for forks. They are busy until `received`.
   * @throws CapacityError
   */
  claim(count: number): number[] {
    const free: number[] = [];
    for (let env = this.permanent; env < this.status.length; env++) if (this.status[env] === FREE) free.push(env);
    if (free.length < count) throw new CapacityError(count, free.length);
    const claimed = free.slice(0, count);
    this.rewrite(claimed);
    this.ids = [...this.ids, ...claimed].sort((a, b) => a - b);
    return claimed;
  }

  /** Removes environments. */
  free(envs: readonly number[]): void {
    const gone = new Set(envs);
    this.write(envs, FREE);
    this.ids = this.ids.filter((env) => !gone.has(env));
  }

  private write(envs: readonly number[], status: number): void {
    for (const env of envs) {
      this.status[env] = status;
      this.generations[env] = (this.generations[env] ?? 0) + 1;
    }
  }
}
