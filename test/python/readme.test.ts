import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { serve } from '../server/support-server.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the Python of the README plays a batch on a server', async () => {
  const address = await serve();
  const code = /```python\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
  const python = spawn('/usr/bin/python3', ['-c', code.replace('http://127.0.0.1:8000', address)]);
  const [stdout, stderr] = await Promise.all([text(python.stdout), text(python.stderr)]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^\[0, 0, 0, 0, 1, 1, 1, 1\] \[(-?[\d.]+(, )?){8}\] Tue 15 Sep 2026, .* \| step 1 of 8/);
});
