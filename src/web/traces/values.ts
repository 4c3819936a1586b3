/** Formats values of episodes for the tables. */
import { plain, signed } from '../shared/format.ts';

export const NONE = '–';

/** A number, or a dash if there is none. */
export function figure(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? NONE : plain(value, digits);
}

/** A number with its sign, or a dash if there is none. */
export function difference(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? NONE : signed(value, digits);
}

/** A number of bytes with a decimal unit, such as `12.3 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** A whole number with separators, such as `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** The class of a value: green for a gain, red for a loss. The sign carries the same information. */
export function toneOf(value: number | null | undefined): string {
  if (value === null || value === undefined || value === 0) return '';
  return value > 0 ? 'good-text' : 'bad-text';
}
