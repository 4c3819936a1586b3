/** Texts put together from pieces, against the same texts put together by JavaScript. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGather } from '../../scripts/write-gather.mjs';
import { GATHER } from '../../src/lib/gather-code.ts';
import { Pieces } from '../../src/lib/pieces.ts';
import { assertProperty } from '../support/property.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const texts = fc.string({ unit: fc.constantFrom('a', '\n', '\u00e9', '\u4e16', '\u{1f44b}'), maxLength: 40 });

test('the program in the sources is the one that gather.wat says', async () => {
  expect(GATHER).toBe(await compileGather());
});

test('kept pieces, short texts, numbers, times and parts of an earlier text stand one behind the other', () => {
  const part = fc.oneof(
    fc.record({ keep: texts }),
    fc.record({ text: texts }),
    fc.record({ number: fc.oneof(fc.nat({ max: 2_000 }), fc.double({ noNaN: true })) }),
    fc.record({ minute: fc.nat({ max: 1_439 }) }),
  );
  const pieces = new Pieces();
  const property = fc.property(fc.array(part, { maxLength: 60 }), texts, (parts, before) => {
    const kept = parts.map((one) => ('keep' in one ? pieces.keep(one.keep) : 0));
    pieces.begin();
    let expected = before;
    pieces.text(before);
    parts.forEach((one, index) => {
      if ('keep' in one) {
        pieces.add(kept[index] ?? 0);
        expected += one.keep;
      } else if ('text' in one) {
        pieces.text(one.text);
        expected += one.text;
      } else if ('number' in one) {
        pieces.number(one.number);
        expected += one.number;
      } else {
        pieces.clock(one.minute);
        expected += new Date(one.minute * 60_000).toISOString().slice(11, 16);
      }
    });
    expect(pieces.length).toBe(Buffer.byteLength(expected));
    const view = pieces.end();
    expect(view.byteOffset % 8).toBe(0);
    expect(textOf(view)).toBe(expected);
  });
  assertProperty(property, { runs: 500 });
});

test('several pieces joined are one', () => {
  const pieces = new Pieces();
  const property = fc.property(fc.array(texts, { maxLength: 6 }), (parts) => {
    const joined = pieces.join(parts.map((part) => pieces.keep(part)));
    pieces.begin();
    pieces.add(joined);
    expect(textOf(pieces.end())).toBe(parts.join(''));
  });
  assertProperty(property, { runs: 200 });
});

test('parts of a text taken, neighbours and others', () => {
  const bounds = fc.uniqueArray(
    fc.integer({ min: 1, max: 125 }).map((n) => n * 4),
    { minLength: 2, maxLength: 12 },
  );
  const pieces = new Pieces();
  const taken = Uint8Array.from({ length: 500 }, (_, index) => 97 + (index % 26));
  const property = fc.property(bounds, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (ends, isTaken) => {
    const sorted = ends.toSorted((a, b) => a - b);
    pieces.take(taken, sorted[0] ?? 0, sorted.at(-1) ?? 0);
    pieces.begin();
    let expected = '';
    for (let at = 0; at + 1 < sorted.length; at++) {
      const [from = 0, to = 0] = sorted.slice(at, at + 2);
      if (isTaken[at] === true) {
        pieces.addTaken(from, to);
        expected += textOf(taken.subarray(from, to));
      } else {
        pieces.text('<new>');
        expected += '<new>';
      }
    }
    expect(pieces.length).toBe(expected.length);
    expect(textOf(pieces.end())).toBe(expected);
  });
  assertProperty(property, { runs: 500 });
});

test('a text is cut where there is no room for more', () => {
  const pieces = new Pieces();
  const long = pieces.keep('x'.repeat(100_000));
  const last = pieces.keep('y');
  pieces.begin();
  for (const piece of [long, long, long, last]) pieces.add(piece);
  expect(textOf(pieces.end())).toBe('x'.repeat(256 * 1_024));
});

test('memory grows as pieces are kept, and is used again once it is full and cleared', () => {
  const pieces = new Pieces();
  const first = pieces.keep('first');
  const large = 'z'.repeat(1_000_000);
  let kept = 0;
  while (!pieces.isFull) {
    pieces.keep(large);
    kept++;
  }
  expect(kept).toBeGreaterThan(60);
  pieces.begin();
  pieces.add(first);
  pieces.number(7);
  expect(textOf(pieces.end())).toBe('first7');
  pieces.clear();
  expect(pieces.isFull).toBe(false);
  const again = pieces.keep('again');
  expect(again).toBe(first);
  pieces.begin();
  pieces.add(again);
  pieces.number(7);
  pieces.clock(61);
  expect(textOf(pieces.end())).toBe('again701:01');
});
