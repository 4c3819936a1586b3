/** `ghostexec rollout --url` as a command: exit codes and messages. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, expect, test } from 'vitest';
import { sharedServer } from '../server/support-server.ts';
import {
  ghostexec,
  manifestOf,
  newFolder,
  PLAN,
  play,
  ROOT,
  startFake,
  startProxy,
  trajectories,
} from './remote-support.ts';

const { tasks, episodes, groupSize, seed } = PLAN;
const ARGUMENTS = ['rollout', '--tasks', tasks.join(), '--policy', 'random'].concat(
  ['--episodes', episodes, '--group-size', groupSize, '--seed', seed].map(String),
);

const shared = sharedServer({ workers: 1 });
let url: URL;
beforeAll(() => {
  url = new URL(shared().url);
});

test('plays on the server, says so, and writes the same bytes as a local run', async () => {
  const out = newFolder();
  const done = await ghostexec([...ARGUMENTS, '--url', url.href, '--num-envs', '9', '--out', out]);
  expect(done).toMatchObject({ code: 0 });
  expect(done.out).toContain(`random on ${url.origin}: 24 episodes, `);
  expect(done.err).toContain('24/24 episodes');
  expect(trajectories(out)).toBe(await play());
  expect(manifestOf(out).execution).toEqual({ workers: 0, num_envs: 9, url: url.origin });
});

test.each([
  [['--url', 'localhost'], 'Expected an address like http://127.0.0.1:8000'],
  [['--url', 'ftp://127.0.0.1'], 'Expected an address like'],
  [['--url', 'http://127.0.0.1/?key=1'], 'Expected an address like'],
  [['--url', 'http://127.0.0.1:9', '--workers', '2'], '--workers has no effect on the server'],
  [['--url', 'http://127.0.0.1:9', '--api-key', 'with blank'], 'expected printable ASCII without spaces'],
  [['--api-key', 'abc'], '--api-key needs --url'],
])('%s exits with 2 and says why', async (args, why) => {
  const { code, out, err } = await ghostexec([...ARGUMENTS, '--out', newFolder(), ...args]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(why);
  expect(err).not.toContain('blank');
});

test('a server that cannot be reached gives one line and exit code 1, and no file is left', async () => {
  const out = newFolder();
  const proxy = await startProxy(url);
  proxy.kill();
  const { code, err } = await ghostexec([...ARGUMENTS, '--url', proxy.url.href, '--out', out]);
  expect(code).toBe(1);
  expect(err).toMatch(/^ghostexec: no answer from the server at http:\S+ to GET \/health: .*ECONNREFUSED.*\n$/);
  expect(() => trajectories(out)).toThrow('ENOENT');
});

test('the key in the environment is sent; without a key, the refusal names the variable', async () => {
  const { url: guarded } = await startFake((what, { headers }) => {
    if (what === 'GET /health') return { body: { status: 'healthy' } };
    if (headers.authorization === 'Bearer open-sesame') return { body: { name: 'echo_env' } };
    return { status: 401, body: { detail: 'who are you?', code: 'UNAUTHORIZED' } };
  });
  const args = [...ARGUMENTS, '--url', guarded.href, '--out', newFolder()];
  const refused = await ghostexec(args);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('(401): who are you?; --api-key or GHOSTEXEC_API_KEY gives its key');
  expect((await ghostexec(args, { GHOSTEXEC_API_KEY: 'open-sesame' })).err).toContain('got "echo_env"');
  expect((await ghostexec([...args, '--api-key', 'open-sesame'])).err).toContain('got "echo_env"');
});

test.each([1, 2])(
  'after %i Ctrl-C the batch is deleted, and the run can be resumed to the same bytes',
  async (times) => {
    const out = newFolder();
    let child: ReturnType<typeof spawn> | undefined;
    let steps = 0;
    const proxy = await startProxy(url, (what) => {
      // Both signals come while the command waits for an answer, so that the run cannot end between them.
      if (what.endsWith('/step') && ++steps === 14) {
        child?.kill('SIGINT');
        if (times === 2) setTimeout(() => child?.kill('SIGINT'), 50);
        return times === 2;
      }
      return false;
    });
    const where = ['--url', proxy.url.href, '--num-envs', '3', '--out', out];
    child = spawn(process.execPath, ['dist/cli/main.js', ...ARGUMENTS, ...where], { cwd: ROOT, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(proxy.seen.at(-1)?.what).toMatch(/^DELETE \/batch\//);
    expect(manifestOf(out)).toMatchObject({ status: 'interrupted' });
    const resumed = await ghostexec(['rollout', '--resume', ...where]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(trajectories(out)).toBe(await play());
  },
);
