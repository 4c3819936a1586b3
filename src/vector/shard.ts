/** A shard: the environments of one engine, in this thread or in a worker thread (see recovery.ts). */

import { Episode } from '../sim/episode.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { observe } from '../sim/observation/observe.ts';
import { EpisodeState } from '../world/state.ts';
import type { PackedAnswers } from './action-channel.ts';
import type { Columns, ColumnsData } from './columns.ts';
import { type FinalStep, type ResetOrder, type SavedEpisode, SerialEngine } from './engine.ts';
import type { Autoreset, Grouping, Spec, SpecData } from './spec.ts';
import { readAnswer } from './wire-action.ts';

// The commands of a shard, and how an engine executes them.

/** A command of the main thread to a shard. */
export type Command =
  | { readonly op: 'reset'; readonly orders: readonly ResetOrder[] }
  | { readonly op: 'step'; readonly envs: readonly number[]; readonly actions: readonly unknown[] }
  | { readonly op: 'save'; readonly envs: readonly number[] }
  | { readonly op: 'load'; readonly envs: readonly number[]; readonly saved: readonly SavedEpisode[] }
  | { readonly op: 'release'; readonly envs: readonly number[] }
  | { readonly op: 'fail'; readonly env: number; readonly error: string };

/** The reply to a command: final observations (of `step` and `fail`) and saved episodes (of `save`). */
export type Reply = { readonly finals: readonly FinalStep[]; readonly saved: readonly SavedEpisode[] };

/**
 * A step in the form in which it is sent: typed arrays and one text (packed-answers.ts). Sending them is several times cheaper
 * than sending lists.
 */
export type WireStep = { readonly op: 'step'; readonly envs: Uint32Array; readonly answers: PackedAnswers };

/**
 * A step whose answers lie in the ActionChannel of the shard: where they start, the numbers of chunks and environments, and the
 * size in bytes.
 */
export type SentStep = {
  readonly op: 'sent';
  readonly start: number;
  readonly chunks: number;
  readonly envs: number;
  readonly bytes: number;
};

/** A command that changes the state of a worker. If the worker is lost, its successor executes the command again. */
export type LoggedCommand = Exclude<Command, { op: 'step' }> | WireStep | SentStep;

/** A message to a worker: a command, or a request of the recovery. */
export type WireCommand =
  | LoggedCommand
  /** A step that arrives through the ActionChannel of the shard, beginning at `start`. */
  | { readonly op: 'stream'; readonly start: number }
  | { readonly op: 'checkpoint' }
  | { readonly op: 'recover'; readonly checkpoint: Uint8Array | undefined; readonly log: readonly LoggedCommand[] };

/** The reply to `checkpoint` contains the bytes; the reply to any other command is a Reply. */
export type WireReply = Reply & { readonly checkpoint?: Uint8Array };

/** The data that a worker thread is started with. */
export type WorkerData = {
  readonly columns: ColumnsData;
  readonly specs: readonly SpecData[];
  readonly autoreset: Autoreset;
  readonly groups: Grouping;
  /** The memory of the shard's ActionChannel. */
  readonly channel: SharedArrayBuffer;
};

const NOTHING = [] as const;

/** Executes a command on an engine. */
export function execute(engine: SerialEngine, command: Command): Reply {
  switch (command.op) {
    case 'reset':
      engine.reset(command.orders);
      return { finals: NOTHING, saved: NOTHING };
    case 'step':
      return { finals: engine.step(command.envs, command.actions, readAnswer), saved: NOTHING };
    case 'save':
      return { finals: NOTHING, saved: engine.save(command.envs) };
    case 'load':
      engine.load(command.envs, command.saved);
      return { finals: NOTHING, saved: NOTHING };
    case 'release':
      engine.release(command.envs);
      return { finals: NOTHING, saved: NOTHING };
    case 'fail':
      return { finals: engine.fail(command.env, command.error), saved: NOTHING };
  }
}

/** The common interface of both backends. */
export type Shard = {
  /** Executes one command at a time. The columns may be read once it has resolved. */
  run(command: Command): Promise<Reply>;
  close(): Promise<void>;
};

/** Reads the current episodes of a vector. */
export type EpisodeReader = {
  /** The episode of an environment; valid until the next call. */
  episode(env: number): Episode;
  observation(env: number): Observation;
  briefing(env: number): string;
};

/** Reads episodes of other threads from the columns. */
export class ColumnReader implements EpisodeReader {
  private readonly specs: readonly Spec[];
  private readonly columns: Columns;

  constructor(specs: readonly Spec[], columns: Columns) {
    this.specs = specs;
    this.columns = columns;
  }

  episode(env: number): Episode {
    const { columns } = this;
    const spec = this.specs[columns.spec[env] ?? 0];
    if (spec === undefined) throw new RangeError(`environment ${env} has no episode`);
    const { states, strides } = columns.data;
    const state = new EpisodeState(spec.compiled.layout, states, env * strides.state);
    const episode = new Episode(spec.compiled, state, spec.rewardMode);
    const { note, news } = columns.texts(env);
    episode.note = note;
    episode.news = news;
    return episode;
  }

  observation(env: number): Observation {
    return observe(this.episode(env));
  }

  briefing(env: number): string {
    return this.columns.texts(env).briefing;
  }
}

/** A shard in the calling thread: no round trip, which suits few environments and single sessions. */
export class LocalShard implements Shard, EpisodeReader {
  private readonly engine: SerialEngine;

  constructor(specs: readonly Spec[], columns: Columns, autoreset: Autoreset, groups: Grouping) {
    this.engine = new SerialEngine(specs, columns, autoreset, groups);
  }

  async run(command: Command): Promise<Reply> {
    return execute(this.engine, command);
  }

  episode(env: number): Episode {
    return this.engine.episode(env);
  }

  observation(env: number): Observation {
    return this.engine.observer(env).observe();
  }

  briefing(env: number): string {
    return this.engine.observer(env).briefing();
  }

  async close(): Promise<void> {}
}
