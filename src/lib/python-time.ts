/**
 * Times as Python 3.13's `datetime.fromisoformat` reads them, including its oddities. The functions follow the C code of
 * CPython 3.13.0 (Modules/_datetimemodule.c), which reads UTF-8 with a terminating zero.
 */
import { DAY, formatTime, HOUR, inRange, instantOf, MINUTE, parseTime, SECOND, wallTime } from './time.ts';

/** Both in microseconds. `utc + offset` is the wall-clock time in the text, read as if it were UTC. */
export type PythonTime = { readonly utc: number; readonly offset: number };

/**
 * The instant of a text; undefined if Python refuses the text, and for instants outside the years 1..9999. A text without an
 * offset is UTC.
 */
export function parsePythonTime(text: string): PythonTime | undefined {
  const usual = parseTime(text);
  if (usual !== undefined) return { utc: usual.utc, offset: usual.offsetMinutes * MINUTE };
  const parts = partsOf(text);
  return parts && instant(parts);
}

/**
 * A text with the same instant, wall-clock time and offset: ASCII, at most 42 characters.
 * @param text A text that `parsePythonTime` accepts.
 */
export function rewritePythonTime(text: string): string {
  const parts = partsOf(text);
  if (parts === undefined) return text;
  const { date, clock, offset, sign } = parts;
  return `${formatTime(date).slice(0, 10)}T${written(clock)}${sign < 0 ? '-' : '+'}${written(offset)}`;
}

/** Hours, minutes, seconds and microseconds. */
type Clock = [number, number, number, number];
type Time = { readonly clock: Clock; readonly offset: Clock; readonly sign: 1 | -1 };
/** `date`: midnight of the date, in microseconds. */
type TimeParts = Time & { readonly date: number };

const NONE: Clock = [0, 0, 0, 0];
const MIDNIGHT: Time = { clock: NONE, offset: NONE, sign: 1 };

/** The parts of a text. Whether the time of day and the offset are in range is not checked. */
function partsOf(text: string): TimeParts | undefined {
  if (!/^\d{4}[-W\d]/.test(text)) return undefined;
  const bytes = utf8Of(text);
  if (bytes === undefined) return undefined;
  const end = separatorOf(bytes);
  const date = end < 0 ? undefined : dateOf(bytes, end);
  const time = end < bytes.length ? timeOf(bytes, end + sizeOf(bytes[end] ?? 0)) : MIDNIGHT;
  return date === undefined || time === undefined ? undefined : { ...time, date };
}

function instant({ date, clock, offset, sign }: TimeParts): PythonTime | undefined {
  const [hour, minute, second, micros] = clock;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [hours, minutes, seconds, parts] = offset;
  const whole = hours * HOUR + minutes * MINUTE + seconds * SECOND;
  // Python ignores an offset of less than a second.
  const rest = whole === 0 ? 0 : parts;
  if (whole + rest >= DAY) return undefined;
  const wholeSeconds = date + hour * HOUR + minute * MINUTE + second * SECOND - sign * whole;
  const utc = wholeSeconds + asExact(micros - sign * rest, wholeSeconds);
  return inRange(utc) ? { utc, offset: sign * (whole + rest) || 0 } : undefined;
}

/** Rounds `micros` down so that a double can represent the sum with `wholeSeconds`. */
function asExact(micros: number, wholeSeconds: number): number {
  return Math.abs(wholeSeconds) < EXACT ? micros : micros - modulo(micros, 32);
}

/** Until a few days after this instant, doubles represent every microsecond: the end of the year 2254. */
const EXACT = instantOf(2255, 1, 1);

/** UTF-8; undefined if Python cannot encode the text. A lone surrogate may be the separator of date and time. */
function utf8Of(text: string): Uint8Array | undefined {
  const clean = text.isWellFormed() ? text : text.replace(/^(.{7}|.{8}|.{10})\p{Cs}/su, '$1T');
  return clean.isWellFormed() ? new TextEncoder().encode(clean) : undefined;
}

/** Size in bytes of the character that begins with this byte. */
function sizeOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** The index at which the separator of date and time is, or would be; -1 if there is none. */
function separatorOf(bytes: Uint8Array): number {
  const { length } = bytes;
  if (length < 7) return -1;
  if (length === 7) return 7;
  if (bytes[4] === DASH) {
    if (bytes[5] !== LETTER_W) return 10;
    if (bytes[8] !== DASH) return 8;
    if (length === 9) return -1;
    return isDigit(bytes[10]) ? 8 : 10;
  }
  if (bytes[4] !== LETTER_W) return 8;
  let at = 7;
  while (isDigit(bytes[at])) at++;
  if (at < 9) return at;
  return at % 2 === 0 ? 7 : 8;
}

