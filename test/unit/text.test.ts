/** Small operations on text. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clip, codePointLength, compareCodePoints, decodeUtf8, oneLine, plural, quote } from '../../src/lib/text.ts';
import { assertProperty } from '../support/property.ts';

/** UTF-16 units of every kind, including lone surrogates. */
const wild = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      ' ',
      '\n',
      '\u0000',
      '\u0085',
      '\u00e9',
      '\uffee',
      '\ud83d',
      '\udc4b',
      '\u{1f44b}',
      '"',
      '\\',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

describe('decodeUtf8', () => {
  test('is the text that was encoded', () => {
    const property = fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeUtf8(Buffer.from(`.${text}`))).toBe(`.${text}`);
    });
    assertProperty(property, { runs: 200 });
  });

  test('leaves a byte order mark out', () => {
    expect(decodeUtf8(Buffer.from('\ufeff{}'))).toBe('{}');
  });

  test.each([
    ['a byte that is never one', [0x22, 0xff, 0x22]],
    ['a character that was cut', [0xf0, 0x9f, 0x91]],
    ['half of a surrogate pair', [0xed, 0xa0, 0xbd]],
  ])('refuses %s, and the next text is read as ever', (_what, bytes) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(TypeError);
    expect(decodeUtf8(Buffer.from('a'))).toBe('a');
  });
});

describe('oneLine', () => {
  test.each([
    ['plain text', 'plain text'],
    ['  two \r\n\t lines\n', 'two lines'],
    ['null\u0000 and \u001b[31mescape', 'null and [31mescape'],
    ['\u2028line\u2029paragraph\u0085next\u00a0', 'line paragraph next'],
    ['\ufeff', ''],
    ['\u{1f44b}\n\u{1f44b}', '\u{1f44b} \u{1f44b}'],
  ])('%j becomes %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  test('leaves no control character, no double space and nothing at the ends, and does nothing the second time', () => {
    const property = fc.property(fc.oneof(wild, fc.string({ unit: 'binary' })), (text) => {
      const line = oneLine(text);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]|\s\s|^\s|\s$/u);
      expect(oneLine(line)).toBe(line);
    });
    assertProperty(property, { runs: 1000 });
  });
});

describe('clip', () => {
  test.each([
    ['', 5, ''],
    ['hello', 5, 'hello'],
    ['hello!', 5, 'he...'],
    ['\u{1f44b}'.repeat(5), 5, '\u{1f44b}'.repeat(5)],
    ['\u{1f44b}'.repeat(6), 5, `${'\u{1f44b}'.repeat(2)}...`],
    ['abcd', 3, '...'],
  ])('%j to %i is %j', (text, limit, clipped) => {
    expect(clip(text, limit)).toBe(clipped);
  });

  test('keeps a text that fits and shortens any other one to exactly the limit, without splitting a character', () => {
    const property = fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.integer({ min: 3, max: 40 }),
      (text, limit) => {
        const clipped = clip(text, limit);
        const length = [...text].length;
        if (length <= limit) expect(clipped).toBe(text);
        else {
          expect([...clipped].length).toBe(limit);
          expect(clipped.endsWith('...')).toBe(true);
          expect([...text].slice(0, limit - 3)).toEqual([...clipped].slice(0, -3));
        }
      },
    );
    assertProperty(property, { runs: 1000 });
  });
});

describe('quote', () => {
  test.each([
    ['"a \\"word\\""', 'a "word"'],
    ['"two lines"', 'two\nlines'],
    ['7', 7],
    ['null', null],
    ['undefined', undefined],
    ['{"a":[1,"x"]}', { a: [1, 'x'] }],
    ['12', 12n],
    ['Symbol(s)', Symbol('s')],
  ])('writes %s', (text, value) => {
    expect(quote(value)).toBe(text);
  });

  test('is one line of at most the limit for any value whatever', () => {
    const property = fc.property(
      fc.oneof(wild, fc.anything({ withBigInt: true, withNullPrototype: true, withObjectString: true })),
      fc.integer({ min: 3, max: 80 }),
      (value, limit) => {
        const text = quote(value, limit);
        expect([...text].length).toBeLessThanOrEqual(limit);
        expect(text).not.toMatch(/[\n\r\u2028\u2029]/);
      },
    );
    assertProperty(property, { runs: 1000 });
  });

  test('equals the quote of the whole value, though only the beginning is read', () => {
    const plain = (value: unknown, limit: number): string => clip(oneLine(JSON.stringify(value)), limit);
    const property = fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 3, max: 80 }), (value, limit) => {
      if (typeof value === 'object' && value !== null) expect(quote(value, limit)).toBe(plain(value, limit));
    });
    assertProperty(property, { runs: 2000 });

    let looks = 0;
    const watched = (value: object): object =>
      new Proxy(value, { get: (...what) => looks++ >= 0 && Reflect.get(...what) });
    const list = watched(Array.from({ length: 100_000 }, (_, i) => i));
    const fields = watched(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])));
    expect(quote(list)).toBe('[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,...');
    expect(quote(fields)).toBe('{"k0":0,"k1":1,"k2":2,"k3":3,"k4":4,"k5":5,"k6":6,"k7":7,...');
    expect(looks).toBeLessThan(1_000);
    expect(quote(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBe(`${'['.repeat(57)}...`);
  });

  test('survives what JSON cannot write: circles, values that refuse', () => {
    const circle: Record<string, unknown> = Object.create(null);
    circle.self = circle;
    const refuses = {
      toJSON: () => {
        throw new Error('no');
      },
    };
    const broken = { toJSON: 1, toString: 1, valueOf: 1, loop: circle };
    for (const value of [circle, refuses, broken, [circle]]) expect(quote(value)).toMatch(/^\[object \w+\]$/);
  });
});

describe('codePointLength', () => {
  test('counts what iterating counts, lone surrogates as one each', () => {
    const property = fc.property(wild, (text) => {
      expect(codePointLength(text)).toBe([...text].length);
    });
    assertProperty(property, { runs: 1000 });
  });
});

describe('compareCodePoints', () => {
  test('puts U+FFEE before U+1F44B, which the order of UTF-16 does not', () => {
    expect(['\u{1f44b}', '\uffee', 'a', 'A', '', 'ab'].sort(compareCodePoints)).toEqual([
      '',
      'A',
      'a',
      'ab',
      '\uffee',
      '\u{1f44b}',
    ]);
    expect('\u{1f44b}' < '\uffee').toBe(true);
  });

  test('is the order of the UTF-32 encodings', () => {
    const utf32 = (text: string): string =>
      [...text].map((point) => (point.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join('');
    const property = fc.property(wild, wild, (a, b) => {
      const [left, right] = [utf32(a), utf32(b)];
      expect(Math.sign(compareCodePoints(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
    });
    assertProperty(property, { runs: 1000 });
  });
});

test.each([
  [0, '0 emails'],
  [1, '1 email'],
  [2, '2 emails'],
])('plural of %i is %j', (count, text) => {
  expect(plural(count, 'email')).toBe(text);
});
