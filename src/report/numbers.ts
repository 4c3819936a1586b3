/** Statistics, and the formatting of numbers. */
import { max, mean, min, quantileSorted, sampleStandardDeviation } from 'simple-statistics';

/** A summary of a list of numbers. A field is undefined if the list is too short for it. */
export type Spread = {
  readonly count: number;
  readonly mean: number | undefined;
  /** Sample standard deviation; undefined with fewer than two values. */
  readonly sd: number | undefined;
  readonly min: number | undefined;
  readonly lower: number | undefined;
  readonly median: number | undefined;
  readonly upper: number | undefined;
  readonly max: number | undefined;
};

export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const list = Array.from(sorted);
  const has = list.length > 0;
  const at = (share: number): number | undefined => (has ? quantileSorted(list, share) : undefined);
  return {
    count: list.length,
    mean: has ? mean(list) : undefined,
    sd: list.length < 2 ? undefined : sampleStandardDeviation(list),
    min: has ? min(list) : undefined,
    lower: at(0.25),
    median: at(0.5),
    upper: at(0.75),
    max: has ? max(list) : undefined,
  };
}

export type Bin = { readonly from: number; readonly to: number; readonly count: number };

/**
 * Bins with round bounds, about `wanted` of them. A bin includes its lower bound and excludes its upper bound.
 * @param from The bins begin here or lower.
 */
export function histogram(values: readonly number[], wanted = 20, from = Number.POSITIVE_INFINITY): Bin[] {
  if (values.length === 0) return [];
  const least = Math.min(from, min(values as number[]));
  const most = max(values as number[]);
  const step = niceStep((most - least) / wanted);
  const first = Math.floor(least / step + 1e-9);
  const bins = Math.max(1, Math.floor(most / step + 1e-9) - first + 1);
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(value / step + 1e-9) - first));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, bin) => ({
    from: round((first + bin) * step),
    to: round((first + bin + 1) * step),
    count,
  }));
}

/** The smallest number of the form 1, 2 or 5 times a power of ten that is at least `step`; 1 if `step` is not positive. */
function niceStep(step: number): number {
  if (!(step > 1e-9)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5].find((one) => one * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Rounds to enough digits for a drawing, but few enough to be equal on every machine. */
export function round(value: number): number {
  return Number(value.toFixed(6)) || 0;
}

const MINUS = '\u2212';

/** A number with `digits` decimals; a dash for a missing one. */
export function fixed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '\u2013';
  const text = value.toFixed(digits);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace('-', MINUS);
}

/** With its sign, including a plus. */
export function signed(value: number, digits = 2): string {
  const text = fixed(value, digits);
  return Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

export function percent(share: number | undefined, digits = 1): string {
  return share === undefined || !Number.isFinite(share) ? '\u2013' : `${(share * 100).toFixed(digits)} %`;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}
