/** The health check of the image, against servers whose port is chosen in each way. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { endAfterTest } from '../support/children.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const HEALTH = fileURLToPath(new URL('../../dist/cli/health.js', import.meta.url));

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return String(typeof address === 'object' ? address?.port : '');
}

async function tryOut(
  flags: string[],
  variables: NodeJS.ProcessEnv,
): Promise<{ codes: (number | null)[]; err: string }> {
  const env = { PATH: process.env.PATH, ...variables };
  const health = () => spawnSync(process.execPath, [HEALTH], { env }).status;
  const codes = [health()];
  const child = endAfterTest(
    spawn(process.execPath, [MAIN, 'serve', ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  let err = '';
  child.stdout?.resume();
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.stderr?.on('data', (chunk) => {
      err += chunk;
      if (err.includes('listens on')) resolve();
    });
  });
  codes.push(health());
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  codes.push(health());
  return { codes, err };
}

function addressFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-health-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'address');
}

test('a flag, a variable and the system may choose the port', async () => {
  const [right, wrong] = [await freePort(), await freePort()];
  const GHOSTEXEC_ADDRESS_FILE = addressFile();
  const cases: [string[], NodeJS.ProcessEnv][] = [
    [['--port', right], { GHOSTEXEC_PORT: wrong, PORT: wrong }],
    [[], { GHOSTEXEC_PORT: right, PORT: wrong }],
    [[], { PORT: right }],
    [['--port', '0', '--host', '0.0.0.0', '--base-path', '/ghost'], { PORT: wrong, GHOSTEXEC_API_KEY: 'a-key' }],
  ];
  for (const [flags, variables] of cases) {
    const { codes, err } = await tryOut(flags, { ...variables, GHOSTEXEC_ADDRESS_FILE });
    expect(codes, `${flags} ${JSON.stringify(variables)}\n${err}`).toEqual([1, 0, 1]);
    const [, port] = /listens on http:\/\/\S+:(\d+),/.exec(err) ?? [];
    expect(readFileSync(GHOSTEXEC_ADDRESS_FILE, 'utf8')).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}\n$`));
  }
});

test('if the file cannot be written, the server goes on, and the port comes from the variables', async () => {
  const GHOSTEXEC_ADDRESS_FILE = join(addressFile(), 'no', 'folder');
  const { codes } = await tryOut([], { PORT: await freePort(), GHOSTEXEC_ADDRESS_FILE });
  expect(codes).toEqual([1, 0, 1]);
});
