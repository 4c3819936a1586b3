/**
 * Restores a shard after its worker was lost: from a checkpoint, which holds the mutable states of all its episodes some steps
 * ago, and a log of the commands since then.
 */

import { packPlain, unpackSafely } from '../lib/msgpack.ts';
import {
  type ActionChannel,
  type ActionChunk,
  type PackedAnswers,
  readUnpacked,
  unpackAnswers,
} from './action-channel.ts';
import { type FinalStep, joinStates, type SavedEpisode, type SerialEngine } from './engine.ts';
import { execute, type LoggedCommand, type Reply } from './shard.ts';

// Saved episodes column by column. Msgpack writes and reads columns several times faster than one map for each episode.

/** Every column has one entry for each episode. `states` holds all states, one after the other. */
type SavedColumns = {
  readonly spec: readonly number[];
  readonly seed_base: readonly number[];
  readonly seed: readonly number[];
  readonly episode: readonly number[];
  readonly reset_due: readonly boolean[];
  readonly note: readonly string[];
  readonly news: readonly string[];
  readonly states: Uint8Array;
};

/** Converts saved episodes to columns. */
export function columnsOf(saved: readonly SavedEpisode[]): SavedColumns {
  return {
    spec: saved.map(({ spec }) => spec),
    seed_base: saved.map(({ seedBase }) => seedBase),
    seed: saved.map(({ seed }) => seed),
    episode: saved.map(({ episode }) => episode),
    reset_due: saved.map(({ resetDue }) => resetDue),
    note: saved.map(({ note }) => note),
    news: saved.map(({ news }) => news),
    states: joinStates(saved),
  };
}

/**
 * The episode of a row, unchecked.
 * @param start Where its state begins, in bytes.
 * @param end Where its state ends.
 */
export function savedAt(columns: SavedColumns, row: number, start: number, end: number): SavedEpisode {
  return {
    spec: columns.spec[row] ?? 0,
    seedBase: columns.seed_base[row] ?? 0,
    seed: columns.seed[row] ?? 0,
    episode: columns.episode[row] ?? 0,
    resetDue: columns.reset_due[row] ?? false,
    note: columns.note[row] ?? '',
    news: columns.news[row] ?? '',
    state: columns.states.subarray(start, end),
  };
}

/** A checkpoint is due once this number of steps has been logged for each environment ... */
const STEPS_PER_ENV = 32;
/** ... or once the log has this size in bytes, since completions can be long. */
export const MAX_LOG_BYTES = 4 * 2 ** 20;
/** Approximate size in bytes of a command without its texts and states, and of each environment that it names. */
const COMMAND_BYTES = 64;
const ENV_BYTES = 8;

/** The environments, the size of each state in bytes, and the episodes. */
type Checkpoint = SavedColumns & { readonly envs: readonly number[]; readonly lengths: readonly number[] };

/** All episodes of an engine, packed into a buffer that nothing else refers to. */
export function takeCheckpoint(engine: SerialEngine): Uint8Array {
  const { envs } = engine;
  const saved = engine.save(envs);
  const checkpoint: Checkpoint = { envs, lengths: saved.map(({ state }) => state.length), ...columnsOf(saved) };
  return new Uint8Array(packPlain(checkpoint));
}

/** Brings an engine without episodes to the state of the lost one. The results in the columns stay as they are. */
export function restore(
  engine: SerialEngine,
  checkpoint: Uint8Array | undefined,
  log: readonly LoggedCommand[],
  channel: ActionChannel,
): void {
  engine.replay(() => {
    if (checkpoint !== undefined) {
      const columns = unpackSafely(checkpoint) as Checkpoint;
      let end = 0;
      const saved = columns.lengths.map((length, row) => {
        end += length;
        return savedAt(columns, row, end - length, end);
      });
      engine.load(columns.envs, saved);
    }
    for (const command of log) carryOut(engine, command, channel);
  });
}

/** Carries out one command in a worker. */
export function carryOut(engine: SerialEngine, command: LoggedCommand, channel: ActionChannel): Reply {
  switch (command.op) {
    case 'sent':
      return playChunks(engine, channel.readAgain(command.start, command.chunks));
    case 'step':
      return playChunks(engine, [command]);
    default:
      return execute(engine, command);
  }
}

/** Plays the chunks of a step, one after the other. */
export function playChunks(engine: SerialEngine, chunks: Iterable<ActionChunk>): Reply {
  const finals: FinalStep[] = [];
  for (const { envs, answers } of chunks) {
    for (const final of engine.step(envs, unpackAnswers(answers), readUnpacked)) finals.push(final);
  }
  return { finals, saved: [] };
}

function sizeOf({ numbers, text }: PackedAnswers): number {
  return numbers.byteLength + text.length;
}

/** The commands that a shard has carried out since its last checkpoint. */
export class CommandLog {
  /** Steps of single environments. An episode that was begun or restored counts as one step. */
  steps = 0;
  /** Number of calls of `add` that added a command. */
  calls = 0;
  private kept: LoggedCommand[] = [];
  private bytes = 0;
  private readonly envs = new Set<number>();

  get commands(): readonly LoggedCommand[] {
    return this.kept;
  }

  /** Whether a checkpoint should replace the log. */
  get isFull(): boolean {
    return this.steps >= STEPS_PER_ENV * Math.max(1, this.envs.size) || this.bytes >= MAX_LOG_BYTES;
  }

  /** Adds commands after they have been carried out. */
  add(commands: readonly LoggedCommand[]): void {
    let changes = 0;
    for (const command of commands) {
      const size = this.measure(command);
      if (size === undefined) continue;
      changes++;
      this.kept.push(command);
      this.steps += size.envs;
      this.bytes += COMMAND_BYTES + size.envs * ENV_BYTES + size.bytes;
    }
    if (changes > 0) this.calls++;
  }

  clear(): void {
    this.kept = [];
    this.calls = 0;
    this.steps = 0;
    this.bytes = 0;
  }

  /** The size of a command, or undefined if the command changes nothing. */
  private measure(command: LoggedCommand): { envs: number; bytes: number } | undefined {
    switch (command.op) {
      case 'sent':
        return { envs: command.envs, bytes: command.bytes };
      case 'step':
        return { envs: command.envs.length, bytes: sizeOf(command.answers) };
      case 'reset':
        for (const { env } of command.orders) this.envs.add(env);
        return { envs: command.orders.length, bytes: 0 };
      case 'load':
        for (const env of command.envs) this.envs.add(env);
        return {
          envs: command.envs.length,
          bytes: command.saved.reduce(
            (sum, { state, note, news }) => sum + state.length + note.length + news.length,
            0,
          ),
        };
      case 'release':
        for (const env of command.envs) this.envs.delete(env);
        return { envs: command.envs.length, bytes: 0 };
      case 'fail':
        return { envs: 1, bytes: command.error.length };
    }
    return undefined;
  }
}
