/** Every example of docs/BATCH_API.md runs unchanged against a real server, and prints the output on the page. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { serve } from '../server/support-server.ts';

const run = promisify(execFile);
const page = readFileSync(new URL('../../docs/BATCH_API.md', import.meta.url), 'utf8');

/** Each block of code, with the block of output after it. */
const examples = [...page.matchAll(/```(sh|python)\n([\s\S]*?)```\n\nprints\n\n```text\n([\s\S]*?)```/g)].map(
  ([, language = '', code = '', output = '']) => ({ language, code, output }),
);

describe('the examples of the page', () => {
  test('are all found', () => {
    expect(examples.map(({ language }) => language)).toEqual(['sh', 'python']);
    expect(page.match(/```(sh|python)/g)).toHaveLength(examples.length);
  });

  test.each(examples)('in $language, prints the output on the page', async ({ language, code, output }) => {
    const url = await serve();
    const script = code.replaceAll('http://127.0.0.1:8000', url);
    expect(script).not.toBe(code);
    const cwd = mkdtempSync(join(tmpdir(), 'ghostexec-docs-'));
    try {
      const [command, flag] = language === 'sh' ? ['/bin/sh', '-ec'] : ['/usr/bin/python3', '-c'];
      const { stdout } = await run(command, [flag, script], { cwd, env: { PATH: process.env.PATH } });
      expect(stdout).toBe(output);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});
