/** Asks for choices and texts: with menus at a terminal, else line by line, so that a script can play through a pipe. */
import { createInterface } from 'node:readline';
import { autocomplete, type CommonOptions, isCancel, multiline, select, text } from '@clack/prompts';
import { clip, quote } from '../../lib/text.ts';
import { EndedEarly, exitCodeFor, handleSignals, type Signal } from '../exit.ts';
import type { Io } from '../io.ts';
import type { Screen } from './screen.ts';

/** One entry of a menu. Through a pipe it is chosen by its number or its value. */
export type Entry = { readonly value: string; readonly label: string };

/** Each question returns undefined if the person goes back, or if the input has ended. */
export type Prompts = {
  /** Whether there will be no further answers. */
  readonly ended: boolean;
  /** One line for the person, on how to answer. */
  readonly advice: string;
  /** Asks for one of the entries. Returns its value. */
  choose(question: string, entries: readonly Entry[], preferred?: string): Promise<string | undefined>;
  /** Asks for one line. @param proposed The text that is accepted by an empty answer, or edited. */
  line(question: string, proposed?: string): Promise<string | undefined>;
  /** Asks for several lines. */
  lines(question: string): Promise<string | undefined>;
  close(): void;
};

/** @throws EndedEarly from each question, if Ctrl-C or a signal ends the command meanwhile */
export function promptsFor(io: Io, screen: Screen): Prompts {
  const { stdin, stdout } = io;
  // Some terminals say that they have no columns, and a dumb one cannot move its cursor.
  const canDraw = stdin.isTTY === true && stdout.isTTY === true && (stdout.columns ?? 0) > 0;
  return canDraw && process.env.TERM !== 'dumb' ? new MenuPrompts(io, screen) : new LinePrompts(io, screen);
}

/** Lists that are longer can be searched by typing. */
const LONG_LIST = 13;

class MenuPrompts implements Prompts {
  readonly advice = 'Arrow keys and Enter choose, Esc goes back, Ctrl-D leaves.';
  ended = false;
  private signal: Signal | undefined;
  private readonly io: Io;
  private readonly screen: Screen;
  private readonly controller = new AbortController();
  private readonly leaveSignals: () => void;

  constructor(io: Io, screen: Screen) {
    this.io = io;
    this.screen = screen;
    this.leaveSignals = handleSignals((signal) => this.interrupt(signal));
    io.stdin.on('keypress', this.onKey);
  }

  choose(question: string, entries: readonly Entry[], preferred?: string): Promise<string | undefined> {
    // The marks before an entry, and a margin, within which a line is not broken.
    const room = this.screen.width - 10;
    const options = entries.map(({ value, label }) => ({ value, label: clip(label, room) }));
    const initial = preferred === undefined ? {} : { initialValue: preferred };
    const ask = options.length > LONG_LIST ? autocomplete<string> : select<string>;
    return this.ask((common) => ask({ ...common, message: question, options, ...initial }));
  }

  line(question: string, proposed?: string): Promise<string | undefined> {
    return this.ask((common) => text({ ...common, message: question, initialValue: proposed ?? '' }));
  }

  lines(question: string): Promise<string | undefined> {
    return this.ask((common) => multiline({ ...common, message: `${question} (Enter twice ends it)` }));
  }

  close(): void {
    this.leaveSignals();
    this.io.stdin.off('keypress', this.onKey);
    this.io.stdin.pause();
  }

  private async ask(prompt: (common: CommonOptions) => Promise<string | symbol>): Promise<string | undefined> {
    const { stdin: input, stdout: output } = this.io;
    const answer = await prompt({ input, output, signal: this.controller.signal });
    if (this.signal !== undefined) throw new EndedEarly(exitCodeFor(this.signal));
    return isCancel(answer) || typeof answer === 'symbol' ? undefined : answer?.trim() || undefined;
  }

  private readonly onKey = (_: string, { ctrl, name }: { ctrl?: boolean; name?: string }): void => {
    if (ctrl && name === 'c') this.interrupt('SIGINT');
    if (!ctrl || name !== 'd') return;
    this.ended = true;
    this.controller.abort();
  };

  private interrupt(signal: Signal): void {
    this.signal = signal;
    this.controller.abort();
  }
}

class LinePrompts implements Prompts {
  readonly advice =
    'Answer with a number or an id, or with b (briefing), o (what is owed), u (undo), raw or q; an empty line goes back.';
  ended = false;
  private readonly screen: Screen;
  private readonly io: Io;
  private readonly reader;
  private readonly input: AsyncIterator<string>;
  private readonly interrupted: Promise<never>;
  private leaveSignals: () => void = () => {};

  constructor(io: Io, screen: Screen) {
    this.io = io;
    this.screen = screen;
    this.reader = createInterface({ input: io.stdin, terminal: false });
    this.input = this.reader[Symbol.asyncIterator]();
    this.interrupted = new Promise((_, reject) => {
      this.leaveSignals = handleSignals((signal) => reject(new EndedEarly(exitCodeFor(signal))));
    });
    this.interrupted.catch(() => {});
  }

  async choose(question: string, entries: readonly Entry[], preferred?: string): Promise<string | undefined> {
    for (const [index, { label }] of entries.entries()) this.screen.item(`${String(index + 1).padStart(4)}  ${label}`);
    for (;;) {
      const line = await this.line(question, preferred);
      if (line === undefined) return undefined;
      const isMeant = ({ value }: Entry): boolean => value.toLowerCase() === line.toLowerCase();
      const found = entries[Number(line) - 1] ?? entries.find(isMeant);
      if (found !== undefined) return found.value;
      this.screen.print(`There is no ${quote(line)} here; expected a number from 1 to ${entries.length}.`);
    }
  }

  async line(question: string, proposed?: string): Promise<string | undefined> {
    const line = await this.read(`${question}${proposed === undefined ? '' : ` [${proposed}]`} > `);
    return this.ended ? undefined : line || proposed;
  }

  async lines(question: string): Promise<string | undefined> {
    this.screen.print(`${question}; an empty line ends it.`);
    const lines: string[] = [];
    for (;;) {
      const line = await this.read('| ');
      if (line === '') return lines.length === 0 ? undefined : lines.join('\n');
      lines.push(line);
    }
  }

  close(): void {
    this.leaveSignals();
    this.reader.close();
  }

  /** The next line without white space at its ends; empty at the end of the input. */
  private async read(question: string): Promise<string> {
    this.io.stdout.write(question);
    const { done, value } = await Promise.race([this.input.next(), this.interrupted]);
    if (done) this.ended = true;
    const line = done ? '' : value.trim();
    // Where no terminal shows what is typed, the answer is printed behind the question.
    if (done || this.io.stdin.isTTY !== true) this.screen.print(line);
    return line;
  }
}
