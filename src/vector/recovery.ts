/**
 * A shard in a worker thread that may be lost at any time: another thread is put in its place, restored from a checkpoint and
 * a log, and asked again. Who asked notices nothing.
 */
import { setTimeout } from 'node:timers/promises';
import { ActionChannel } from './action-channel.ts';
import { CommandLog } from './checkpoint.ts';
import type { Command, LoggedCommand, Reply, SentStep, WireCommand, WireStep, WorkerData } from './command.ts';
import { ClosedError, ShardFailedError } from './errors.ts';
import { joinAnswers, packAnswers, splitAnswers } from './packed-answers.ts';
import type { Shard } from './shard.ts';
import { ShardThread, type ThreadOptions } from './thread.ts';

/** A worker thread was lost and replaced, and its environments are where they were. */
export type Recovery = {
  readonly shard: number;
  /** What became of the thread: `exited with code 1`, `out of memory`, ... */
  readonly cause: string;
  /** Which thread in a row was lost while nothing was done, from 1. */
  readonly attempt: number;
  /** Steps of single environments that were played again. */
  readonly replayedSteps: number;
  /** The environment whose episode ended the thread again and again, and is therefore ended as failed. */
  readonly failedEnv?: number;
};

/** A command other than a step, or a recovery, is tried so often. */
const ATTEMPTS = 5;
/** So many answers go through the channel first, so that the worker can begin; then twice as many each time, up to a limit. */
const FIRST_PORTION = 32;
const LARGEST_PORTION = 512;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 320;

/** What a command may still cost. */
type Budget = { losses: number };

export class RecoveringShard implements Shard {
  private readonly index: number;
  private readonly data: WorkerData;
  private readonly options: ThreadOptions;
  private readonly onRecovery: (recovery: Recovery) => void;
  private readonly log = new CommandLog();
  private readonly channel = new ActionChannel();
  private checkpoint: Uint8Array | undefined;
  private thread: ShardThread;
  /** A checkpoint that is being taken. */
  private saving: Promise<void> | undefined;
  /** Threads lost since something was last done. */
  private losses = 0;
  /** Checkpoints that were lost one after the other. */
  private unsaved = 0;
  private failure: ShardFailedError | undefined;
  /** Aborted when this is closed: nothing is waited for any more. */
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
   * Plays a step, whose answers are on their way while the first of them are played. Where it costs its thread twice, it is
   * divided until the episode is found that does it.
   */
  private async play(envs: readonly number[], actions: readonly unknown[], budget: Budget): Promise<Reply> {
    if (this.saving !== undefined) await this.saving;
    const start = this.channel.open();
    const portions: WireStep[] = [];
    const sent: SentStep[] = [];
    const [reply, rest] = await Promise.all([
      this.attempt({ op: 'stream', start }, budget, sent),
      this.send(envs, actions, portions).finally(() => {
        const bytes = this.channel.close(start);
        const count = portions.reduce((sum, portion) => sum + portion.envs.length, 0);
        sent.push({ op: 'sent', start, portions: portions.length, envs: count, bytes });
      }),
    ]);
    const played = reply instanceof Error ? await this.playOrDivide(stepOf(portions), budget) : reply;
    if (rest.length === 0) return played;
    const others = await this.playOrDivide(stepOf(rest), budget);
    return { finals: [...played.finals, ...others.finals], saved: [] };
  }

  /** Sends answers through the channel, by turns with other shards that do so. Returns those for which it had no room. */
  private async send(envs: readonly number[], actions: readonly unknown[], sent: WireStep[]): Promise<WireStep[]> {
    const rest: WireStep[] = [];
    let size = FIRST_PORTION;
    for (let from = 0; from < envs.length; from += size, size = Math.min(2 * size, LARGEST_PORTION)) {
      await undefined;
      const to = from + size;
      const answers = packAnswers(actions.slice(from, to));
      const portion: WireStep = { op: 'step', envs: Uint32Array.from(envs.slice(from, to)), answers };
      if (rest.length === 0 && this.channel.write(portion)) sent.push(portion);
      else rest.push(portion);
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
   * Asks the thread once, or another in its place where it is lost already. Returns why this one was lost, if it was.
   * @param logged What another thread would do in its place, once it is carried out.
   * @throws Error if no thread can be put in its place
   */
  private async attempt(
    command: WireCommand,
    budget: Budget,
    logged: readonly LoggedCommand[],
  ): Promise<Reply | Error> {
    // Where nothing is to be waited for, the command is on its way at once.
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
      // No thread may write while another one does.
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

  /** Until then, or until this is closed. */
  private async wait(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }

  /** Puts a checkpoint in place of the log. A thread that is lost over it is replaced when it is next asked something. */
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

/** Portions as one step. */
function stepOf(portions: readonly WireStep[]): WireStep {
  return {
    op: 'step',
    envs: Uint32Array.from(portions.flatMap(({ envs }) => [...envs])),
    answers: joinAnswers(portions.map(({ answers }) => answers)),
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
