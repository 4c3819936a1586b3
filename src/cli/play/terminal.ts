/** Reads and writes lines: at a terminal, or through pipes for a script. */
import { createInterface, type Interface } from 'node:readline';
import { clip } from '../../lib/text.ts';
import { handleSignals, type Signal } from '../exit.ts';

const MAX_WIDTH = 100;
const PLAIN_WIDTH = 80;

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], cyan: [36, 39] } as const;
export type Style = keyof typeof STYLES;

/** The person pressed Ctrl-C, or a signal ends the process. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: Signal;

  constructor(signal: Signal) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

export class Terminal {
  private readonly lines: string[] = [];
  private readonly reader: Interface;
  private readonly colours: boolean;
  private readonly echoes: boolean;
  private ended = false;
  private interrupted: Signal | undefined;
  private readonly leaveSignals: () => void;
  private wake: () => void = () => {};

  constructor() {
    const { stdin, stdout, env } = process;
    const isTerminal = stdout.isTTY === true;
    this.colours = isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
    // The answers of a script are printed behind the questions, where a terminal would show what a person types.
    this.echoes = stdin.isTTY !== true;
    this.reader = createInterface({
      input: stdin,
      ...(isTerminal && stdin.isTTY ? { output: stdout, terminal: true } : { terminal: false }),
    });
    this.reader
      .on('line', (line) => {
        this.lines.push(line);
        this.wake();
      })
      .on('close', () => {
        this.ended = true;
        this.wake();
      })
      .on('SIGINT', () => this.interrupt('SIGINT'));
    this.leaveSignals = handleSignals((signal) => this.interrupt(signal));
  }

  /** Number of columns for text. */
  get width(): number {
    return Math.min(MAX_WIDTH, process.stdout.columns ?? PLAIN_WIDTH);
  }

  print(text = ''): void {
    process.stdout.write(`${text}\n`);
  }

  /** Prints a line, cut at the width of the terminal. */
  item(text: string, style?: Style): void {
    const line = clip(text, this.width);
    this.print(style === undefined ? line : this.paint(style, line));
  }

  /** Prints text over several lines if needed. Each line begins with `indent`, all but the first with `hang` in addition. */
  wrap(text: string, indent = '', hang = '', style?: Style): void {
    let line = indent;
    let isFresh = true;
    const lines: string[] = [];
    for (const word of text.split(' ')) {
      if (!isFresh && line.length + 1 + word.length > this.width) {
        lines.push(line);
        line = indent + hang;
        isFresh = true;
      }
      line += isFresh ? word : ` ${word}`;
      isFresh = false;
    }
    lines.push(line);
    for (const one of lines) this.print(style === undefined ? one : this.paint(style, one));
  }

  paint(style: Style, text: string): string {
    const [on, off] = STYLES[style];
    return this.colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  /**
   * Prints the question and returns the next line without white space at its ends; undefined at the end of the input.
   * @throws Interrupted
   */
  async ask(question: string): Promise<string | undefined> {
    if (this.echoes) process.stdout.write(question);
    else {
      this.reader.setPrompt(question);
      this.reader.prompt();
    }
    while (this.lines.length === 0 && !this.ended && this.interrupted === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.interrupted !== undefined) throw new Interrupted(this.interrupted);
    const line = this.lines.shift()?.trim();
    if (this.echoes || line === undefined) this.print(line ?? '');
    return line;
  }

  close(): void {
    this.leaveSignals();
    this.reader.close();
  }

  private interrupt(signal: Signal): void {
    this.interrupted = signal;
    this.wake();
  }
}
