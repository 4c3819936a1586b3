/** A server behind a proxy with a path prefix: its redirects, the files of its pages, and which proxies may set the prefix. */
import { describe, expect, test } from 'vitest';
import { raw, request } from './support-guard.ts';
import { type ProxyOptions, startProxy } from './support-proxy.ts';
import { makeServer, startServer } from './support-server.ts';
import { Client } from './support-ws.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];
const FORWARDED = { 'x-forwarded-prefix': '/ghost' };

type Case = readonly [
  name: string,
  Parameters<typeof startServer>[0],
  Omit<ProxyOptions, 'prefix'> & { prefix?: string },
];
const CASES: readonly Case[] = [
  ['--base-path, a proxy that strips', { basePath: '/ghost' }, { strips: true }],
  ['--base-path, a proxy that does not', { basePath: '/ghost' }, { strips: false }],
  ['X-Forwarded-Prefix, a proxy that strips', { trustProxy: LOOPBACK }, { strips: true, headers: FORWARDED }],
  ['X-Forwarded-Prefix, a proxy that does not', { trustProxy: LOOPBACK }, { strips: false, headers: FORWARDED }],
  ['a path of several names', { basePath: '/a/b-c' }, { strips: false, prefix: '/a/b-c' }],
  ['the name of the environment, stripped', { basePath: '/ghostexec' }, { strips: true, prefix: '/ghostexec' }],
  ['the name of the environment', { basePath: '/ghostexec' }, { strips: false, prefix: '/ghostexec' }],
];

describe.each(CASES)('%s', (_, options, { prefix = '/ghost', ...proxy }) => {
  const started = async (): Promise<string> => {
    const { url } = await startServer(options);
    return (await startProxy(url, { prefix, ...proxy })) + prefix;
  };

  test('redirects stay below the prefix', async () => {
    const url = await started();
    const locations = ['', '/', '/web', '/web/traces/', '/web?a=b', '/redoc'].map(async (path) => {
      const answer = await fetch(url + path, { redirect: 'manual' });
      return [answer.status, answer.headers.get('location')];
    });
    expect(await Promise.all(locations)).toEqual([
      [307, `${prefix}/web/`],
      [307, `${prefix}/web/`],
      [307, `${prefix}/web/`],
      [307, `${prefix}/web/traces`],
      [307, `${prefix}/web/?a=b`],
      [307, `${prefix}/docs`],
    ]);
    expect((await fetch(url)).url).toBe(`${url}/web/`);
  });

  test.each(['/web/', '/web/traces', '/docs', '/docs/'])(
    'every file that %s loads exists below the prefix',
    async (page) => {
      const url = await started();
      const answer = await fetch(url + page);
      expect(answer.status).toBe(200);
      const html = await answer.text();
      const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
      expect(addresses.length).toBeGreaterThan(1);
      for (const address of addresses) {
        const file = new URL(address, answer.url);
        expect(file.pathname).toMatch(new RegExp(`^${prefix}/`));
        expect((await fetch(file)).status, file.href).toBe(200);
      }
    },
  );

  test('the OpenAPI document names the prefix, and the routes work below it', async () => {
    const url = await started();
    for (const path of ['/openapi.json', '/docs/json']) {
      expect(await (await fetch(url + path)).json()).toMatchObject({ servers: [{ url: prefix }] });
    }
    expect(await (await fetch(`${url}/metadata`)).json()).toMatchObject({ documentation_url: `${prefix}/docs` });
    const begun = await fetch(`${url}/reset`, { method: 'POST', body: '{"seed": 3}' });
    expect([begun.status, (await begun.json()).observation.seed]).toEqual([200, 3]);
    const splits = await fetch(`${url}/ghostexec/splits`);
    expect([splits.status, (await splits.json()).length]).toEqual([200, 3]);
    const wrong = await fetch(`${url}/reset`);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  });

  test('WebSockets open below the prefix', async () => {
    const url = (await started()).replace('http', 'ws');
    const client = await Client.connect(`${url}/ws`);
    expect((await client.reset({ seed: 5 })).data.observation.seed).toBe(5);
  });
});

test('a server with a base path also answers without it', async () => {
  const { app } = await makeServer({ basePath: '/ghost' });
  for (const path of ['/health', '/ghost/health', '/ghost/health/', 'http://localhost/ghost/health?a=b']) {
    expect((await app.inject(path)).statusCode, path).toBe(200);
  }
  for (const path of ['/ghosthealth', '/GHOST/health', '/ghost/ghost/health', '/gh%6fst/health', '/ghost//health']) {
    expect((await app.inject(path)).statusCode, path).toBe(404);
  }
  expect((await app.inject('/ghost/%ff')).json()).toMatchObject({ code: 'MALFORMED_PATH' });
});

