/** `ghostexec view`: what it serves, as a process, and what it refuses. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { episode, linesOf } from '../rollout/traces-support.ts';
import { cli } from '../support/cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FOLDER = mkdtempSync(join(tmpdir(), 'ghostexec-view-'));

test('serves runs to this machine, prints the address, and ends with 0', async () => {
  mkdirSync(join(FOLDER, 'run'));
  mkdirSync(join(FOLDER, 'below/bare'), { recursive: true });
  writeFileSync(join(FOLDER, 'below/bare/manifest.json'), '{"format":"ghostexec.rollout"}');
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
  expect(await (await fetch(`${address}/web/api/runs`)).json()).toMatchObject({
    runs: [
      { name: 'bare', has_records: false, done: true },
      { name: 'run', has_records: true },
    ],
  });
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
])('%j: exit 2, with a message', async (args, quoted) => {
  const { code, err } = await cli(args);
  expect(code).toBe(2);
  expect(err).toContain(quoted);
});

test('serve takes traces from its variable, and several traces from flags', async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('GHOSTEXEC_TRACES', `${FOLDER},${join(FOLDER, 'of-the-variable')}`);
  const serve = ['serve', '--port', '0'];
  expect(await cli(serve)).toMatchObject({ code: 2, err: expect.stringContaining('of-the-variable') });
  const flags = ['--traces', FOLDER, '--traces', `${FOLDER},${join(FOLDER, 'of-a-flag')}`];
  expect(await cli([...serve, ...flags])).toMatchObject({ code: 2, err: expect.stringContaining('of-a-flag') });
});
