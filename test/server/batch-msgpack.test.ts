/** Msgpack from clients is checked before it is unpacked. */
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, MsgpackError, packPlain, unpackSafely } from '../../src/lib/msgpack.ts';
import { pack } from './support-batch.ts';

function nested(head: number, depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, head), Buffer.of(0xc0)]);
}

function complaint(bytes: Uint8Array): string {
  try {
    unpackSafely(bytes);
  } catch (error) {
    if (error instanceof MsgpackError) return error.message;
    throw error;
  }
  throw new Error('expected the bytes to be refused');
}

describe('msgpack that is accepted', () => {
  test('every JSON value keeps its type', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        // A key named __proto__ would set the prototype; the decoder renames it.
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        expect(unpackSafely(packPlain(plain))).toEqual(plain);
        expect(unpackSafely(pack(plain))).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['uint64', Buffer.from('cf001fffffffffffff', 'hex'), Number.MAX_SAFE_INTEGER],
    ['int64', Buffer.from('d3ffffffffffffff85', 'hex'), -123],
    ['int8 and fixed', Buffer.from('92d080ff', 'hex'), [-128, -1]],
    ['float32', Buffer.from('ca3fc00000', 'hex'), 1.5],
    ['str32', Buffer.from('db00000002c3a9', 'hex'), '\u00e9'],
    ['array32', Buffer.from('dd00000001c3', 'hex'), [true]],
    ['map16', Buffer.from('de0001a16101', 'hex'), { a: 1 }],
    ['map32', Buffer.from('df00000001a16101', 'hex'), { a: 1 }],
  ])('%s', (_name, bytes, value) => {
    expect(unpackSafely(bytes)).toEqual(value);
  });

  test('binary with every size of header', () => {
    for (const size of [0, 255, 256, 65_535, 65_536]) {
      const value = unpackSafely(packPlain({ b: Buffer.alloc(size, 7) }));
      expect(Buffer.from((value as { b: Uint8Array }).b)).toEqual(Buffer.alloc(size, 7));
    }
  });

  test('containers nested to the maximum depth, and no deeper', () => {
    expect(() => unpackSafely(nested(0x91, MAX_DEPTH))).not.toThrow();
    expect(complaint(nested(0x91, MAX_DEPTH + 1))).toContain(`at most ${MAX_DEPTH} containers`);
    expect(complaint(nested(0x91, 5_000_000))).toContain(`at most ${MAX_DEPTH} containers`);
  });
});

describe('msgpack that is refused', () => {
  test.each([
    ['nothing', '', 'they end after 0'],
    ['a list that declares 33 million elements', 'dd01ffffff', 'declares a length of 33554431, and 0 bytes are left'],
    ['a map that declares more entries than it has', 'df0000000301c001c0', 'declares a length of 3'],
    ['a text that is cut off', 'a5616263', 'declares a length of 5, and 3 bytes are left'],
    ['binary that is cut off', 'c6ffffffff00', 'declares a length of 4294967295'],
    ['a number that is cut off', 'cb000000', 'declares a length of 8'],
    ['a header that is cut off', 'dc00', 'within the length'],
    ['a list that is cut off', '9201', 'declares a length of 2'],
    ['a map without its last value', '81a161', 'they end after 3'],
    ['two values', 'c0c0', 'got 1 more bytes after the first 1'],
    ['the byte 0xc1, which msgpack never uses', 'c1', '0xc1: extension types'],
    ['an extension', 'c70101ff', '0xc7: extension types'],
    ['a fixed extension', 'd4ff00', '0xd4: extension types'],
    ['a text that is not UTF-8', 'a2ff61', 'at byte 1 is not UTF-8'],
  ])('%s', (_name, hex, why) => {
    expect(complaint(Buffer.from(hex, 'hex'))).toContain(why);
  });

  test('dates and sets, which are extensions', () => {
    expect(complaint(new Packr({ moreTypes: true }).pack({ a: new Set([1]) }))).toContain('extension types');
    expect(complaint(new Packr().pack(new Date(0)))).toContain('extension types');
  });

  test('binary nested too deeply', () => {
    const bytes = packPlain({ a: Buffer.of(1), b: [Buffer.of(2)] });
    expect(() => unpackSafely(bytes, 2)).not.toThrow();
    expect(() => unpackSafely(bytes, 1)).toThrow('is binary');
  });

  test('long text that is not UTF-8', () => {
    const text = Buffer.alloc(300, 0x61);
    text[299] = 0xff;
    expect(complaint(Buffer.concat([Buffer.from('da012c', 'hex'), text]))).toContain('is not UTF-8');
  });

  test('millions of empty containers, each of which would become an object', () => {
    const count = 4_000_000;
    const header = Buffer.from([0xdd, 0, 0, 0, 0]);
    header.writeUInt32BE(count, 1);
    expect(complaint(Buffer.concat([header, Buffer.alloc(count, 0x80)]))).toMatch(/at most \d+ values/);
  });

  test('any bytes are read or refused; no other error is thrown', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          unpackSafely(bytes);
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(MsgpackError);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(0);
  });
});
