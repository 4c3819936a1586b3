/** Compares texts that the WebAssembly program puts together with the same texts put together by JavaScript. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSections } from '../../scripts/write-sections.mjs';
import { Pieces } from '../../src/sim/observation/pieces.ts';
import { PROGRAM } from '../../src/sim/observation/program.ts';
import { WORDS } from '../../src/sim/observation/room.ts';
import { SCENE_FIELDS } from '../../src/sim/observation/scene.ts';
import { assertProperty } from '../support/property.ts';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const texts = fc.string({ unit: fc.constantFrom('a', '\n', '\u00e9', '\u4e16', '\u{1f44b}'), maxLength: 40 });

describe('the program in the sources', () => {
  const source = readFileSync(new URL('../../src/sim/observation/assembly/scene.ts', import.meta.url), 'utf8');
  /** The fields of a class there, in their order. */
  const fieldsOf = (name: string): string[] => {
    const body = source.slice(source.indexOf(`class ${name} {`)).split('\n}')[0] ?? '';
    return [...body.matchAll(/^ {2}(\w+): (?:i32|usize);$/gm)].map(([, field]) => field ?? '');
  };

  test('is the one that assembly/ says', async () => {
    expect(PROGRAM).toBe(await compileSections());
  });

  test('finds everything where it is written', () => {
    expect(fieldsOf('Scene')).toEqual([...SCENE_FIELDS]);
    expect(fieldsOf('Words')).toEqual(Object.keys(WORDS));
  });
});

test('kept pieces, short texts and parts of another text stand one behind the other', () => {
  const other = Uint8Array.from({ length: 500 }, (_, index) => 97 + (index % 26));
  const part = fc.oneof(
    fc.record({ keep: texts }),
    fc.record({ text: texts }),
    fc.record({ from: fc.nat({ max: 250 }), length: fc.nat({ max: 250 }) }),
  );
  const pieces = new Pieces();
  const property = fc.property(fc.array(part, { maxLength: 60 }), fc.nat({ max: 99 }), (parts, offset) => {
    const kept = parts.map((one) => ('keep' in one ? pieces.keep(one.keep) : 0));
    pieces.begin();
    pieces.alignTo(offset);
    let expected = '';
    let length = 0;
    parts.forEach((one, index) => {
      if ('keep' in one) {
        pieces.program.add(kept[index] ?? 0);
        expected += one.keep;
      } else if ('text' in one) {
        expect(pieces.addText(one.text)).toBe(Buffer.byteLength(one.text));
        expected += one.text;
      } else {
        const measured = pieces.program.measure();
        expect(pieces.append() - length).toBe(measured);
        length = pieces.appendPart({ memory: other.buffer, offset: 0 }, one.from, one.from + one.length);
        expected += textOf(other.subarray(one.from, one.from + one.length));
      }
    });
    expect(pieces.append()).toBe(Buffer.byteLength(expected));
    expect(pieces.text.byteOffset % 8).toBe(offset % 8);
    expect(textOf(pieces.text)).toBe(expected);
  });
  assertProperty(property, { runs: 500 });
});

test('several pieces joined are one', () => {
  const pieces = new Pieces();
  const property = fc.property(fc.array(texts, { maxLength: 6 }), (parts) => {
    const joined = pieces.join(parts.map((part) => pieces.keep(part)));
    pieces.begin();
    pieces.program.add(joined);
    pieces.append();
    expect(textOf(pieces.text)).toBe(parts.join(''));
  });
  assertProperty(property, { runs: 200 });
});

test('a text is cut if there is no room for more', () => {
  const pieces = new Pieces();
  const long = pieces.keep('x'.repeat(100_000));
  const last = pieces.keep('y');
  pieces.begin();
  for (const piece of [long, long, long, last]) pieces.program.add(piece);
  pieces.append();
  expect(textOf(pieces.text)).toBe('x'.repeat(256 * 1_024));
});

test('more pieces than there may be are passed over', () => {
  const pieces = new Pieces();
  const one = pieces.keep('x');
  pieces.begin();
  for (let n = 0; n < 300_000; n++) pieces.program.add(one);
  expect(pieces.program.measure()).toBe(256 * 1_024);
  expect(pieces.append()).toBe(256 * 1_024);
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
  pieces.program.add(first);
  pieces.append();
  expect(textOf(pieces.text)).toBe('first');
  pieces.clear();
  expect(pieces.isFull).toBe(false);
  const again = pieces.keep('again');
  expect(again).toBe(first);
  pieces.begin();
  pieces.program.add(again);
  pieces.append();
  expect(textOf(pieces.text)).toBe('again');
});
