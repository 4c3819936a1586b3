/** Foreign host names that resolve to the server, and pages of other origins. */
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { hostName, isLoopback, isMachineName, originOf } from '../../src/server/names.ts';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { bodyOf, raw, request, statusOf } from './support-guard.ts';
import { makeServer, sharedServer, startServer } from './support-server.ts';

const LOOPBACK = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'sub.localhost',
  'A.Sub.LocalHost.',
  '127.0.0.1',
  '127.0.0.1.',
  '127.255.0.9',
  '127.1',
  '0x7f.1',
  '2130706433',
  '017700000001',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7f00:1]',
];
const FOREIGN = [
  'evil.example',
  'localhost.evil.example',
  'notlocalhost',
  'localhost..',
  '127.0.0.1.nip.io',
  '128.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '[::2]',
  '[::ffff:10.0.0.1]',
  'evil.example/localhost',
  'localhost@evil.example',
  'evil.example#localhost',
  'evil.example?.localhost',
  'evil.example\\.localhost',
  'localhost, evil.example',
  'localhost:99999',
];
const WEBSOCKET = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const PREFLIGHT = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' };

async function open(url: string, headers: Record<string, string>): Promise<string> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

test('host names are normalized', () => {
  expect(LOOPBACK.map((name) => isLoopback(hostName(name) ?? ''))).toEqual(LOOPBACK.map(() => true));
  expect(FOREIGN.map((name) => isLoopback(hostName(name) ?? ''))).toEqual(FOREIGN.map(() => false));
  expect(['A.Example.', 'a.example:80', '::1', '[::1]:80', '', 'a b', 'a/b'].map(hostName)).toEqual([
    'a.example',
    'a.example',
    '::1',
    '::1',
    undefined,
    undefined,
    undefined,
  ]);
  expect(['a.example', '::1', '[::1]', '10.0.0.1'].map(isMachineName)).toEqual([true, true, true, true]);
  expect(['a.example:80', '[::1]:80', 'http://a', ''].map(isMachineName)).toEqual(Array(4).fill(false));
  expect(originOf('HTTPS://A.example:443/')).toBe('https://a.example');
  expect(['https://a.example/x', 'a.example', 'null', 'file:///x', 'https://u@a'].map(originOf)).toEqual(
    Array(5).fill(undefined),
  );
});

