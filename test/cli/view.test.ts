/** `ghostexec view` as a process. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { episode, linesOf } from '../rollout/traces-support.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FOLDER = mkdtempSync(join(tmpdir(), 'ghostexec-view-'));

function fail(args: readonly string[], env: Record<string, string> = {}): { code: number | null; err: string } {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { code: status, err: stderr };
}

test('serves runs to this machine, prints the address, and ends with 0', async () => {
  mkdirSync(join(FOLDER, 'run'));
  writeFileSync(join(FOLDER, 'run/trajectories.jsonl'), linesOf([episode(0)]));
  const child = spawn(process.execPath, [MAIN, 'view', FOLDER]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8');
  while (!err.includes('\n')) err += (await once(child.stderr, 'data'))[0];
  const [, address = ''] =
    /^Traces are at (http:\/\/127\.0\.0\.1:\d+)\/web\/traces\. Ctrl-C stops it\.\n$/.exec(err) ?? [];
  const page = await fetch(`${address}/web/traces`);
  expect(await page.text()).toContain('<title>Ghostexec traces</title>');
  expect(await (await fetch(`${address}/web/api/runs`)).json()).toMatchObject({ runs: [{ name: 'run' }] });
  const ended = once(child, 'close');
  child.kill('SIGINT');
  expect((await ended)[0]).toBe(0);
  expect(out).toBe('');
});

test.each([
  [['view'], 'paths'],
  [['view', join(FOLDER, 'nowhere')], 'nowhere'],
  [['view', FOLDER, MAIN], 'no JSON object'],
  [['view', FOLDER, '--port', '99999'], '99999'],
  [['serve', '--traces', join(FOLDER, 'nowhere')], 'nowhere'],
  [['serve', '--traces', ','], '--traces'],
])('%j: exit 2, with a message', (args, quoted) => {
  const { code, err } = fail(args);
  expect(code).toBe(2);
  expect(err).toContain(quoted);
});

test('serve takes traces from its variable, and several traces from flags', () => {
  const env = { GHOSTEXEC_TRACES: `${FOLDER},${join(FOLDER, 'of-the-variable')}` };
  expect(fail(['serve', '--port', '0'], env)).toMatchObject({
    code: 2,
    err: expect.stringContaining('of-the-variable'),
  });
  const flags = ['--traces', FOLDER, '--traces', `${FOLDER},${join(FOLDER, 'of-a-flag')}`];
  expect(fail(['serve', '--port', '0', ...flags], env)).toMatchObject({
    code: 2,
    err: expect.stringContaining('of-a-flag'),
  });
});
