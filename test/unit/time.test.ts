/** Times: the accepted texts, their instants, and the text of an instant. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DAY,
  formatClock,
  formatDay,
  formatTime,
  HOUR,
  inRange,
  MAX_TIME_TEXT,
  MINUTE,
  parseTime,
  SECOND,
} from '../../src/lib/time.ts';
import * as reference from '../reference/time.ts';
import { times } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';

/** The reference counts from the year 1, src/ from 1970. */
const EPOCH = reference.instantOf('1970-01-01');
/** Beyond the years 1685..2254 a double no longer represents every microsecond. */
const COARSE = 32n;

function pad(n: number, width: number): string {
  return String(n).padStart(width, '0');
}

const near = (limit: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 5, arbitrary: fc.nat(limit - 1) }, fc.nat(limit + 1));
const years = fc.oneof(
  fc.integer({ min: 0, max: 9999 }),
  fc.constantFrom(0, 1, 4, 100, 400, 1600, 1684, 1685, 1900, 1970, 2000, 2254, 2255, 9999),
);
/** Dates and times of the right form, every part of which may be out of range by one or two. */
const isoTexts = fc
  .record({
    year: years,
    month: near(13),
    day: fc.oneof(fc.integer({ min: 27, max: 32 }), near(32)),
    separator: fc.constantFrom('T', ' '),
    hour: near(24),
    minute: near(60),
    second: fc.option(near(60)),
    fraction: fc.option(fc.oneof(fc.stringMatching(/^\d{1,6}$/), fc.constantFrom('999999', '000001', '9', '5'))),
    zone: fc.oneof(
      fc.constantFrom('', 'Z', '+00:00', '-00:00'),
      fc.tuple(fc.constantFrom('+', '-'), near(24), near(60)),
    ),
    dateOnly: fc.integer({ min: 0, max: 9 }),
  })
  .map((t) => {
    const date = `${pad(t.year, 4)}-${pad(t.month, 2)}-${pad(t.day, 2)}`;
    if (t.dateOnly === 0) return date;
    const second = t.second === null ? '' : `:${pad(t.second, 2)}`;
    const fraction = t.second === null || t.fraction === null ? '' : `.${t.fraction}`;
    const zone = typeof t.zone === 'string' ? t.zone : `${t.zone[0]}${pad(t.zone[1], 2)}:${pad(t.zone[2], 2)}`;
    return `${date}${t.separator}${pad(t.hour, 2)}:${pad(t.minute, 2)}${second}${fraction}${zone}`;
  });

function expectAgreement(text: string): void {
  const expected = reference.parseTime(text);
  const actual = parseTime(text);
  expect(actual !== undefined, text).toBe(expected !== null);
  if (expected === null || actual === undefined) return;
  const exact = expected - EPOCH;
  const found = BigInt(actual.utc);
  const year = Number(text.slice(0, 4));
  if (year >= 1685 && year <= 2254) expect(found).toBe(exact);
  else {
    expect(found <= exact && exact - found < COARSE, `${found} for ${exact}`).toBe(true);
  }
  expect(formatTime(actual.utc)).toBe(reference.formatTime(expected));
  expect(inRange(actual.utc)).toBe(true);
}

describe('a text of an accepted form', () => {
  test('means the instant that the exact reference finds, or is refused by both', () => {
    assertProperty(fc.property(fc.oneof(isoTexts, times), expectAgreement), { runs: 3000 });
  });

  test('is refused by both when anything is cut off, doubled or put between', () => {
    const strange = fc.constantFrom('', ' ', '\n', 'Z', '0', ':', '-', '+', '.', '\u0660', 'T', 't', 'z', '\u2212');
    const spoiled = fc.tuple(isoTexts, fc.nat(32), fc.nat(2), strange).map(([text, at, removed, put]) => {
      return text.slice(0, at) + put + text.slice(at + removed);
    });
    assertProperty(fc.property(spoiled, expectAgreement), { runs: 3000 });
  });

  test('fits into the longest text', () => {
    const longest = '2026-06-22T09:00:00.000000+02:00';
    expect(longest.length).toBe(MAX_TIME_TEXT);
    expect(parseTime(longest)?.offsetMinutes).toBe(120);
    expect(parseTime(`${longest}0`)).toBeUndefined();
  });
});

