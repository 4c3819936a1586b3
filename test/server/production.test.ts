/** Production mode: what needs the key of the trainer, and what an agent reaches. */
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { AGENT_ROUTES } from '../../src/server/guard.ts';
import { parseServerOptions } from '../../src/server/options.ts';
import { Prefix } from '../../src/server/prefix.ts';
import type { Server } from '../../src/server/server.ts';
import { raw, request, statusOf } from './support-guard.ts';
import { makeServer, sharedServer, startServer } from './support-server.ts';

const TRAINER = 'the-trainer';
const AGENT = 'the-agent';
const PRODUCTION = { mode: 'production', trainerKey: TRAINER, apiKey: AGENT } as const;

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

type Method = 'GET' | 'POST';
type Route = { readonly method: Method; readonly url: string; readonly path: string };

/** A server and all its routes, as it adds them itself. */
async function routesOf(options: Parameters<typeof makeServer>[0]): Promise<{ server: Server; routes: Route[] }> {
  const routes: Route[] = [];
  const { watch } = Prefix.prototype;
  const spy = vi.spyOn(Prefix.prototype, 'watch').mockImplementation(function (this: Prefix, app) {
    app.addHook('onRoute', ({ url, method }) => {
      const path = url.replace(/:env/, 'ghostexec').replace(/:\w+|\*/g, 'x');
      for (const one of [method].flat()) routes.push({ method: one as Method, url, path });
    });
    watch.call(this, app);
  });
  onTestFinished(() => spy.mockRestore());
  const server = await makeServer(options);
  return { server, routes };
}

describe('the route table', () => {
  test('is closed to agents, except for the routes that they need', async () => {
    const { server, routes } = await routesOf({ ...PRODUCTION, oracle: true, allowOrigin: ['https://a.example'] });
    const ask = async ({ method, path }: Route, headers: Record<string, string> = {}) =>
      (await server.app.inject({ method, url: path, headers })).statusCode;
    expect(routes.length).toBeGreaterThan(100);
    const open: string[] = [];
    for (const route of routes) {
      const name = `${route.method} ${route.url}`;
      const statuses = [await ask(route), await ask(route, bearer('wrong')), await ask(route, bearer(AGENT))];
      if (statuses[2] !== 403) open.push(name);
      else expect([name, ...statuses]).toEqual([name, 401, 401, 403]);
    }
    const heads = [...AGENT_ROUTES]
      .filter((name) => name.startsWith('GET '))
      .map((name) => name.replace('GET', 'HEAD'));
    expect(open.sort()).toEqual([...AGENT_ROUTES, ...heads].sort());
  });

  test('is open to the trainer', async () => {
    const { server, routes } = await routesOf(PRODUCTION);
    for (const { method, url, path } of routes) {
      const { statusCode } = await server.app.inject({ method, url: path, headers: bearer(TRAINER) });
      expect([method, url, [401, 403, 500].includes(statusCode) ? statusCode : 'served']).toEqual([
        method,
        url,
        'served',
      ]);
    }
  });

  test('is closed by default: a new route needs the key of the trainer', async () => {
    const { app } = await makeServer(PRODUCTION);
    app.get('/new', async () => 'secret');
    app.get('/web/new', async () => 'secret');
    for (const url of ['/new', '/web/new']) {
      expect((await app.inject({ url, headers: bearer(AGENT) })).statusCode).toBe(403);
      expect((await app.inject({ url, headers: bearer(TRAINER) })).body).toBe('secret');
    }
  });
});

