/** A closed server can be garbage collected: a program that starts many servers in one process does not grow. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPT = `
  import { createServer } from './dist/server/server.js';
  const closed = [];
  const startAndClose = async () => {
    const server = await createServer({ port: 0, logLevel: 'silent' });
    const url = await server.listen();
    await (await fetch(url + '/metrics')).text();
    closed.push(new WeakRef(server.app));
    await server.close();
  };
  for (let i = 0; i < 10; i++) await startAndClose();
  for (let turn = 0; turn < 20; turn++) {
    gc();
    await new Promise((next) => setTimeout(next, 5));
  }
  console.log(closed.filter((server) => server.deref() !== undefined).length);`;

test('of ten servers that were started and closed, at most one is still reachable', async () => {
  const args = ['--expose-gc', '--input-type=module', '--eval', SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 100_000 });
  expect(Number(stdout)).toBeLessThanOrEqual(1);
});
