/** Locks on file systems without hard links, and on full ones. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { LOCK, lockRun } from '../../src/rollout/run-lock.ts';

const failure = vi.hoisted(() => ({ code: 'EPERM' }));

vi.mock('node:fs', async (load) => ({
  ...(await load<object>()),
  linkSync: () => {
    throw Object.assign(new Error(`${failure.code}: link`), { code: failure.code });
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-links-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('without hard links (%s) the lock is created directly', (code) => {
  failure.code = code;
  const release = lockRun(folder);
  expect(JSON.parse(readFileSync(join(folder, LOCK), 'utf8'))).toMatchObject({ pid: process.pid });
  expect(() => lockRun(folder)).toThrow('is in use by process');
  release();
  expect(readdirSync(folder)).toEqual([]);
});

test('if it cannot be written, the message names it and says what to do', () => {
  failure.code = 'ENOSPC';
  expect(() => lockRun(folder)).toThrow(/cannot write .*run\.lock: ENOSPC.*free some space/);
  expect(readdirSync(folder)).toEqual([]);
});
