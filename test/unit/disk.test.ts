/** One object writes to the disk, and nothing else in src/ does. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { disk } from '../../src/lib/disk.ts';
import { readSources } from '../support/layers.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-disk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

/** Standard output and error; and what the build copies before anything runs. */
const OTHER_WRITERS = ['lib/disk.ts', 'lib/line-output.ts'];
const READING = new Set(
  'closeSync createReadStream Dirent existsSync fstatSync open openSync readdirSync readFileSync readSync stat statSync'.split(
    ' ',
  ),
);

test('nothing else imports what writes files, or opens one to write', () => {
  const found: string[] = [];
  for (const [file, source] of readSources(fileURLToPath(new URL('../../src', import.meta.url)))) {
    if (OTHER_WRITERS.includes(file)) continue;
    for (const [, names = ''] of source.matchAll(/import ([^;]*?) from '(?:node:)?fs(?:\/promises)?'/g)) {
      const imported = names.replace(/[{}]|\btype\b/g, '').split(',');
      found.push(...imported.map((name) => name.trim()).filter((name) => name !== '' && !READING.has(name)));
    }
    for (const [, flags] of source.matchAll(/\b(?<!disk\.)open(?:Sync)?\([^()]*, '([^']*)'/g)) {
      if (flags !== 'r') found.push(`${file} opens with ${flags}`);
    }
  }
  expect(found).toEqual([]);
});

test('what the system takes in pieces is written whole', () => {
  const path = join(folder, 'file');
  const original = disk.writeSome;
  const pieces = vi
    .spyOn(disk, 'writeSome')
    .mockImplementation((point, file, bytes, at) => original(point, file, bytes.subarray(0, 3), at));
  const file = disk.open('report', path, 'w');
  disk.write('report', file, Buffer.from('0123456789'), 0);
  disk.close('report', file);
  expect(pieces).toHaveBeenCalledTimes(4);
  expect(readFileSync(path, 'utf8')).toBe('0123456789');
});

test('a disk that takes nothing and tells no error is an error', () => {
  vi.spyOn(disk, 'writeSome').mockReturnValue(0);
  expect(() => disk.write('report', 1, Buffer.from('text'), 0)).toThrow('EIO: the disk takes no more bytes');
});
