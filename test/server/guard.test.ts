/** API key, rate limit and headers, tested with real requests. */
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Limiter, RateLimited } from '../../src/server/limiter.ts';
import { addSocket, raw, request, statusOf } from './support-guard.ts';
import { makeServer, startServer } from './support-server.ts';

const KEY = 'correct-horse';

function greet(url: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers });
    socket.on('message', (data) => {
      resolve(String(data));
      socket.close();
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

describe('the key', () => {
  test('is required on every path but /health', async () => {
    const { app } = await makeServer({ apiKey: KEY });
    for (const method of ['GET', 'HEAD'] as const) {
      expect((await app.inject({ method, url: '/health' })).statusCode).toBe(200);
    }
    for (const [method, url] of [
      ['GET', '/state'],
      ['POST', '/reset'],
      ['POST', '/step'],
      ['GET', '/metrics'],
      ['POST', '/health'],
      ['OPTIONS', '/health'],
      ['GET', '/no-such-path'],
      ['PROPFIND', '/no-such-path'],
    ] as const) {
      const refused = await app.inject({ method: method as 'GET', url });
      expect([url, refused.statusCode]).toEqual([url, 401]);
      expect(refused.headers['www-authenticate']).toBe('Bearer');
      expect(refused.json()).toEqual({
        detail: 'this server asks for a key: expected the header Authorization: Bearer <key>',
        code: 'UNAUTHORIZED',
      });
    }
  });

  test.each([
    [`Bearer ${KEY}`, 200],
    [`bearer ${KEY}`, 200],
    [`Bearer   ${KEY} `, 200],
    [`Bearer ${KEY}x`, 401],
    [`Bearer ${KEY.slice(0, -1)}`, 401],
    [`Bearer ${KEY.toUpperCase()}`, 401],
    [`Basic ${KEY}`, 401],
    [KEY, 401],
    ['Bearer', 401],
    ['Bearer ', 401],
    [`Bearer ${KEY} ${KEY}`, 401],
  ])('Authorization: %s is answered %i', async (authorization, status) => {
    const { app } = await makeServer({ apiKey: KEY });
    const answer = await app.inject({ url: '/state', headers: { authorization } });
    expect(answer.statusCode).toBe(status);
    expect(answer.body).not.toContain(KEY);
  });

  test.each([
    '//health',
    '/HEALTH',
    '/health/../state',
    '/health/..;/state',
    '/health/%2e%2e/state',
    '/health%2f..%2fstate',
    '/health;/state',
    '/state?/health',
    '/state#/health',
    '/./health',
    'http://x/state',
    'http://x/health/../state',
    '/state/',
    '/%73tate',
    '/health%00',
    '/%zz/health',
    '/web/api/options',
    '/web/metadata',
    '/web/state',
    '/web/state/',
    '/web/../state',
    '/web/%2e%2e/state',
    '/web/nothing',
  ])('cannot be bypassed with a path like %s', async (path) => {
    const { port } = await startServer({ apiKey: KEY });
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(statusOf(await raw(port, request(`${method} ${path}`)))).toBe(401);
    }
  });

  test.each([
    ['/', 307],
    ['/web', 307],
    ['/web/', 200],
    ['/web/traces', 200],
    ['/web/icon.svg', 200],
  ])('is not required for the page %s', async (path, status) => {
    const { app } = await makeServer({ apiKey: KEY });
    expect((await app.inject(path)).statusCode).toBe(status);
    expect((await app.inject({ method: 'POST', url: path })).statusCode).toBe(401);
  });

  test.each(['/health', '/health/', '/%68ealth', 'http://x/health', '/health?a=b'])(
    'is not required for %s',
    async (path) => {
      const { port } = await startServer({ apiKey: KEY });
      expect(statusOf(await raw(port, request(`GET ${path}`)))).toBe(200);
    },
  );

  test('in the query opens WebSockets and nothing else', async () => {
    const server = await makeServer({ apiKey: KEY });
    await addSocket(server);
    const url = await server.listen();
    expect(await greet(`${url}/greet`)).toContain('401');
    expect(await greet(`${url}/greet?api_key=wrong`)).toContain('401');
    expect(await greet(`${url}/greet?token=${KEY}`)).toContain('401');
    expect(await greet(`${url}/greet?api_key=${KEY}`)).toBe('welcome');
    expect(await greet(`${url}/greet`, { authorization: `Bearer ${KEY}` })).toBe('welcome');
    expect(await greet(`${url}/greet?api_key=${KEY}`, { authorization: 'Bearer wrong' })).toContain('401');
    expect((await fetch(`${url}/state?api_key=${KEY}`)).status).toBe(401);
  });

  test('is not required anywhere if the server has none', async () => {
    const { app } = await makeServer();
    expect((await app.inject('/state')).statusCode).toBe(200);
  });

  test('is refused at the start if no header can carry it', async () => {
    await expect(makeServer({ apiKey: 'two words' })).rejects.toThrow('apiKey');
    await expect(makeServer({ apiKey: '' })).rejects.toThrow('apiKey');
  });
});

describe('the rate limit', () => {
  test('answers 429 to the first request above it, counts per address, and does not apply to /health', async () => {
    const { app } = await makeServer({ rateLimit: 3 });
    const ask = (remoteAddress: string, url = '/state') => app.inject({ url, remoteAddress });
    for (let i = 0; i < 3; i++) expect((await ask('10.0.0.1')).statusCode).toBe(200);
    const refused = await ask('10.0.0.1');
    expect(refused.statusCode).toBe(429);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.json()).toEqual({
      detail: `more than 3 requests, messages and calls in a minute; try again in ${seconds} s`,
      code: 'RATE_LIMITED',
    });
    expect((await ask('10.0.0.1', '/no-such-path')).statusCode).toBe(429);
    expect((await ask('10.0.0.1', '/health')).statusCode).toBe(200);
    expect((await ask('10.0.0.2')).statusCode).toBe(200);
  });

  test('does not trust an address in a header of the client', async () => {
    const { app } = await makeServer({ rateLimit: 1 });
    const ask = (from: string) => app.inject({ url: '/state', headers: { 'x-forwarded-for': from } });
    expect((await ask('10.0.0.1')).statusCode).toBe(200);
    expect((await ask('10.0.0.2')).statusCode).toBe(429);
  });

  test('counts calls as well as requests; a limit of 0 refuses nothing', async () => {
    const limiter = new Limiter({ rateLimit: 2 });
    expect(limiter.active).toBe(true);
    for (const address of ['a', 'a', 'b']) await limiter.take(address);
    const refusal: unknown = await limiter.take('a').catch((error: unknown) => error);
    if (!(refusal instanceof RateLimited)) throw new TypeError('the third request of a minute was let in');
    const { retryAfter } = refusal;
    expect(Number.isInteger(retryAfter) && retryAfter >= 1 && retryAfter <= 60).toBe(true);
    await expect(limiter.take('c', 3)).rejects.toThrow('more than 2 requests, messages and calls in a minute');
    const none = new Limiter({ rateLimit: 0 });
    expect(none.active).toBe(false);
    for (let i = 0; i < 1_000; i++) await none.take('a', 1_000);
  });

  test('counts attempts to guess the key', async () => {
    const { app } = await makeServer({ rateLimit: 2, apiKey: KEY });
    const codes: number[] = [];
    for (const guess of ['a', 'b', KEY]) {
      codes.push((await app.inject({ url: '/state', headers: { authorization: `Bearer ${guess}` } })).statusCode);
    }
    expect(codes).toEqual([401, 401, 429]);
  });
});