test('a server without a base path adds no prefix', async () => {
  const { app } = await makeServer();
  expect((await app.inject({ url: '/', headers: FORWARDED })).headers.location).toBe('/web/');
  expect((await app.inject('/openapi.json')).json()).not.toHaveProperty('servers');
  expect((await app.inject('/ghost/health')).statusCode).toBe(404);
});

test('a key is required below a base path as without it', async () => {
  const { app } = await makeServer({ basePath: '/ghost', apiKey: 'k' });
  expect((await app.inject('/ghost/health')).statusCode).toBe(200);
  expect((await app.inject('/ghost/web/')).statusCode).toBe(200);
  for (const path of ['/ghost/state', '/ghost/web/state', '/ghost/web/api/options', '/ghost/nowhere']) {
    expect((await app.inject(path)).statusCode, path).toBe(401);
  }
});

describe('X-Forwarded-Prefix', () => {
  const located = async (
    trustProxy: string[],
    remoteAddress: string,
    value: string,
    basePath = '',
  ): Promise<unknown> => {
    const { app } = await makeServer({ trustProxy, basePath });
    const answer = await app.inject({ url: '/', remoteAddress, headers: { 'x-forwarded-prefix': value } });
    return answer.headers.location;
  };

  test.each([
    [['10.0.0.1'], '10.0.0.1', '/ghost/web/'],
    [['10.0.0.1'], '::ffff:10.0.0.1', '/ghost/web/'],
    [['10.0.0.0/8'], '10.9.8.7', '/ghost/web/'],
    [['fd00::/8'], 'fd00::1', '/ghost/web/'],
    [['10.0.0.1'], '10.0.0.2', '/web/'],
    [['10.0.0.0/8'], '11.0.0.1', '/web/'],
    [['fd00::/8'], '10.0.0.1', '/web/'],
    [[], '127.0.0.1', '/web/'],
  ])('with trusted proxies %j, from %s: redirect to %s', async (trusted, from, location) => {
    expect(await located(trusted, from, '/ghost')).toBe(location);
  });

  test('overrides --base-path, and / means no prefix', async () => {
    expect(await located(['10.0.0.1'], '10.0.0.1', '/other/', '/ghost')).toBe('/other/web/');
    expect(await located(['10.0.0.1'], '10.0.0.1', '/', '/ghost')).toBe('/web/');
    expect(await located(['10.0.0.1'], '10.0.0.9', '/other', '/ghost')).toBe('/ghost/web/');
  });

  test.each([
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/a/../b',
    '/..',
    '/.',
    '/a//b',
    'ghost',
    '/ghost, /other',
    '/a b',
    '/"><script>alert(1)</script>',
    "/'onload='x",
    '/a?b',
    '/a#b',
    '/a%2fb',
    '/a;b',
    '/ü',
    `/${'a'.repeat(300)}`,
    '/web',
    '/docs/more',
  ])('%j is not a valid prefix and is ignored', async (value) => {
    expect(await located(['127.0.0.1'], '127.0.0.1', value, '/ghost')).toBe('/ghost/web/');
    const { app } = await makeServer({ trustProxy: ['127.0.0.1'] });
    for (const url of ['/docs', '/openapi.json', '/metadata', '/web/']) {
      const { body } = await app.inject({ url, headers: { 'x-forwarded-prefix': value } });
      expect(body, url).toBe((await app.inject(url)).body);
    }
  });

  test('cannot inject a header', async () => {
    const { port } = await startServer({ trustProxy: LOOPBACK });
    const answer = await raw(port, request('GET /', { 'X-Forwarded-Prefix': '/a\r\n\tSet-Cookie: b=c' }));
    expect(answer).not.toMatch(/^set-cookie/im);
  });
});

test.each(['ghost', '/ghost/', '//ghost', '/a//b', '/..', '/a/.b', '/a b', '/<b>', '/web', '/ws/x', '/openapi.json'])(
  'the base path %j is refused',
  async (basePath) => {
    await expect(makeServer({ basePath })).rejects.toThrow('basePath');
  },
);

test.each(['proxy', '10.0.0.0/33', '10.0.0', 'fd00::/129', '10.0.0.1/8/8', '*', ''])(
  'the proxy %j is refused',
  async (proxy) => {
    await expect(makeServer({ trustProxy: [proxy] })).rejects.toThrow('trustProxy');
  },
);

test('the rate limit counts per client address behind a trusted proxy, else per connection address', async () => {
  const statuses = async (trustProxy: string[]): Promise<number[]> => {
    const { app } = await makeServer({ rateLimit: 1, trustProxy });
    const from = (client: string) => app.inject({ url: '/schema', headers: { 'x-forwarded-for': client } });
    return [(await from('1.1.1.1')).statusCode, (await from('2.2.2.2')).statusCode, (await from('1.1.1.1')).statusCode];
  };
  expect(await statuses(['127.0.0.1'])).toEqual([200, 200, 429]);
  expect(await statuses([])).toEqual([200, 429, 429]);
});
