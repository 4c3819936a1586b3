/**
 * A shard in a worker thread that may be lost at any time. It then starts another thread, restores it from a checkpoint and a
 * log, and repeats the command. The caller does not notice.
 */
import { setTimeout } from 'node:timers/promises';
import { ActionChannel, joinAnswers, packAnswers, splitAnswers } from './action-channel.ts';
import { CommandLog } from './checkpoint.ts';
import { ClosedError, ShardFailedError } from './errors.ts';
import type { Command, LoggedCommand, Reply, SentStep, Shard, WireCommand, WireStep, WorkerData } from './shard.ts';
import { ShardThread, type ThreadOptions } from './thread.ts';

/** A worker thread was lost and replaced. Its environments are in the same state as before. */
export type Recovery = {
  readonly shard: number;
  /** Why the thread ended: `exited with code 1`, `out of memory`, ... */
  readonly cause: string;
  /** Which consecutive loss without progress this was, from 1. */
  readonly attempt: number;
  /** Number of steps of single environments that were played again. */
  readonly replayedSteps: number;
  /** The environment whose episode ended the thread repeatedly. The episode was therefore ended as failed. */
  readonly failedEnv?: number;
};

/** The maximum number of attempts at a command other than a step, and at a recovery. */
const ATTEMPTS = 5;
/**
 * The first chunk that goes through the channel has this number of answers, so that the worker can start early. Each further
 * chunk has twice as many, up to a limit.
 */
const FIRST_CHUNK = 32;
const LARGEST_CHUNK = 512;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 320;

/** The number of threads that a command may still lose. */
type Budget = { losses: number };

/** A shard in a worker thread, which is replaced whenever it is lost. */
export class SupervisedShard implements Shard {
  private readonly index: number;
  private readonly data: WorkerData;
  private readonly options: ThreadOptions;
  private readonly onRecovery: (recovery: Recovery) => void;
  private readonly log = new CommandLog();
  private readonly channel = new ActionChannel();
  private checkpoint: Uint8Array | undefined;
  private thread: ShardThread;
  /** The checkpoint that is being taken. */
  private saving: Promise<void> | undefined;
  /** Threads lost since the last completed command. */
  private losses = 0;
  /** Consecutive attempts at a checkpoint that failed. */
  private unsaved = 0;
  private failure: ShardFailedError | undefined;
  /** Aborted by `close`, which ends all waiting. */
  private readonly closing = new AbortController();

  constructor(
    index: number,
    data: Omit<WorkerData, 'channel'>,
    options: ThreadOptions,
    onRecovery: (recovery: Recovery) => void,
  ) {
    this.index = index;
    this.data = { ...data, channel: this.channel.memory };
    this.options = options;
    this.onRecovery = onRecovery;
    this.thread = new ShardThread(this.data, options);
  }

