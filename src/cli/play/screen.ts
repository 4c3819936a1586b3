/** Prints lines for a person, at most as wide as the terminal, in colour if it has colours. */
import { styleText } from 'node:util';
import { wrapAnsi } from 'fast-wrap-ansi';
import { clip } from '../../lib/text.ts';
import type { Io } from '../io.ts';

const MAX_WIDTH = 100;
const PLAIN_WIDTH = 80;

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'cyan';

export class Screen {
  private readonly stdout: Io['stdout'];
  private readonly hasColours: boolean;

  constructor(stdout: Io['stdout']) {
    const { NO_COLOR = '', TERM } = process.env;
    this.stdout = stdout;
    this.hasColours = stdout.isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
  }

  /** Number of columns for text. */
  get width(): number {
    return Math.min(MAX_WIDTH, this.stdout.columns || PLAIN_WIDTH);
  }

  print(text = ''): void {
    this.stdout.write(`${text}\n`);
  }

  /** Prints a line, cut at the width of the terminal. */
  item(text: string, style?: Style): void {
    this.print(this.paint(style, clip(text, this.width)));
  }

  /** Prints text over several lines if needed. The first line begins with `first`, the others with white space below it. */
  wrap(text: string, first = '', style?: Style): void {
    for (const [index, line] of wrapAnsi(text, this.width - first.length)
      .split('\n')
      .entries()) {
      this.print(this.paint(style, (index === 0 ? first : ' '.repeat(first.length)) + line));
    }
  }

  /** Prints a text of many lines. A terminal gets lines that are broken between words; a pipe gets the text unchanged. */
  text(text: string): void {
    if (this.stdout.columns === undefined) this.print(text);
    else for (const line of text.split('\n')) this.wrap(line.trimStart(), /^ */.exec(line)?.[0]);
  }

  paint(style: Style | undefined, text: string): string {
    return this.hasColours && style !== undefined ? styleText(style, text) : text;
  }
}
