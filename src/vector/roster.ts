/** Which environments there are and what each of them may be asked next. */
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
/** Never reset. */
const NEW = 1;
/** Has an episode, and every result of it was received. */
const IDLE = 2;
/** Was sent an action and has not answered. */
const PENDING = 3;
/** Has answered; the result has not been received. */
const READY = 4;
/** Its worker is gone. */
const LOST = 5;
/** Held by a call that returns its own results: nothing that `recv` could wait for. */
const BUSY = 6;

export class Roster {
  /** Ids of the environments that exist, ascending. */
  ids: readonly number[];
  closed = false;
  private readonly status: Uint8Array;
  private readonly generations: Uint32Array;
  private readonly permanent: number;
  /** The last call that named each environment, and the number of calls so far. */
  private readonly namedIn: Float64Array;
  private call = 0;
  private readonly losses = new Map<number, ShardFailedError>();

  /** @param permanent The first environments, which are never released. @param capacity Slots in all. */
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

  /** Throws the named error unless every one of these environments may be asked now. */
  check(call: string, envs: readonly number[], needsEpisode: boolean): void {
    this.refuseIfClosed(call);
    this.call++;
    for (let row = 0; row < envs.length; row++) {
      const problem = this.problemOf(call, envs[row] ?? -1, needsEpisode);
      if (problem !== undefined) throw problem;
    }
  }

  /** Of more ids than there are environments, one is none or stands twice: that is found out without going through all of them. */
  refuseTooMany(call: string, envs: readonly number[] | undefined): void {
    if (Array.isArray(envs) && envs.length > this.ids.length) this.check(call, envs, false);
  }

  /** For each of these environments why it may not be asked now, if so. */
  problems(call: string, envs: readonly number[], needsEpisode: boolean): (GhostexecError | undefined)[] {
    this.call++;
    // Nobody throws these, and there may be very many: without a stack each costs a fraction.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return envs.map((env) => this.problemOf(call, env, needsEpisode));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** Notes that an environment is named in this call, which it may be once. */
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

  /** Actions are on their way: from here on the texts of older batches are stale. */
  sent(envs: readonly number[]): void {
    this.write(envs, PENDING);
  }

  /** Busy, while the slots stay as they are. */
  hold(envs: readonly number[]): void {
    for (const env of envs) this.status[env] = BUSY;
  }

  /** Busy, while the slots are written anew: from here on the texts of older batches are stale. */
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

  /** Number of environments that have answered an action or will. */
  outstanding(): number {
    return this.ids.reduce((sum, env) => sum + Number(this.status[env] === PENDING || this.status[env] === READY), 0);
  }

  /** Takes `count` free slots for forks; they are busy until `received`. */
  claim(count: number): number[] {
    const free: number[] = [];
    for (let env = this.permanent; env < this.status.length; env++) if (this.status[env] === FREE) free.push(env);
    if (free.length < count) throw new CapacityError(count, free.length);
    const claimed = free.slice(0, count);
    this.rewrite(claimed);
    this.ids = [...this.ids, ...claimed].sort((a, b) => a - b);
    return claimed;
  }

  /** Throws unless every one of these is a fork that may be released now. */
  checkRelease(envs: readonly number[]): void {
    this.check('release', envs, false);
    for (const env of envs) {
      if (env < this.permanent) throw new UnknownEnvError('release', env, 'only forks can be released');
    }
  }

  /** Gives the slots of forks back. */
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
