/** `ghostexec serve` as a process: options that take effect, and its output. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { raw, request, rest, statusOf } from './support-guard.ts';
import { fail, failToListen, linesOf, serve } from './support-serve.ts';
import { Client } from './support-ws.ts';

describe('options', () => {
  test('a flag overrides GHOSTEXEC_PORT, and GHOSTEXEC_PORT overrides PORT', async () => {
    // The server does not read an overridden value, which would be invalid here.
    await serve([], { PORT: 'eight', GHOSTEXEC_PORT: '0' });
    await serve(['--port', '0'], { PORT: 'eight', GHOSTEXEC_PORT: 'eight' });
    expect((await fail([], { PORT: 'eight' })).err).toContain("value 'eight' from env 'PORT'");
  });

  test.each([
    [[], {}, false],
    [['--oracle'], {}, true],
    [['--oracle', 'no'], { GHOSTEXEC_ORACLE: 'yes' }, false],
    [[], { GHOSTEXEC_ORACLE: '1' }, true],
    [[], { GHOSTEXEC_ORACLE: '0' }, false],
    [[], { GHOSTEXEC_ORACLE: 'false' }, false],
  ])('flags %j and variables %j: the oracle is shown: %j', async (flags, env, shown) => {
    const { url } = await serve(['--port', '0', ...flags], env);
    const options = (await (await fetch(`${url}/web/api/options`)).json()) as { policies: string[] };
    expect(options.policies.includes('oracle')).toBe(shown);
  });

  test('variables are read, and HOST is not', async () => {
    const { url } = await serve([], {
      HOST: 'some-machine',
      PORT: '',
      GHOSTEXEC_PORT: '0',
      GHOSTEXEC_HOST: '127.0.0.1',
      GHOSTEXEC_TASK: 'dinner_disaster',
      GHOSTEXEC_RULES: 'v1',
      GHOSTEXEC_API_KEY: 'from-the-environment',
    });
    expect((await fetch(`${url}/state`)).status).toBe(401);
    const answer = await fetch(`${url}/reset`, {
      method: 'POST',
      headers: { authorization: 'Bearer from-the-environment' },
    });
    expect(await answer.json()).toMatchObject({ observation: { task_id: 'dinner_disaster', rules: 'v1' } });
  });

  test('a flag and a variable begin production mode', async () => {
    const { url } = await serve(['--port', '0', '--mode', 'production'], { GHOSTEXEC_TRAINER_KEY: 'the-trainer' });
    expect(await (await fetch(`${url}/metadata`)).json()).toMatchObject({ mode: 'production' });
    const statusWith = async (headers: Record<string, string>) =>
      (await fetch(`${url}/reset`, { method: 'POST', headers })).status;
    expect(await statusWith({})).toBe(401);
    expect(await statusWith({ authorization: 'Bearer the-trainer' })).toBe(200);
  });

  test('flags and variables allow host names and origins, and the help names the items of each list', async () => {
    const { port } = await serve(['--port', '0', '--allow-host', 'a.example', '--allow-host', 'b.example,c.example'], {
      GHOSTEXEC_ALLOW_ORIGIN: 'https://page.example',
    });
    for (const [Host, status] of [
      ['a.example', 200],
      ['c.example', 200],
      ['d.example', 403],
    ] as const) {
      const answer = await raw(port, request('GET /state', { Host, Origin: 'https://page.example' }));
      expect(statusOf(answer)).toBe(status);
      expect(answer.includes('access-control-allow-origin: https://page.example')).toBe(status === 200);
    }
    const { out } = await fail(['--help']);
    for (const flag of ['--traces <path>', '--allow-host <name>', '--allow-origin <origin>'])
      expect(out).toContain(flag);
  });

  test('the validation token can be set by its variable alone, and is never shown', async () => {
    const token = 'hunter2-'.repeat(6);
    expect((await fail(['--help'], { OPENENV_VALIDATION_TOKEN: token })).out).not.toMatch(/validation/i);
    expect((await fail(['--validation-token', token])).code).toBe(2);
    for (const unfit of ['hunter2', `${token} ${token}`]) {
      const { code, err } = await fail([], { OPENENV_VALIDATION_TOKEN: unfit });
      expect(code).toBe(2);
      expect(err).toContain('OPENENV_VALIDATION_TOKEN');
      expect(err).not.toContain('nter2');
    }
    const flags = ['--port', '0', '--log-level', 'trace'];
    for (const [given, type] of [
      [token, 'validation_open'],
      ['', 'error'],
    ] as const) {
      const served = await serve(flags, { OPENENV_VALIDATION_TOKEN: given });
      const client = await Client.connect(`${served.url.replace('http', 'ws')}/ws`);
      const data = { schema_version: 1, token };
      expect((await client.ask({ type: 'validation_open', data })).type).toBe(type);
      expect((await client.ask({ type: 'validation_open', data })).type).toBe('error');
      served.child.kill('SIGTERM');
      expect(await served.ended).toBe(0);
      expect(served.out() + served.err()).not.toContain('hunter2');
    }
  });

  test('a port in use: exit 1 and one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, err } = failToListen(['--port', String(port)]);
    other.close();
    expect(code).toBe(1);
    expect(err).toBe(
      `ghostexec: cannot listen on 127.0.0.1, port ${port}: the port is in use; ` +
        'stop what listens there, or choose another port (0 takes a free one)\n',
    );
  });

  test('a host that is not an address of this machine: exit 1', () => {
    const { code, err } = failToListen(['--host', '192.0.2.1', '--port', '0']);
    expect(code).toBe(1);
    expect(err).toContain('192.0.2.1');
  });
});

describe('output', () => {
  test('has one line on stderr once /health answers', async () => {
    const { url, err } = await serve();
    expect(err()).toBe(
      `Ghostexec listens on ${url}, with the playground at ${url}/web/ and the documentation at ${url}/docs. Ctrl-C stops it.\n`,
    );
    const answer = await fetch(`${url}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'healthy' });
  });

  test('has a log line for each request, and no secret', async () => {
    const served = await serve(['--port', '0', '--log-level', 'trace'], { GHOSTEXEC_API_KEY: 'hunter2-key' });
    const { url, port, child } = served;
    const headers = { authorization: 'Bearer hunter2-key', cookie: 'hunter2', 'x-token': 'hunter2' };
    const post = (path: string, body: string) => fetch(`${url}${path}`, { method: 'POST', headers, body });
    const requests: [method: string, path: string, status: number][] = [
      ['GET', '/health', 200],
      ['GET', '/state', 401],
      ['POST', '/reset', 200],
      ['POST', '/reset', 422],
      ['POST', '/step', 422],
      ['GET', '/state', 404],
      ['GET', '/malformed-path', 400],
      ['GET', '/state', 401],
    ];
    await fetch(`${url}/health?api_key=hunter2-key`);
    await fetch(`${url}/state`, { headers: { authorization: 'Bearer hunter2-guess' } });
    const reset = await post('/reset', JSON.stringify({ note: 'hunter2' }));
    const length = (await reset.text()).length;
    await post('/reset', '{"password": "hunter2"');
    await post('/step', JSON.stringify({ action: { action_type: 'hunter2' } }));
    await fetch(`${url}/state?episode_id=hunter2`, { headers });
    for (const path of ['/%ff?api_key=hunter2-key', 'http://user:hunter2@x/state?token=hunter2']) {
      const socket = connect(port, '127.0.0.1');
      socket.write(request(`GET ${path}`, path.startsWith('/') ? headers : {}));
      await rest(socket);
    }
    const garbage = connect(port, '127.0.0.1');
    garbage.write('hunter2 hunter2\r\n\r\n');
    expect(statusOf(await rest(garbage))).toBe(400);
    child.kill('SIGTERM');
    expect(await served.ended).toBe(0);

    const lines = linesOf(served.out()).filter((line) => 'path' in line);
    expect(lines.map(({ method, path, status }) => [method, path, status])).toEqual(requests);
    expect(lines[2]).toMatchObject({ level: 30, msg: 'request', address: '127.0.0.1', ms: expect.any(Number) });
    expect(lines[2]?.bytes).toBeGreaterThanOrEqual(length);
    expect(new Set(lines.map(({ reqId }) => reqId)).size).toBe(requests.length);
    expect(served.out() + served.err()).not.toContain('hunter2');
  });

  test('has no log with --log-level silent', async () => {
    const served = await serve(['--port', '0', '--log-level', 'silent']);
    await fetch(`${served.url}/health`);
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    expect(served.out()).toBe('');
  });
});