describe('an agent', () => {
  const server = sharedServer(PRODUCTION);

  beforeAll(async () => {
    const body = JSON.stringify({ episode_id: 'mine', task_id: 'phase2_core', seed: 1 });
    const begun = await fetch(`${server().url}/reset`, { method: 'POST', body, headers: bearer(TRAINER) });
    expect(begun.status).toBe(200);
  });

  const call = (key: string | undefined, method: string, params: object = {}): Promise<Response> =>
    fetch(`${server().url}/mcp/episodes/mine`, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      ...(key === undefined ? {} : { headers: bearer(key) }),
    });

  test('plays the episode of its trainer, and nothing else answers it', async () => {
    const played = await (await call(AGENT, 'tools/call', { name: 'do_nothing' })).json();
    expect(played).toMatchObject({ result: { structuredContent: { step_ok: true } } });
    const state = `${server().url}/state?episode_id=mine`;
    const refused = await fetch(state, { headers: bearer(AGENT) });
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { detail: 'in production mode this route needs the key of the trainer', code: 'TRAINER_ONLY' },
    ]);
    expect(await (await fetch(state, { headers: { 'x-api-key': TRAINER } })).json()).toMatchObject({ step_count: 1 });
  });

  test('needs its key, and the trainer may play too', async () => {
    expect((await call(undefined, 'tools/list')).status).toBe(401);
    expect((await call('wrong', 'tools/list')).status).toBe(401);
    expect((await call(TRAINER, 'tools/list')).status).toBe(200);
  });

  test('reads health without a key, metadata and the rules with it', async () => {
    const read = (path: string, key?: string) =>
      fetch(server().url + path, key === undefined ? {} : { headers: bearer(key) });
    expect((await read('/health')).status).toBe(200);
    for (const path of ['/metadata', '/schema', '/system_prompt']) {
      expect([path, (await read(path)).status, (await read(path, AGENT)).status]).toEqual([path, 401, 200]);
    }
    expect(await (await read('/metadata', AGENT)).json()).toMatchObject({ mode: 'production' });
  });

  test.each([
    '/mcp/episodes/mine/../../../state',
    '/mcp/episodes/..%2f..%2fstate',
    '/health/../state',
    '/health/%2e%2e/state',
    '/state?/health',
    '//health',
    '/mcp/episodes/',
    '/mcp/episodes',
    '/mcp/',
    'http://x/state',
    '/%73tate',
    '/%zz/health',
    '/nothing',
  ])('reaches nothing by a path like %s', async (path) => {
    const given = request(`GET ${path}`, bearer(AGENT));
    expect([403, 405]).toContain(statusOf(await raw(server().port, given)));
  });

  test.each(['/ws', '/mcp', '/ws?session_id=x'])('cannot open the WebSocket %s', async (path) => {
    const inQuery = (key: string) => `${path}${path.includes('?') ? '&' : '?'}api_key=${key}`;
    const { port } = server();
    expect([await opened(port, path, bearer(AGENT)), await opened(port, inQuery(AGENT))]).toEqual([403, 403]);
    expect([await opened(port, path), await opened(port, inQuery('wrong'))]).toEqual([401, 401]);
  });

  test.each([
    ['/mcp/episodes/mine', 405],
    ['/nothing', 403],
  ])('cannot make a WebSocket of %s', async (path, status) => {
    expect(await opened(server().port, path, bearer(AGENT))).toBe(status);
  });

  test('the trainer can, with its key in a header or in the query', async () => {
    expect(await opened(server().port, '/ws', bearer(TRAINER))).toBe(101);
    expect(await opened(server().port, `/mcp?api_key=${TRAINER}`)).toBe(101);
  });
});

/** The status with which a WebSocket is refused; 101 if it is opened. */
function opened(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    socket.on('error', reject);
  });
}

test('without a key of agents their routes need none, and all others need that of the trainer', async () => {
  const { app } = await makeServer({ mode: 'production', trainerKey: TRAINER });
  const begun = { method: 'POST', url: '/reset', payload: { episode_id: 'mine' } } as const;
  expect((await app.inject(begun)).statusCode).toBe(401);
  expect((await app.inject({ ...begun, headers: bearer(TRAINER) })).statusCode).toBe(200);
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  const listed = await app.inject({ method: 'POST', url: '/mcp/episodes/mine', payload: list });
  expect(listed.json()).toHaveProperty('result.tools');
  expect((await app.inject('/web/')).statusCode).toBe(401);
});

test('in simulation mode the metadata say so, and one key opens everything', async () => {
  const { url } = await startServer({ apiKey: AGENT });
  const metadata = await fetch(`${url}/metadata`, { headers: bearer(AGENT) });
  expect(await metadata.json()).toMatchObject({ mode: 'simulation' });
});

test.each([
  [{ mode: 'production' } as const, /trainerKey: missing; the mode production needs one/],
  [{ trainerKey: TRAINER }, /trainerKey: it has a meaning only in the mode production/],
  [{ mode: 'production', trainerKey: AGENT, apiKey: AGENT } as const, /trainerKey: expected another key than apiKey/],
])('the options %j are refused', (options, message) => {
  expect(() => parseServerOptions(options)).toThrow(message);
});
