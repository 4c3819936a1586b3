/** Formats numbers and times for the pages. */
import { parsePythonTime } from '../../lib/python-time.ts';

const MINUS = '\u2212';
/** A minute and a millisecond in microseconds. */
const MINUTE = 60e6;
const MILLISECOND = 1e3;

/** With its sign, including a plus, unless it rounds to 0: `+0.35`, `−0.10`, `0.00`. */
export function signed(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? MINUS : '+'}${text}`;
}

/** `0.35`, `−0.10`. */
export function plain(value: number, digits = 2): string {
  return signed(value, digits).replace('+', '');
}

/** Minutes since 1970-01-01T00:00Z; undefined if the text is not a time. */
export function minutesOf(time: string): number | undefined {
  const parsed = parsePythonTime(time);
  return parsed === undefined ? undefined : parsed.utc / MINUTE;
}

/** `09:30`, from minutes since 1970. */
export function clock(minutes: number): string {
  return new Date((minutes * MINUTE) / MILLISECOND).toISOString().slice(11, 16);
}

/** `Tue 15 Sep`, from minutes since 1970. */
export function date(minutes: number): string {
  const [weekday = '', day = '', month = ''] = new Date((minutes * MINUTE) / MILLISECOND).toUTCString().split(/,? /);
  return `${weekday} ${Number(day)} ${month}`;
}

/** `09:30`, with the date if that differs from `today`; the text itself if it is not a time. */
export function when(time: string, today?: string): string {
  const minutes = minutesOf(time);
  if (minutes === undefined) return time;
  const now = today === undefined ? undefined : minutesOf(today);
  const isToday = now !== undefined && date(now) === date(minutes);
  return isToday ? clock(minutes) : `${date(minutes)}, ${clock(minutes)}`;
}

/** `in-progress` and `direct_report` as words. */
export function words(name: string): string {
  return name.replace(/[_-]/g, ' ');
}
