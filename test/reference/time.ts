/**
 * Times of rules v1 (rules-v1.md, section 1), exact: BigInt microseconds since 0001-01-01T00:00:00.
 * Accepted: `YYYY-MM-DD`, or that with `T` or a space and `HH:MM[:SS[.ffffff]]` and an optional `Z`
 * or `±HH:MM`; years 1..9999, as written and after conversion to UTC. Everything else is refused (null).
 */

/** Microseconds since 0001-01-01T00:00:00 UTC. */
export type Instant = bigint;

export const SECOND: bigint = 1_000_000n;
export const MINUTE: bigint = 60n * SECOND;
export const HOUR: bigint = 60n * MINUTE;
export const DAY: bigint = 24n * HOUR;

/** The first and the last microsecond of the years 1..9999. */
export const FIRST: Instant = 0n;
export const LAST: Instant = BigInt(daysBeforeYear(10000)) * DAY - 1n;

export function inRange(instant: Instant): boolean {
  return instant >= FIRST && instant <= LAST;
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 0001-01-01 to the first of January of `year` (negative for the year 0). */
function daysBeforeYear(year: number): number {
  const past = year - 1;
  return 365 * past + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

function daysBeforeDate(year: number, month: number, day: number): number {
  let days = daysBeforeYear(year);
  for (let earlier = 1; earlier < month; earlier += 1) days += daysInMonth(year, earlier);
  return days + day - 1;
}

const FORM =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(?:(Z)|([+-])([0-9]{2}):([0-9]{2}))?)?$/;

interface Reading {
  /** The wall-clock time in the text, read as if it were UTC. */
  wall: Instant;
  /** East of UTC is positive; 0 without an offset or with `Z`. */
  offset: bigint;
}

function read(text: string): Reading | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (year < 1 || month < 1 || month > 12) return null; // no calendar has a year 0000, whatever the offset makes of it
  if (day < 1 || day > daysInMonth(year, month)) return null;

  const hours = Number(match[4] ?? '0');
  const minutes = Number(match[5] ?? '0');
  const seconds = Number(match[6] ?? '0');
  const micros = Number((match[7] ?? '').padEnd(6, '0'));
  if (hours > 23 || minutes > 59 || seconds > 59) return null;

  const offsetHours = Number(match[10] ?? '0');
  const offsetMinutes = Number(match[11] ?? '0');
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const east = BigInt(offsetHours) * HOUR + BigInt(offsetMinutes) * MINUTE;

  const wall =
    BigInt(daysBeforeDate(year, month, day)) * DAY +
    BigInt(hours) * HOUR +
    BigInt(minutes) * MINUTE +
    BigInt(seconds) * SECOND +
    BigInt(micros);
  const offset = match[9] === '-' ? -east : east;
  return inRange(wall - offset) ? { wall, offset } : null;
}

/** The instant of a text, or null when the text is not one of the accepted forms. */
export function parseTime(text: string): Instant | null {
  const reading = read(text);
  return reading === null ? null : reading.wall - reading.offset;
}

/** The instant of a text that is already part of the world and therefore readable. */
export function instantOf(text: string): Instant {
  const instant = parseTime(text);
  if (instant === null) throw new RangeError(`not a time: ${JSON.stringify(text)}`);
  return instant;
}

/** The wall-clock time of a readable text as UTC, without the offset. */
export function wallClockOf(text: string): Instant {
  const reading = read(text);
  if (reading === null) throw new RangeError(`not a time: ${JSON.stringify(text)}`);
  return reading.wall;
}

/** `YYYY-MM-DDTHH:MM:SS`; a fraction of a second is dropped (rounded down). */
export function formatTime(instant: Instant): string {
  if (!inRange(instant)) throw new RangeError(`outside the years 1..9999: ${instant}`);
  const days = Number(instant / DAY);
  const inDay = instant % DAY;
  let year = 1;
  while (daysBeforeYear(year + 1) <= days) year += 1;
  let month = 1;
  while (month < 12 && daysBeforeDate(year, month + 1, 1) <= days) month += 1;
  const day = days - daysBeforeDate(year, month, 1) + 1;
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const hours = Number(inDay / HOUR);
  const minutes = Number((inDay % HOUR) / MINUTE);
  const seconds = Number((inDay % MINUTE) / SECOND);
  return `${date}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
