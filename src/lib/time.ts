/**
 * Instants are microseconds since 1970-01-01T00:00Z in a double. They are exact between the years 1685 and 2254. In the other
 * years of 1..9999 they are rounded down to 32 microseconds, so that whole seconds stay exact.
 */
export const SECOND = 1e6;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The longest accepted text: `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM`. */
export const MAX_TIME_TEXT = 32;

/** The accepted forms of a time, as error messages name them. */
export const ISO_FORMS =
  'an ISO 8601 date or date-time, as 2026-06-22, 2026-06-22T09:30 or 2026-06-22T09:30:00+02:00 (years 1 to 9999)';

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?:(Z)|([+-])(\d\d):(\d\d))?)?$/;

const FIRST = daysFromCivil(1, 1, 1) * DAY;
/** The last double before the year 10000. */
const LAST = daysFromCivil(9999, 12, 31) * DAY + DAY - 32;

/** Whether an instant lies in the years 1..9999. */
export function inRange(utc: number): boolean {
  return utc >= FIRST && utc <= LAST;
}

/**
 * Reads one of the accepted ISO 8601 forms (see ISO_FORMS): the instant, in microseconds since the epoch, and the offset from
 * UTC in the text, in minutes, which is 0 if the text has none. Returns `undefined` for anything else, including impossible dates
 * and instants outside the years 1..9999. Source: rules v1, paragraph 1.
 */
export function parseTime(text: string): { readonly utc: number; readonly offsetMinutes: number } | undefined {
  const wallClock = parsePlain(text);
  if (wallClock !== undefined) return { utc: wallClock, offsetMinutes: 0 };
  const m = ISO.exec(text);
  if (m === null) return undefined;
  const year = Number(m[1]);
  const fraction = Number(m[7]?.padEnd(6, '0') ?? 0);
  const micros = year < 1685 || year > 2254 ? fraction - (fraction % 32) : fraction;
  const offsetHours = Number(m[10] ?? 0);
  const offsetRest = Number(m[11] ?? 0);
  if (offsetHours > 23 || offsetRest > 59) return undefined;
  const offsetMinutes = (m[9] === '-' ? -1 : 1) * (offsetHours * 60 + offsetRest) || 0;
  const wall = wallTime(year, Number(m[2]), Number(m[3]), Number(m[4] ?? 0), Number(m[5] ?? 0), Number(m[6] ?? 0));
  const utc = wall + micros - offsetMinutes * MINUTE;
  return inRange(utc) ? { utc, offsetMinutes } : undefined;
}

/** The instant of a text in one of the accepted forms; NaN for any other text. */
export function utcOf(text: string): number {
  return parseTime(text)?.utc ?? Number.NaN;
}

/** Number of characters of `YYYY-MM-DDTHH:MM:SS`, the form of nearly every text. */
export const PLAIN_TIME = 19;
const plain = new Uint8Array(PLAIN_TIME);

/** Reads that form at a fraction of the cost; undefined for any other form. */
function parsePlain(text: string): number | undefined {
  if (text.length !== PLAIN_TIME) return undefined;
  for (let i = 0; i < PLAIN_TIME; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return undefined;
    plain[i] = unit;
  }
  const wall = readPlainTime(plain, 0);
  return Number.isNaN(wall) ? undefined : wall;
}

/**
 * The instant of the ASCII characters `YYYY-MM-DDTHH:MM:SS` at `at`, in the years 1..9999; NaN if the bytes have another form.
 */
export function readPlainTime(bytes: Uint8Array, at: number): number {
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH || bytes[at + 10] !== LETTER_T) return Number.NaN;
  if (bytes[at + 13] !== COLON || bytes[at + 16] !== COLON) return Number.NaN;
  const year = digits(bytes, at) * 100 + digits(bytes, at + 2);
  const day = digits(bytes, at + 8);
  return wallTime(
    year,
    digits(bytes, at + 5),
    day,
    digits(bytes, at + 11),
    digits(bytes, at + 14),
    digits(bytes, at + 17),
  );
}

const DASH = 0x2d;
const COLON = 0x3a;
const LETTER_T = 0x54;

/** The number that two digits represent; NaN if they are not digits. */
function digits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 48;
  const ones = (bytes[at + 1] ?? 0) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Microseconds since the epoch; NaN if the date or the time of day does not exist. */
export function wallTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const isDate = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!isDate || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  return daysFromCivil(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND;
}

/** `YYYY-MM-DDTHH:MM:SS`, without fractions of a second. */
export function formatTime(utc: number): string {
  const { year, month, day } = civilFromDays(Math.floor(utc / DAY));
  const seconds = Math.floor((utc - Math.floor(utc / DAY) * DAY) / SECOND);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}`;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `Mon 22 Jun`. */
export function formatDay(utc: number): string {
  const days = Math.floor(utc / DAY);
  const { month, day } = civilFromDays(days);
  return `${WEEKDAYS[(((days + 3) % 7) + 7) % 7]} ${day} ${MONTHS[month - 1]}`;
}

/** Whole minutes after midnight, 0..1439. */
export function minuteOfDay(utc: number): number {
  return Math.floor((utc - Math.floor(utc / DAY) * DAY) / MINUTE);
}

/** `09:20`. */
export function formatClock(utc: number): string {
  const minutes = minuteOfDay(utc);
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The instant of a wall-clock time in UTC. `month` is 1..12. Days beyond the end of the month continue into the next month. */
export function instantOf(year: number, month: number, day: number, minutes = 0): number {
  return daysFromCivil(year, month, day) * DAY + minutes * MINUTE;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, computed in eras of 400 years that begin on 1 March. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const date = new Date((days * DAY) / 1_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