  async run(command: Command): Promise<Reply> {
    if (this.failure !== undefined) throw this.failure;
    try {
      const budget = { losses: this.options.maxLosses };
      if (command.op !== 'step') return await this.persist(command, budget);
      return await this.play(command.envs, command.actions, budget);
    } catch (error) {
      if (this.closing.signal.aborted) throw new ClosedError(command.op);
      this.failure = new ShardFailedError(this.index, error);
      await this.thread.close();
      throw this.failure;
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.thread.close();
  }

  /**
   * Plays a step. The worker begins with the first answers while the others are still being sent. If the step costs two
   * threads, it is divided until the failing episode is found.
   */
  private async play(envs: readonly number[], actions: readonly unknown[], budget: Budget): Promise<Reply> {
    if (this.saving !== undefined) await this.saving;
    const start = this.channel.open();
    const chunks: WireStep[] = [];
    const sent: SentStep[] = [];
    const [reply, rest] = await Promise.all([
      this.attempt({ op: 'stream', start }, budget, sent),
      this.send(envs, actions, chunks).finally(() => {
        const bytes = this.channel.close(start);
        const count = chunks.reduce((sum, chunk) => sum + chunk.envs.length, 0);
        sent.push({ op: 'sent', start, chunks: chunks.length, envs: count, bytes });
      }),
    ]);
    const played = reply instanceof Error ? await this.playOrDivide(stepOf(chunks), budget) : reply;
    if (rest.length === 0) return played;
    const others = await this.playOrDivide(stepOf(rest), budget);
    return { finals: [...played.finals, ...others.finals], saved: [] };
  }

  /** Sends answers through the channel, in turn with other shards. Returns the answers that did not fit. */
  private async send(envs: readonly number[], actions: readonly unknown[], sent: WireStep[]): Promise<WireStep[]> {
    const rest: WireStep[] = [];
    let size = FIRST_CHUNK;
    for (let from = 0; from < envs.length; from += size, size = Math.min(2 * size, LARGEST_CHUNK)) {
      await undefined;
      const to = from + size;
      const answers = packAnswers(actions.slice(from, to));
      const chunk: WireStep = { op: 'step', envs: Uint32Array.from(envs.slice(from, to)), answers };
      if (rest.length === 0 && this.channel.write(chunk)) sent.push(chunk);
      else rest.push(chunk);
    }
    return rest;
  }

  private async playOrDivide(step: WireStep, budget: Budget): Promise<Reply> {
    const reply = await this.attempt(step, budget, [step]);
    if (!(reply instanceof Error)) return reply;
    const [env] = step.envs;
    if (env === undefined) throw reply;
    if (step.envs.length === 1) {
      const error = `the episode failed: its step ended the worker thread (${reply.message})`;
      return this.persist({ op: 'fail', env, error }, budget);
    }
    const [first, second] = halve(step);
    const before = await this.playOrDivide(first, budget);
    const after = await this.playOrDivide(second, budget);
    return { finals: [...before.finals, ...after.finals], saved: [] };
  }

  private async persist(command: LoggedCommand, budget: Budget): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      const reply = await this.attempt(command, budget, [command]);
      if (!(reply instanceof Error)) return reply;
      if (attempt === ATTEMPTS) throw reply;
    }
  }

  /**
   * Sends a command to the thread once, after replacing the thread if it is already lost. Returns the error if the thread is
   * lost during the command.
   * @param logged The commands that reproduce the effect in another thread, which are logged on success.
   * @throws Error if the lost thread cannot be replaced
   */
  private async attempt(
    command: WireCommand,
    budget: Budget,
    logged: readonly LoggedCommand[],
  ): Promise<Reply | Error> {
    // If there is nothing to wait for, the command is sent in this tick.
    if (this.saving !== undefined) await this.saving;
    const { failure } = this.thread;
    if (failure !== undefined && this.unsaved === ATTEMPTS) throw failure;
    if (failure !== undefined) await this.recover(failure, budget, command.op === 'fail' ? command.env : undefined);
    const reply = await this.thread.run(command).catch(asError);
    if (reply instanceof Error) return reply;
    this.losses = 0;
    this.log.add(logged);
    if (this.log.isFull) this.saving = this.save();
    return reply;
  }

  private async recover(lost: Error, budget: Budget, failedEnv: number | undefined): Promise<void> {
    const { commands, calls, steps } = this.log;
    let cause = lost;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      this.losses++;
      // The old thread must not write while the new one does.
      await this.thread.close();
      if (this.losses > 1) await this.wait(Math.min(FIRST_WAIT_MS * 2 ** (this.losses - 2), LONGEST_WAIT_MS));
      if (this.closing.signal.aborted || budget.losses-- === 0) throw cause;
      this.thread = new ShardThread(this.data, this.options);
      const order = { op: 'recover', checkpoint: this.checkpoint, log: commands } as const;
      const restored = await this.thread.run(order, 1 + calls).catch(asError);
      if (!(restored instanceof Error)) {
        const about = failedEnv === undefined ? {} : { failedEnv };
        const { message } = cause;
        this.onRecovery({ shard: this.index, cause: message, attempt: this.losses, replayedSteps: steps, ...about });
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

  /** Replaces the log by a checkpoint. If the thread is lost meanwhile, the next command replaces it. */
  private async save(): Promise<void> {
    const reply = await this.thread.run({ op: 'checkpoint' }).catch(asError);
    this.saving = undefined;
    if (reply instanceof Error) {
      this.unsaved++;
      return;
    }
    this.checkpoint = reply.checkpoint;
    this.log.clear();
    this.channel.clear();
    this.unsaved = 0;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Joins chunks into one step. */
function stepOf(chunks: readonly WireStep[]): WireStep {
  return {
    op: 'step',
    envs: Uint32Array.from(chunks.flatMap(({ envs }) => [...envs])),
    answers: joinAnswers(chunks.map(({ answers }) => answers)),
  };
}

function halve({ envs, answers }: WireStep): [WireStep, WireStep] {
  const middle = Math.ceil(envs.length / 2);
  const [first, second] = splitAnswers(answers, middle);
  return [
    { op: 'step', envs: envs.slice(0, middle), answers: first },
    { op: 'step', envs: envs.slice(middle), answers: second },
  ];
}
