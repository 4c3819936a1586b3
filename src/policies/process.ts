/**
 * A policy that is a program: one process for each episode in flight. It reads a line for each turn, and writes a line with its
 * answer.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { clip, oneLine, quote } from '../lib/text.ts';
import type { Beginner, EpisodeActor, EpisodeNotes, EpisodeOutcome, PolicyTurn, TurnAnswer } from './policy.ts';

/** How long a program may take to answer a turn, by default. */
const ANSWER_SECONDS = 600;
/** How long a program may go on after the end of its episode. */
const GRACE_MS = 5_000;
/** The characters of stderr that are kept for a message, and those that it quotes. */
const KEPT = 4_000;
const QUOTED = 300;

export type ProgramOptions = {
  /** How long the program may take to answer a turn, in seconds; 600 by default. */
  readonly timeoutSeconds?: number;
};

/**
 * A policy whose answers a program gives. It gets a line of JSON for each turn, `{episode_id, step, observation, text}`, and after
 * the last one `{episode_id, end: true, grade, return, error}`. It writes a line for each turn: an action, a completion as a JSON
 * string, an answer with metadata as a policy returns it, or a completion as it is, if it has no line breaks. After the last one it
 * may write `{metadata}` about the episode; any other line is ignored.
 * @param command A command line for the shell.
 */
export function programPolicy(
  name: string,
  command: string,
  { timeoutSeconds = ANSWER_SECONDS }: ProgramOptions = {},
): Beginner & { readonly name: string } {
  return { name, start: () => new ProgramActor(command, timeoutSeconds) };
}

/** The processes that run, to end them if this process ends. */
const running = new Set<number>();

function endAll(): void {
  for (const pid of running) endGroup(pid);
}

/** Ends a process with those that it has started. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

type Waiting = { answer(line: string): void; fail(error: Error): void };

/** The process of one episode. */
class ProgramActor implements EpisodeActor {
  private readonly command: string;
  private readonly timeoutSeconds: number;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<unknown>;
  private waiting: Waiting | undefined;
  private stderr = '';
  /** Why it can no longer answer. */
  private broken: string | undefined;

  constructor(command: string, timeoutSeconds: number) {
    this.command = command;
    this.timeoutSeconds = timeoutSeconds;
    // A process group of its own: signals of the terminal are for this process, and the group is ended as a whole.
    const child = spawn(command, { shell: true, detached: true, stdio: 'pipe' });
    this.child = child;
    const { pid } = child;
    if (pid !== undefined) {
      if (running.size === 0) process.on('exit', endAll);
      running.add(pid);
    }
    this.closed = once(child, 'close').catch(() => undefined);
    child.on('error', ({ message }) => this.breakOff(`cannot be started: ${message}`));
    child.on('close', (code, signal) => {
      if (pid !== undefined) running.delete(pid);
      if (running.size === 0) process.off('exit', endAll);
      this.breakOff(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
    // A program that has ended reads no more; its end is reported.
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr = (this.stderr + chunk).slice(-KEPT);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { waiting } = this;
      // Several lines may come at once: only the first one is the answer.
      this.waiting = undefined;
      if (waiting !== undefined) waiting.answer(line);
      else this.breakOff(`wrote a line that answers no turn: ${quote(line, QUOTED)}`);
    });
  }

  async act({ episodeId, step, observation, briefing }: PolicyTurn): Promise<TurnAnswer> {
    if (this.broken !== undefined) throw this.failure(step);
    this.send({ episode_id: episodeId, step, observation, text: briefing });
    let timer: NodeJS.Timeout | undefined;
    try {
      const line = await new Promise<string>((answer, fail) => {
        this.waiting = { answer, fail };
        timer = setTimeout(() => {
          this.breakOff(`did not answer within ${this.timeoutSeconds} s`);
        }, this.timeoutSeconds * 1000);
      });
      return answerIn(line);
    } catch {
      throw this.failure(step);
    } finally {
      clearTimeout(timer);
      this.waiting = undefined;
    }
  }

  async end({ episodeId, grade, return: sum, error }: EpisodeOutcome): Promise<EpisodeNotes> {
    const { child } = this;
    let last = 'null';
    if (this.broken === undefined) {
      const answer = (line: string): void => {
        last = line;
      };
      this.waiting = { answer, fail: () => undefined };
      this.send({ episode_id: episodeId, end: true, grade, return: sum, error });
      child.stdin.end();
    } else this.kill();
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    await this.closed;
    clearTimeout(timer);
    const { metadata } = Object(answerIn(last));
    return typeof metadata === 'object' && metadata !== null ? { metadata } : undefined;
  }

  private send(message: object): void {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  private breakOff(why: string): void {
    this.broken ??= why;
    this.waiting?.fail(new Error(why));
  }

  private failure(step: number): Error {
    const last = clip(oneLine(this.stderr.trim().split('\n').at(-1) ?? ''), QUOTED);
    const said = last === '' ? '' : `; the last line of its stderr: ${last}`;
    return new Error(
      `the program ${quote(this.command, QUOTED)} ${this.broken}, and step ${step} has no answer${said}`,
    );
  }

  private kill(): void {
    if (this.child.pid !== undefined) endGroup(this.child.pid);
  }
}

function answerIn(line: string): TurnAnswer {
  try {
    const value: unknown = JSON.parse(line);
    // A number or a list is not an answer; as a text, it is an invalid step that quotes it.
    if (typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value))) {
      return value as TurnAnswer;
    }
  } catch {
    // Not JSON: a completion.
  }
  return line;
}
