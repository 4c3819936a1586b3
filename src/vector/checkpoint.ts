/**
 * What a lost worker is restored from: the mutable states of all its episodes as they were some steps ago, and what it was
 * asked since.
 */
import { packPlain, unpackSafely } from '../lib/msgpack.ts';
import type { ActionChannel, Portion } from './action-channel.ts';
import { execute, type LoggedCommand, type Reply } from './command.ts';
import type { FinalStep, SerialEngine } from './engine.ts';
import { type PackedAnswers, readUnpacked, unpackAnswers } from './packed-answers.ts';
import { columnsOf, type SavedColumns, savedAt } from './saved-columns.ts';

/** A checkpoint is due once so many steps have been logged for each environment. */
const STEPS_PER_ENV = 32;
/** Or as soon as the log is so large: completions can be long. */
export const MAX_LOG_BYTES = 4 * 2 ** 20;
/** What a command takes besides its texts and states, roughly; and each environment that it names. */
const COMMAND_BYTES = 64;
const ENV_BYTES = 8;

/** The environments, how many bytes the state of each takes, and their episodes. */
type Checkpoint = SavedColumns & { readonly envs: readonly number[]; readonly lengths: readonly number[] };

/** All episodes of an engine, as one piece of memory of its own. */
export function takeCheckpoint(engine: SerialEngine): Uint8Array {
  const { envs } = engine;
  const saved = engine.save(envs);
  const checkpoint: Checkpoint = { envs, lengths: saved.map(({ state }) => state.length), ...columnsOf(saved) };
  return new Uint8Array(packPlain(checkpoint));
}

/** Brings an engine that has played nothing to where another one was, without a trace in the columns. */
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

/** What a worker does with a command. */
export function carryOut(engine: SerialEngine, command: LoggedCommand, channel: ActionChannel): Reply {
  switch (command.op) {
    case 'sent':
      return playPortions(engine, channel.readAgain(command.start, command.portions));
    case 'step':
      return playPortions(engine, [command]);
    default:
      return execute(engine, command);
  }
}

export function playPortions(engine: SerialEngine, portions: Iterable<Portion>): Reply {
  const finals: FinalStep[] = [];
  for (const { envs, answers } of portions) {
    for (const final of engine.step(envs, unpackAnswers(answers), readUnpacked)) finals.push(final);
  }
  return { finals, saved: [] };
}

function sizeOf({ numbers, text }: PackedAnswers): number {
  return numbers.byteLength + text.length;
}

/** What a shard was asked since its last checkpoint. */
export class CommandLog {
  /** Steps of single environments; an episode that was begun or restored counts as one. */
  steps = 0;
  /** How many times something was added. */
  calls = 0;
  private kept: LoggedCommand[] = [];
  private bytes = 0;
  private readonly envs = new Set<number>();

  get commands(): readonly LoggedCommand[] {
    return this.kept;
  }

  /** Whether a checkpoint should take the place of the log. */
  get isFull(): boolean {
    return this.steps >= STEPS_PER_ENV * Math.max(1, this.envs.size) || this.bytes >= MAX_LOG_BYTES;
  }

  /** To be called once the commands have been carried out. */
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

  /** How large a command is; undefined where it changes nothing. */
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