const DATE = /^(\d{4})(-?)(?:W(\d\d)(?:\2(\d))?|(\d\d)\2(\d\d))$/;

/** Midnight of the date before `end`, in microseconds. */
function dateOf(bytes: Uint8Array, end: number): number | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, end));
  const [, year, , week, weekday = 1, month, day] = DATE.exec(text) ?? [];
  if (week !== undefined) return weekDate(Number(year), Number(week), Number(weekday));
  const midnight = wallTime(Number(year), Number(month), Number(day), 0, 0, 0);
  return Number.isNaN(midnight) ? undefined : midnight;
}

function weekDate(year: number, week: number, day: number): number | undefined {
  const isIn = year >= 1 && week >= 1 && week <= 53 && day >= 1 && day <= 7;
  if (!isIn) return undefined;
  const firstWeek = weekOne(year);
  const midnight = firstWeek + ((week - 1) * 7 + day - 1) * DAY;
  if (week === 53 && firstWeek + 52 * 7 * DAY === weekOne(year + 1)) return undefined;
  return inRange(midnight) ? midnight : undefined;
}

/** The Monday of the week with the first Thursday of the year. */
function weekOne(year: number): number {
  const fourth = instantOf(year, 1, 4);
  // 1970-01-01 was a Thursday.
  return fourth - modulo(fourth / DAY + 3, 7) * DAY;
}

function timeOf(bytes: Uint8Array, from: number): Time | undefined {
  let zone = from;
  while (zone < bytes.length && bytes[zone] !== PLUS && bytes[zone] !== DASH && bytes[zone] !== LETTER_Z) zone++;
  const clock = clockOf(bytes, from, zone);
  if (clock === undefined) return undefined;
  if (zone >= bytes.length) return clock.isAll ? { ...MIDNIGHT, clock: clock.value } : undefined;
  // If an offset follows, characters between the clock and the offset are ignored.
  if (bytes[zone] === LETTER_Z) {
    return (bytes[zone + 1] ?? 0) === 0 ? { ...MIDNIGHT, clock: clock.value } : undefined;
  }
  const offset = clockOf(bytes, zone + 1, bytes.length);
  if (offset === undefined || !offset.isAll) return undefined;
  return { clock: clock.value, offset: offset.value, sign: bytes[zone] === DASH ? -1 : 1 };
}

/** `HH[:MM[:SS[.ffffff]]]` or the same without colons. `isAll`: whether a zero follows. */
function clockOf(bytes: Uint8Array, from: number, end: number): { value: Clock; isAll: boolean } | undefined {
  const value: Clock = [0, 0, 0, 0];
  let hasColons = true;
  let at = from;
  for (let part = 0; part < 3; part++) {
    const number = numberAt(bytes, at, 2);
    if (Number.isNaN(number)) return undefined;
    value[part] = number;
    const next = bytes[at + 2] ?? 0;
    at += 3;
    if (part === 0) hasColons = next === COLON;
    if (at >= end) return { value, isAll: next === 0 };
    if (hasColons && next === COLON) continue;
    if (next === POINT || next === COMMA) break;
    if (hasColons) return undefined;
    at--;
  }
  const size = Math.min(6, end - at);
  const fraction = numberAt(bytes, at, size);
  if (Number.isNaN(fraction)) return undefined;
  value[3] = fraction * 10 ** (6 - size);
  at += size;
  while (isDigit(bytes[at])) at++;
  return { value, isAll: (bytes[at] ?? 0) === 0 };
}

const DASH = 0x2d;
const PLUS = 0x2b;
const COLON = 0x3a;
const POINT = 0x2e;
const COMMA = 0x2c;
const LETTER_W = 0x57;
const LETTER_Z = 0x5a;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The number that `size` digits represent; NaN if they are not digits. */
function numberAt(bytes: Uint8Array, at: number, size: number): number {
  let number = 0;
  for (let i = at; i < at + size; i++) number = isDigit(bytes[i]) ? number * 10 + (bytes[i] ?? 0) - 0x30 : Number.NaN;
  return number;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function written([hours, minutes, seconds, micros]: Clock): string {
  return `${[hours, minutes, seconds].map((part) => digits(part, 2)).join(':')}.${digits(micros, 6)}`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