describe('a server on a loopback address without a key', () => {
  const server = sharedServer();

  test.each(LOOPBACK)('accepts the host name %s, with and without a port, and pages of that origin', async (name) => {
    const { port } = server();
    for (const Host of [name, `${name}:${port}`]) {
      expect(statusOf(await raw(port, request('GET /state', { Host, Origin: `http://${name}:3000` })))).toBe(200);
    }
  });

  test.each(FOREIGN)('refuses the host name %s', async (Host) => {
    const { port } = server();
    const answer = await raw(port, request('GET /state', { Host }));
    expect(statusOf(answer)).toBe(403);
    expect(bodyOf(answer)).toEqual({ detail: expect.stringContaining('--allow-host'), code: 'FOREIGN_HOST' });
    expect(answer).toMatch(/content-security-policy/i);
  });

  test.each([
    ['GET /health'],
    ['HEAD /health'],
    ['GET /'],
    ['GET /web'],
    ['GET /web/api/options'],
    ['GET /docs'],
    ['GET /openapi.json'],
    ['GET /nowhere'],
    ['GET /%zz'],
    ['POST /reset'],
    ['POST /mcp'],
    ['DELETE /batch/x'],
    ['GET /ws', WEBSOCKET],
    ['GET /mcp', WEBSOCKET],
    ['GET /ws', { Connection: 'Upgrade, close', Upgrade: 'h2c' }],
    ['OPTIONS /reset', { Origin: 'http://evil.example', ...PREFLIGHT }],
  ] as [string, Record<string, string>?][])(
    'refuses a foreign host name on %s (%j)',
    async (line: string, headers: Record<string, string> = {}) => {
      const answer = await raw(server().port, request(line, { Host: 'evil.example', ...headers }));
      expect(statusOf(answer)).toBe(403);
      if (!line.startsWith('HEAD')) expect(bodyOf(answer)).toMatchObject({ code: 'FOREIGN_HOST' });
    },
  );

  test('accepts a request without a Host header, which no page can send, but not an empty name', async () => {
    expect(statusOf(await raw(server().port, 'GET /state HTTP/1.0\r\n\r\n'))).toBe(200);
    expect(statusOf(await raw(server().port, request('GET /state', { Host: '' })))).toBe(403);
  });

  test('sends no CORS header, and refuses preflights', async () => {
    const { url } = server();
    const answer = await fetch(`${url}/reset`, {
      method: 'OPTIONS',
      headers: { ...PREFLIGHT, origin: 'http://localhost' },
    });
    expect(answer.status).toBe(405);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

test.each(['LOCALHOST', '127.1', '127.0.0.2', '::1', '0:0::1', '::ffff:127.0.0.1'])(
  'a server that listens on %s refuses foreign names and origins',
  async (host) => {
    const { app } = await makeServer({ host });
    expect((await app.inject({ url: '/state', headers: { host: 'evil.example' } })).statusCode).toBe(403);
    expect((await app.inject({ url: '/state', headers: { origin: 'http://evil.example' } })).statusCode).toBe(403);
  },
);

test.each([{ host: '0.0.0.0' }, { host: '::' }, { apiKey: 'k' }])(
  'a server with %j accepts any host name',
  async (options) => {
    const { app } = await makeServer(options);
    const headers = { host: 'any.example', authorization: 'Bearer k' };
    expect((await app.inject({ url: '/state', headers })).statusCode).toBe(200);
  },
);

describe('--allow-host', () => {
  test('allows the host names, and the pages of their origins', async () => {
    const { url, port } = await startServer({ allowHost: ['My.example.', '10.0.0.1', '::2'] });
    for (const Host of ['my.example', 'MY.EXAMPLE:443', '10.0.0.1:80', '[::2]', 'localhost']) {
      expect(statusOf(await raw(port, request('GET /state', { Host })))).toBe(200);
    }
    const own = { Host: 'my.example', Origin: 'https://my.example' };
    expect(statusOf(await raw(port, request('POST /reset', { ...own, 'Content-Length': '0' })))).toBe(200);
    expect(await open(`${url}/ws`, own)).toBe('open');
    const other = { Host: 'my.example', Origin: 'https://other.example' };
    expect(bodyOf(await raw(port, request('GET /state', other)))).toMatchObject({ code: 'FOREIGN_ORIGIN' });
    expect(statusOf(await raw(port, request('GET /state', { Host: 'sub.my.example' })))).toBe(403);
  });

  test('* allows all', async () => {
    const { port } = await startServer({ allowHost: ['*'] });
    expect(statusOf(await raw(port, request('GET /state', { Host: 'any.example' })))).toBe(200);
  });

  test.each(['my.example:80', 'http://my.example', ''])('refuses %j as a host name', async (name) => {
    await expect(makeServer({ allowHost: [name] })).rejects.toThrow('expected a name without a port');
  });
});

describe('--allow-origin', () => {
  const ALLOWED = 'https://a.example';
  const answerOf = async (options: ServerOptionsInput, headers: Record<string, string>, method = 'GET') => {
    const { app } = await makeServer(options);
    return app.inject({ method: method as 'GET', url: '/reset', headers });
  };

  test.each([{}, { apiKey: 'k' }, { host: '0.0.0.0', rateLimit: 1 }])(
    'sends CORS headers to the allowed origins alone, with %j',
    async (more) => {
      const options = { ...more, allowOrigin: [`${ALLOWED}/`, 'http://b.example:8080'] };
      const preflight = await answerOf(options, { origin: ALLOWED, ...PREFLIGHT }, 'OPTIONS');
      expect(preflight.statusCode).toBe(204);
      expect(preflight.headers).toMatchObject({
        'access-control-allow-origin': ALLOWED,
        'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
        'access-control-allow-headers':
          'authorization, content-type, content-encoding, accept, mcp-session-id, mcp-protocol-version, x-api-key, x-session-id',
        'access-control-max-age': '600',
        'x-content-type-options': 'nosniff',
      });
      for (const origin of ['https://other.example', 'http://a.example', `${ALLOWED}:8443`, 'null']) {
        const refused = await answerOf(options, { origin, ...PREFLIGHT }, 'OPTIONS');
        expect(refused.headers['access-control-allow-origin']).toBeUndefined();
      }
      const { app } = await makeServer(options);
      for (const authorization of ['Bearer k', 'Bearer wrong', 'Bearer k']) {
        const headers = { origin: 'http://b.example:8080', authorization };
        const answer = await app.inject({ method: 'POST', url: '/reset', headers });
        // The page can read refusals too.
        expect(answer.headers).toMatchObject({
          'access-control-allow-origin': 'http://b.example:8080',
          'access-control-expose-headers': 'mcp-session-id, retry-after',
          vary: expect.stringContaining('Origin'),
        });
        if (authorization === 'Bearer wrong' && 'apiKey' in more) expect(answer.statusCode).toBe(401);
      }
    },
  );

  test('lets pages of the allowed origins use a loopback server, over HTTP and WebSockets', async () => {
    const { url } = await startServer({ allowOrigin: [ALLOWED] });
    expect((await fetch(`${url}/state`, { headers: { origin: ALLOWED } })).status).toBe(200);
    expect(await open(`${url}/ws`, { origin: ALLOWED })).toBe('open');
    expect((await fetch(`${url}/state`, { headers: { origin: 'https://other.example' } })).status).toBe(403);
    expect(await open(`${url}/mcp`, { origin: 'https://other.example' })).toContain('403');
  });

  test('* allows all', async () => {
    const answer = await answerOf({ allowOrigin: ['*'] }, { origin: 'https://any.example' }, 'POST');
    expect([answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([200, '*']);
  });

  test('an OPTIONS request without the preflight headers is an ordinary request', async () => {
    const options = { apiKey: 'k', allowOrigin: [ALLOWED] };
    expect((await answerOf(options, { origin: ALLOWED }, 'OPTIONS')).statusCode).toBe(401);
    const answer = await answerOf(options, { origin: ALLOWED, authorization: 'Bearer k' }, 'OPTIONS');
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
  });

  test.each(['a.example', 'https://a.example/x', 'null'])('refuses %j as an origin', async (origin) => {
    await expect(makeServer({ allowOrigin: [origin] })).rejects.toThrow('expected an origin as https://a.example');
  });
});
