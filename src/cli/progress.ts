/** Progress on stderr: a bar with rate and remaining time on a terminal, else a line every few seconds. */

import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { Io } from './io.ts';

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Formats columns of text without frames; `numeric` lists the columns that are aligned to the right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[],
): string {
  const table = new Table({
    head: [...head],
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (numeric.includes(column) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A number in a table, with `digits` decimals; `-` for a missing one. */
export function decimals(value: number | null | undefined, digits: number): string {
  return value?.toFixed(digits) ?? '-';
}

/** A share in a table: `26.2%`; `-` for a missing one. */
export function percentage(share: number | null | undefined): string {
  return share == null ? '-' : `${(share * 100).toFixed(1)}%`;
}

/** Shortest time between two lines without a terminal. */
const QUIET_INTERVAL_MS = 5_000;
const REDRAWS_PER_SECOND = 10;
const CLEAR_LINE = '\u001b[K';

const BAR = {
  fps: REDRAWS_PER_SECOND,
  barsize: 30,
  etaBuffer: 50,
  hideCursor: true,
  noTTYOutput: true,
  notTTYSchedule: QUIET_INTERVAL_MS,
  gracefulExit: false,
  clearOnComplete: true,
} as const;

/** A bar that is removed, and shows the cursor again, however the process ends: by a signal, an error or an exit. */
class Bar extends SingleBar {
  private readonly stopAtExit = (): void => this.stop();

  override start(...state: Parameters<SingleBar['start']>): void {
    process.on('exit', this.stopAtExit);
    super.start(...state);
  }

  override stop(): void {
    process.off('exit', this.stopAtExit);
    super.stop();
  }
}

type Meter = {
  update(done: number, total: number): void;
  /** Prints a separate line above the bar. */
  say(line: string): void;
  stop(): void;
};

/**
 * A bar for work that is counted in units.
 * @param numbers What is printed beside the bar, or alone if stderr is not a terminal; `{value}` and `{total}` are the counts.
 * @param more The values of other names in braces.
 */
export function createMeter(stderr: Io['stderr'], numbers: string, more: () => object = () => ({})): Meter {
  const isTerminal = stderr.isTTY === true;
  const format = isTerminal ? `{bar} {percentage}%  ${numbers}, {eta_formatted} left` : numbers;
  const bar = new Bar({ format, stream: stderr as NodeJS.WritableStream, ...BAR }, Presets.shades_classic);
  let drawn: number | undefined;
  return {
    update(done, total) {
      const now = performance.now();
      if (drawn === undefined) bar.start(total, done, more());
      else if (done >= total || now - drawn >= 1000 / REDRAWS_PER_SECOND) bar.update(done, more());
      else return;
      drawn = now;
    },
    say(line) {
      stderr.write(isTerminal ? `\r${CLEAR_LINE}${line}\n` : `${line}\n`);
    },
    stop() {
      if (drawn !== undefined) bar.stop();
    },
  };
}

type OnProgress = (done: number, total: number) => void;

/** Does work that reports its progress, with a bar that is removed at its end. */
export async function withMeter<T>(
  stderr: Io['stderr'],
  numbers: string,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const meter = createMeter(stderr, numbers);
  try {
    return await work(meter.update);
  } finally {
    meter.stop();
  }
}