describe('security headers', () => {
  const CSP =
    "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'self' https://huggingface.co https://*.hf.space";

  test.each([
    ['GET', '/state', 200],
    ['GET', '/no-such-path', 404],
    ['GET', '/%zz', 400],
    ['GET', '/reset', 405],
    ['POST', '/step', 422],
  ] as const)('are in the answer to %s %s (%i)', async (method, url, status) => {
    const { app } = await makeServer();
    const { headers, statusCode } = await app.inject({ method, url });
    expect(statusCode).toBe(status);
    expect(headers['content-security-policy']).toBe(CSP);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    for (const name of [
      'x-frame-options',
      'strict-transport-security',
      'access-control-allow-origin',
      'x-powered-by',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  test('are in refusals', async () => {
    const { app } = await makeServer({ apiKey: KEY, rateLimit: 1 });
    expect((await app.inject('/state')).headers['content-security-policy']).toBe(CSP);
    const limited = await app.inject('/state');
    expect(limited.statusCode).toBe(429);
    expect(limited.headers['content-security-policy']).toBe(CSP);
  });

  test('can be overridden by a route', async () => {
    const { app } = await makeServer();
    app.get('/own', (_request, reply) => reply.header('Content-Security-Policy', "default-src 'self'").send('x'));
    expect((await app.inject('/own')).headers['content-security-policy']).toBe("default-src 'self'");
  });
});

describe('pages of other origins', () => {
  const statusFor = async (options: object, origin: string | undefined): Promise<number> => {
    const { app } = await makeServer(options);
    return (await app.inject({ url: '/state', headers: origin === undefined ? {} : { origin } })).statusCode;
  };

  test.each([undefined, 'http://localhost:3000', 'http://127.0.0.1:8000', 'http://[::1]:5173'])(
    'a loopback server accepts the origin %s',
    async (origin) => {
      expect(await statusFor({}, origin)).toBe(200);
    },
  );

  test.each(['https://evil.example', 'http://localhost.evil.example', 'null', 'http://127.0.0.1.nip.io'])(
    'a loopback server refuses the origin %s',
    async (origin) => {
      expect(await statusFor({}, origin)).toBe(403);
    },
  );

  test('a loopback server refuses WebSockets of other origins', async () => {
    const { url } = await startServer({}, addSocket);
    const closed = await greet(`${url}/greet`, { origin: 'https://evil.example' });
    expect(closed).toContain('403');
  });

  test('a server on a network address, or with a key, does not check the origin', async () => {
    expect(await statusFor({ host: '0.0.0.0' }, 'https://evil.example')).toBe(200);
    expect(await statusFor({ apiKey: KEY }, 'https://evil.example')).toBe(401);
  });
});
