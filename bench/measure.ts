/** A figure in the tables of the benchmarks, and the circumstances in which it was measured. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export type Measure = { median: number; min: number; max: number; runs: number };

export function measureOf(samples: readonly number[]): Measure {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: sorted[sorted.length >> 1] ?? Number.NaN,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    runs: sorted.length,
  };
}

/** Commit, machine and command: a figure means nothing without them. */
export function circumstances(command: string): Record<string, string> {
  return {
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    cpu: `${cpus()[0]?.model.trim()} x ${cpus().length}`,
    node: process.version,
    command,
  };
}

const RESULTS = new URL('../results/', import.meta.url);

/** Writes bench/results/`name`.json. */
export function writeResults(name: string, results: Record<string, unknown>): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(`${name}.json`, RESULTS), `${JSON.stringify(results, null, 2)}\n`);
}

/** Reads bench/results/`name`.json; undefined if it does not exist. */
export function readResults(name: string): Record<string, unknown> | undefined {
  const file = new URL(`${name}.json`, RESULTS);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
