/** The types of the benchmark program: groups of figures, each with its description and its goal. */
import type { Measure } from './measure.js';

export type Goal = { readonly least: number } | { readonly most: number };

export type Figure = {
  /** What is measured, and its unit: a line of the table in docs/PERFORMANCE.md. */
  readonly what: string;
  /** The value that the median should reach. */
  readonly goal?: Goal;
};

export type Group = {
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Measures each of the figures. @param smoke Only checks in seconds that the benchmark works; the numbers mean nothing. */
  measure(rounds: number, smoke: boolean): Promise<Record<string, Measure>>;
};

/** Whether the median reaches the goal; undefined without a goal. */
export function reached({ median }: Measure, goal: Goal | undefined): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'least' in goal ? median >= goal.least : median <= goal.most;
}

/** Formats a number for the tables: three significant digits, or thousands with commas. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

export function formatGoal(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  return 'least' in goal ? `>= ${formatNumber(goal.least)}` : `<= ${formatNumber(goal.most)}`;
}
