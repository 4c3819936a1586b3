/** What the program of the benchmark runs: groups of figures, each with what it says and what is wanted of it. */
import type { Measure } from './measure.js';

export type Goal = { readonly least: number } | { readonly most: number };

export type Figure = {
  /** What is measured, in which unit: a line of the table in docs/PERFORMANCE.md. */
  readonly what: string;
  /** What the median is to reach. */
  readonly goal?: Goal;
};

export type Group = {
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** A measure for each of the figures. @param smoke Shows in seconds that it works; the numbers mean nothing. */
  measure(rounds: number, smoke: boolean): Promise<Record<string, Measure>>;
};

/** Whether the median reaches the goal; undefined where there is none. */
export function reached({ median }: Measure, goal: Goal | undefined): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'least' in goal ? median >= goal.least : median <= goal.most;
}

/** As the tables have it: three digits that count, or thousands with commas. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

export function formatGoal(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  return 'least' in goal ? `>= ${formatNumber(goal.least)}` : `<= ${formatNumber(goal.most)}`;
}
