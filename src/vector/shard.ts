/** A shard: the environments of one engine, in this thread or in a worker thread (supervision.ts). */

import type { Episode } from '../sim/episode.ts';
import type { Observation } from '../sim/observation/observation.ts';
import type { BriefingParts } from '../sim/observation/observe.ts';
import type { Columns } from './columns.ts';
import { type ResetOrder, SerialEngine } from './engine.ts';
import type { WireResults } from './results.ts';
import type { SavedEpisode } from './saved.ts';
import type { Autoreset, Grouping, Spec, SpecData } from './spec.ts';

/** A command to a shard. */
export type Command =
  | { readonly op: 'reset'; readonly orders: readonly ResetOrder[] }
  | { readonly op: 'step'; readonly envs: readonly number[]; readonly actions: readonly unknown[] }
  | { readonly op: 'load'; readonly envs: readonly number[]; readonly saved: readonly SavedEpisode[] }
  | { readonly op: 'release'; readonly envs: readonly number[] }
  | { readonly op: 'fail'; readonly env: number; readonly error: string };

/** What comes with a message to a worker. */
type Enclosed = {
  /** The buffer of earlier results, for the answer. */
  readonly memory?: ArrayBuffer;
  /** Specs that were added since the last message. */
  readonly specs?: readonly SpecData[];
};

/** A message to a worker. */
export type WireCommand = Enclosed &
  (
    | Exclude<Command, { op: 'step' }>
    /** `actions` is a JSON list. */
    | { readonly op: 'step'; readonly envs: readonly number[]; readonly actions: string }
    /** Continues the episodes of a lost worker. Some of them failed there. */
    | {
        readonly op: 'recover';
        readonly envs: readonly number[];
        readonly saved: readonly SavedEpisode[];
        readonly failed: readonly number[];
      }
  );

/** The answer of a worker; undefined if the command has no results. */
export type WireReply = WireResults | undefined;

/** The data that a worker thread is started with. */
export type WorkerData = {
  readonly capacity: number;
  readonly specs: readonly SpecData[];
  readonly autoreset: Autoreset;
  readonly groups: Grouping;
  /** Whether results contain briefings. */
  readonly briefings: boolean;
};

/** Executes a command on an engine. */
export function execute(engine: SerialEngine, command: Command): void {
  switch (command.op) {
    case 'reset':
      engine.reset(command.orders);
      break;
    case 'step':
      engine.step(command.envs, command.actions);
      break;
    case 'load':
      engine.load(command.envs, command.saved);
      break;
    case 'release':
      engine.release(command.envs);
      break;
    case 'fail':
      engine.fail(command.env, command.error);
  }
}

/** The environments whose results a command changes. */
export function envsOf(command: Command): readonly number[] {
  switch (command.op) {
    case 'reset':
      return command.orders.map(({ env }) => env);
    case 'fail':
      return [command.env];
    default:
      return command.envs;
  }
}

/** The common interface of both backends. Between commands, the last results of every environment can be read. */
export type Shard = {
  /** Executes one command at a time. The columns may be read once it has resolved. */
  run(command: Command): Promise<void>;
  /** The current episodes as copies. */
  save(envs: readonly number[]): SavedEpisode[];
  /** The episode of an environment; valid until the next call. */
  episode(env: number): Episode;
  /** What a policy sees of the episode. */
  observation(env: number): Observation;
  /** The parts of the observation as text. */
  briefingParts(env: number): BriefingParts;
  close(): Promise<void>;
};

/** A shard in the calling thread: no round trip, which suits few environments and single sessions. */
export class LocalShard implements Shard {
  private readonly engine: SerialEngine;

  constructor(specs: readonly Spec[], columns: Columns, autoreset: Autoreset, groups: Grouping) {
    this.engine = new SerialEngine(specs, columns, autoreset, groups);
  }

  async run(command: Command): Promise<void> {
    execute(this.engine, command);
  }

  save(envs: readonly number[]): SavedEpisode[] {
    return this.engine.save(envs);
  }

  episode(env: number): Episode {
    return this.engine.episode(env);
  }

  observation(env: number): Observation {
    return this.engine.observation(env);
  }

  briefingParts(env: number): BriefingParts {
    return this.engine.briefingParts(env);
  }

  async close(): Promise<void> {}
}
