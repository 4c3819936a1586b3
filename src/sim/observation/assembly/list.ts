/**
 * The list of lines and words to copy, and access to other lists. A text in this memory is stored as its length (i32), followed
 * by its bytes. The text at address 0 is empty.
 */

const DAY: f64 = 86_400e6;
const MINUTE: f64 = 60e6;

/** Texts are stored for all numbers below this, and for the minutes of a day. */
const NUMBERS = 1_024;
const WEEKDAYS = 7;

// The addresses of the memory for the following; see `open`.
let list: usize = 0;
let listEnd: usize = 0;
let numbers: usize = 0;
let clocks: usize = 0;
/** `Mon ` etc., then ` Jan ` etc. */
let dayNames: usize = 0;
/** A second result of a section: the instant at which it will read differently. */
let until: usize = 0;
let scratch: usize = 0;
let scratchEnd: usize = 0;

/** The end of the used part of the list, and of the scratch memory. */
let at: usize = 0;
let scratchAt: usize = 0;

/**
 * Must be called once. Sets the addresses of the memory for the list, numbers, times, names of days and months, an instant, and
 * short texts.
 */
export function open(
  listFrom: usize,
  listTo: usize,
  numberTable: usize,
  clockTable: usize,
  nameTable: usize,
  instant: usize,
  shortTexts: usize,
  shortTextsTo: usize,
): void {
  list = at = listFrom;
  listEnd = listTo;
  numbers = numberTable;
  clocks = clockTable;
  dayNames = nameTable;
  until = instant;
  scratch = scratchAt = shortTexts;
  scratchEnd = shortTextsTo;
}

/** Empties the list. */
export function begin(): void {
  at = list;
  scratchAt = scratch;
}

/** Adds a text to the list. If there is no room, the text is skipped. */
export function add(piece: usize): void {
  if (at === listEnd) return;
  store<u32>(at, piece as u32);
  at += 4;
}

/** The current end of the list, for `rewind`. */
export function mark(): usize {
  return at;
}

/** Removes all entries that were added after `to` was taken by `mark`. */
export function rewind(to: usize): void {
  at = to;
}

/** The total length of the texts in the list, in bytes. */
export function measure(): i32 {
  let length: i32 = 0;
  for (let entry = list; entry < at; entry += 4) length += load<i32>(load<u32>(entry));
  return length;
}

/**
 * Copies the texts in the list to the address `to`, one after the other, and empties the list. Returns the end of the text,
 * which is at most `limit`.
 */
export function gather(to: usize, limit: usize): usize {
  for (let entry = list; entry < at; entry += 4) {
    const piece: usize = load<u32>(entry);
    to = copy(piece + 4, load<u32>(piece), to, limit);
  }
  begin();
  return to;
}

/**
 * Copies bytes, as many as end before `limit`, and returns the end of the copy. Copies in blocks of 32: up to 31 bytes after
 * the source are read, and up to 31 bytes after the copy are written.
 */
export function copy(from: usize, length: usize, to: usize, limit: usize): usize {
  let end = to + length;
  if (end > limit) end = limit;
  do {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    to += 32;
    from += 32;
  } while (to < end);
  return end;
}

/** Adds a whole number, 0 or more, in decimal. If there is no room, the number is skipped. */
export function addNumber(value: i32): void {
  if (value < NUMBERS) {
    add(entryOf(numbers, value));
    return;
  }
  let digits = 0;
  for (let rest = value; rest > 0; rest /= 10) digits++;
  const piece = scratchAt;
  scratchAt = (piece + 4 + digits + 3) & ~3;
  // This many numbers occur only in a text that is cut long before.
  if (scratchAt > scratchEnd) return;
  store<i32>(piece, digits);
  let rest = value;
  for (let place = piece + 3 + digits; rest > 0; place--) {
    store<u8>(place, 48 + (rest % 10));
    rest /= 10;
  }
  add(piece);
}

/** Adds a day: `Mon 22 Jun `. Computed in the proleptic Gregorian calendar, in eras of 400 years that begin on 1 March. */
export function addDay(instant: f64): void {
  const days = i32(Math.floor(instant / DAY));
  // Days since 1 March of the year 0, which precedes all possible days.
  const day = days + 719_468;
  const dayOfEra = day % 146_097;
  const yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
  const dayOfYear = dayOfEra - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100);
  const shifted = (5 * dayOfYear + 2) / 153;
  // 1 March of the year 0 was a Wednesday.
  add(entryOf(dayNames, (day + 2) % WEEKDAYS));
  addNumber(dayOfYear - (153 * shifted + 2) / 5 + 1);
  add(entryOf(dayNames, WEEKDAYS + (shifted < 10 ? shifted + 2 : shifted - 10)));
}

/** Sets the instant at which the section will read differently. */
export function setUntil(instant: f64): void {
  store<f64>(until, instant);
}

/** Adds the time of day: `09:20`. */
export function addClock(instant: f64): void {
  const ofDay = instant - Math.floor(instant / DAY) * DAY;
  add(entryOf(clocks, i32(Math.floor(ofDay / MINUTE))));
}

/** Inserts an index into the first `length` entries of a list, which are sorted by key, then by index. */
export function insertByKey(list: usize, length: i32, index: i32, key: usize): void {
  const own = numberOf(key, index);
  let place = list + ((length as usize) << 2);
  for (; place > list; place -= 4) {
    const other = load<i32>(place - 4);
    const theirs = numberOf(key, other);
    if (theirs < own || (theirs === own && other < index)) break;
    store<i32>(place, other);
  }
  store<i32>(place, index);
}

export function byteOf(list: usize, index: i32): u32 {
  return load<u8>(list + (index as usize));
}

export function intOf(list: usize, index: i32): i32 {
  return load<i32>(list + ((index as usize) << 2));
}

export function entryOf(list: usize, index: i32): usize {
  return load<u32>(list + ((index as usize) << 2));
}

export function numberOf(list: usize, index: i32): f64 {
  return load<f64>(list + ((index as usize) << 3));
}