describe('every accepted form', () => {
  const NINE = Date.UTC(2026, 5, 22, 9) * 1000;

  test.each([
    ['2026-06-22', NINE - 9 * HOUR, 0],
    ['2026-06-22T09:00', NINE, 0],
    ['2026-06-22 09:00', NINE, 0],
    ['2026-06-22T09:00Z', NINE, 0],
    ['2026-06-22T09:00:01', NINE + SECOND, 0],
    ['2026-06-22T09:00:00.5', NINE + SECOND / 2, 0],
    ['2026-06-22T09:00:00.000001Z', NINE + 1, 0],
    ['2026-06-22T11:00+02:00', NINE, 120],
    ['2026-06-22T03:30:00.25-05:30', NINE + SECOND / 4, -330],
    ['2026-06-22T09:00-00:00', NINE, 0],
    ['2026-06-23T08:59+23:59', NINE, 1439],
    ['2026-06-21T09:01-23:59', NINE, -1439],
  ])('%s', (text, utc, offsetMinutes) => {
    expect(parseTime(text)).toEqual({ utc, offsetMinutes });
  });

  test.each([
    ['2024-02-29', '2024-02-29T00:00:00'],
    ['2000-02-29', '2000-02-29T00:00:00'],
    ['0001-01-01', '0001-01-01T00:00:00'],
    ['0001-01-01T00:00-00:01', '0001-01-01T00:01:00'],
    ['9999-12-31T23:59:59.999999', '9999-12-31T23:59:59'],
    ['9999-12-31T23:59:59.999999+00:01', '9999-12-31T23:58:59'],
    ['2400-02-29T23:59:59.999999', '2400-02-29T23:59:59'],
    ['0001-01-01T00:00:00.999999', '0001-01-01T00:00:00'],
    ['1969-12-31T23:59:59.999999', '1969-12-31T23:59:59'],
  ])('%s is written %s', (text, written) => {
    expect(formatTime(parseTime(text)?.utc ?? Number.NaN)).toBe(written);
  });
});

describe('refused are', () => {
  test.each([
    [
      'a day that the month does not have',
      ['2026-02-29', '1900-02-29', '2100-02-29', '2026-04-31', '2026-06-00', '2026-01-32'],
    ],
    ['a month that the year does not have', ['2026-00-10', '2026-13-10']],
    [
      'the hour 24, the minute 60, the second 60',
      ['2026-06-22T24:00', '2026-06-22T24:00:00', '2026-06-22T09:60', '2026-06-22T23:59:60'],
    ],
    [
      'an offset of a day or more',
      ['2026-06-22T09:00+24:00', '2026-06-22T09:00-24:00', '2026-06-22T09:00+02:60', '2026-06-22T09:00+99:99'],
    ],
    [
      'the year 0000, whatever its offset makes of it',
      ['0000-12-31', '0000-12-31T23:00-02:00', '0000-12-31T23:59-23:59'],
    ],
    [
      'an instant before the year 1 or after 9999',
      [
        '0001-01-01T00:00+00:01',
        '9999-12-31T23:00-01:00',
        '9999-12-31T23:59-00:01',
        '9999-12-31T23:59:59.999999-00:01',
      ],
    ],
    ['a zone without a time', ['2026-06-22Z', '2026-06-22+02:00']],
    ['an hour alone, a second without its minute', ['2026-06-22T09', '2026-06-22T']],
    [
      'a fraction that is empty or too long',
      ['2026-06-22T09:00:00.', '2026-06-22T09:00:00.1234567', '2026-06-22T09:00.5', '2026-06-22T09:00:00,5'],
    ],
    [
      'other ISO forms',
      [
        '20260622',
        '2026-W26-1',
        '2026-173',
        '20260622T090000',
        '2026-06-22t09:00',
        '2026-06-22T09:00z',
        '2026-06-22T09:00+0200',
        '2026-06-22T09:00+02',
      ],
    ],
    ['signs and short or long years', ['+2026-06-22', '-2026-06-22', '02026-06-22', '26-06-22', '+002026-06-22']],
    [
      'white space around',
      ['', ' ', ' 2026-06-22', '2026-06-22 ', '2026-06-22\n', '2026-06-22T09:00\n', '2026-06-22  09:00'],
    ],
    ['digits of other scripts', ['\u0662\u0660\u0662\u0666-06-22', '\uff12\uff10\uff12\uff16-06-22']],
    ['words', ['tomorrow', 'NaN', 'null', '1782118800']],
  ])('%s', (_what, texts) => {
    expect(texts.filter((text) => parseTime(text) !== undefined)).toEqual([]);
    expect(texts.filter((text) => reference.parseTime(text) !== null)).toEqual([]);
  });
});

describe('an instant', () => {
  const instants = fc
    .integer({ min: -719_162, max: 2_932_896 })
    .chain((day) => fc.nat(86_399).map((second) => day * DAY + second * SECOND));

  test('is written so that it is read back', () => {
    const property = fc.property(instants, (utc) => {
      expect(parseTime(formatTime(utc))?.utc).toBe(utc);
    });
    assertProperty(property, { runs: 2000 });
  });

  test('has the weekday, day, month, year and minute that the calendar of JavaScript gives it', () => {
    const property = fc.property(instants, (utc) => {
      const date = new Date(utc / 1000);
      const [weekday, day, month] = date.toUTCString().replace(',', '').split(' ');
      expect(formatDay(utc)).toBe(`${weekday} ${Number(day)} ${month}`);
      expect(formatClock(utc)).toBe(date.toISOString().slice(11, 16));
    });
    assertProperty(property, { runs: 2000 });
  });

  test('is in range in the years 1 to 9999 only', () => {
    const first = parseTime('0001-01-01')?.utc ?? Number.NaN;
    const last = parseTime('9999-12-31T23:59:59')?.utc ?? Number.NaN;
    expect([first, last].map(inRange)).toEqual([true, true]);
    expect([first - SECOND, last + SECOND, last + MINUTE, Number.NaN, Number.POSITIVE_INFINITY].map(inRange)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
