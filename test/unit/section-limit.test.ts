/** What a thread keeps of sections, by the size of its heap. */
import { expect, test } from 'vitest';
import { sectionLimit } from '../../src/sim/observation/section-cache.ts';

const MIB = 2 ** 20;

test('a small heap keeps a sixteenth of its limit, a large one 32 MiB', () => {
  expect(sectionLimit(80 * MIB)).toBe(5 * MIB);
  expect(sectionLimit(512 * MIB)).toBe(32 * MIB);
  expect(sectionLimit(4_144 * MIB)).toBe(32 * MIB);
});
