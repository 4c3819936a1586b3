/** Formats times and names for the pages. */
import { parsePythonTime } from '../../lib/python-time.ts';
import { formatClock, formatDay, MINUTE } from '../../lib/time.ts';

/** Minutes since 1970-01-01T00:00Z; undefined if the text is not a time. */
export function minutesOf(time: string): number | undefined {
  const parsed = parsePythonTime(time);
  return parsed === undefined ? undefined : parsed.utc / MINUTE;
}

/** `09:30`, from minutes since 1970. */
export function clock(minutes: number): string {
  return formatClock(minutes * MINUTE);
}

/** `Tue 15 Sep`, from minutes since 1970. */
export function date(minutes: number): string {
  return formatDay(minutes * MINUTE);
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
