/** The checksum of snapshots is XXH64, for any length of the input. */
import { describe, expect, test } from 'vitest';
import { checksum } from '../../src/vector/snapshot.ts';

describe('the checksum', () => {
  test.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
  ])('of %j is that of the algorithm', (text, expected) => {
    expect(checksum(Buffer.from(text)).toString('hex')).toBe(expected);
  });

  test('changes with every bit of a long text, and with its length', () => {
    const bytes = Buffer.alloc(200_000, 7);
    const seen = new Set([checksum(bytes).toString('hex'), checksum(bytes.subarray(1)).toString('hex')]);
    const places = [0, 65_535, 65_536, 131_071, 131_072, 199_999];
    for (const at of places) {
      for (let bit = 0; bit < 8; bit++) {
        bytes.writeUInt8(7 ^ (1 << bit), at);
        seen.add(checksum(bytes).toString('hex'));
        bytes.writeUInt8(7, at);
      }
    }
    expect(seen.size).toBe(2 + places.length * 8);
  });
});
