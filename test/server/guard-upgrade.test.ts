/** Requests for a protocol upgrade: WebSocket paths upgrade, all others get the plain answer. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { bodyOf, raw, statusOf } from './support-guard.ts';
import { makeServer, sharedServer, startServer } from './support-server.ts';

const H2C = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' };
const WEBSOCKET = {
  Connection: 'keep-alive, Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** A request that keeps the connection open, unless a header says otherwise. */
const ask = (line: string, headers: Readonly<Record<string, string>> = {}, body = ''): string =>
  `${line} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;
const LAST = ask('GET /health', { Connection: 'close' });
const HEALTHY = '{"status":"healthy"}';
const statusesOf = (answers: string): number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

const warnings: Error[] = [];
const warned = (warning: Error): void => {
  warnings.push(warning);
};
process.on('warning', warned);
afterEach(() => expect(warnings.splice(0)).toEqual([]));

describe('an upgrade request outside the WebSocket paths is served as a plain one, and the connection stays open', () => {
  const server = sharedServer();

  test.each([
    ['h2c', H2C],
    ['something else', { Connection: 'upgrade', Upgrade: 'foo' }],
    ['two protocols', { Connection: 'Upgrade', Upgrade: 'foo/2, h2c' }],
    ['a WebSocket in a list', { ...WEBSOCKET, Upgrade: 'websocket, h2c' }],
  ])('GET with Upgrade: %s', async (_name, headers) => {
    const answers = await raw(server().port, ask('GET /state?x=1', headers) + LAST);
    expect(statusesOf(answers)).toEqual([200, 200]);
    expect(answers).toMatch(/"episode_id":null.*\{"status":"healthy"\}$/s);
    expect(answers.match(/Content-Security-Policy/gi)).toHaveLength(2);
  });

  test.each([
    ['announced', { 'Content-Length': '11' }, '{"seed": 7}'],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, '4\r\n{"se\r\n7\r\ned": 7}\r\n0\r\n\r\n'],
  ])('POST whose body is %s', async (_name, headers, body) => {
    const answers = await raw(server().port, ask('POST /reset', { ...H2C, ...headers }, body) + LAST);
    expect(statusesOf(answers)).toEqual([200, 200]);
    expect(answers).toContain('"seed":7');
  });

  test('POST whose body follows after 100 Continue', async () => {
    const socket = connect(server().port, '127.0.0.1').setEncoding('utf8');
    socket.write(ask('POST /reset', { ...H2C, Expect: '100-continue', 'Content-Length': '11' }));
    expect((await once(socket, 'data'))[0]).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    let answers = '';
    socket.on('data', (chunk) => {
      answers += chunk;
    });
    socket.write('{"seed"');
    socket.write(`: 7}${LAST}`);
    await once(socket, 'close');
    expect(statusesOf(answers)).toEqual([200, 200]);
    expect(answers).toContain('"seed":7');
  });

  test('a client that has ended its side of the connection still gets the answer', async () => {
    const socket = connect(server().port, '127.0.0.1').setEncoding('utf8');
    socket.end(ask('GET /health', H2C));
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toContain(HEALTHY);
  });

  test('after pending requests, many times on one connection, without leaks', async () => {
    const many = (ask('GET /openapi.json') + ask('GET /health') + ask('GET /health', H2C).repeat(30)).repeat(2);
    const answers = await raw(server().port, many + LAST);
    expect(statusesOf(answers)).toEqual(Array(65).fill(200));
    expect(answers.split(HEALTHY)).toHaveLength(64);
    expect(answers.match(/"openapi":"3\.1\.0"/g)).toHaveLength(2);
  });

  test.each(['/health', '/web', '/state', '/nowhere', '/reset', '/%zz'])('a WebSocket on %s', async (path) => {
    const [asked, plain] = [WEBSOCKET, {}].map((headers) => raw(server().port, ask(`GET ${path}`, headers) + LAST));
    expect(statusesOf((await asked) ?? '')).toEqual(statusesOf((await plain) ?? ''));
  });

  test.each(['/ws', '/text/ws', '/mcp'])('h2c on %s', async (path) => {
    const { url, port } = server();
    const plain = await fetch(url + path);
    const answers = await raw(port, ask(`GET ${path}`, H2C) + LAST);
    expect(statusesOf(answers)).toEqual([plain.status, 200]);
    expect(answers).toContain(await plain.text());
    const posted = await raw(port, ask('POST /mcp', { ...WEBSOCKET, 'Content-Length': '2' }, '{}') + LAST);
    expect(posted).toContain('"jsonrpc":"2.0"');
  });

  test.each(['/ws', '/ws/', '/%77s?x=/health', '/text/ws', '/mcp', 'http://localhost/ws'])(
    'a WebSocket on %s is accepted',
    async (path) => {
      const socket = connect(server().port, '127.0.0.1').setEncoding('utf8');
      socket.write(ask('GET /health') + ask(`GET ${path}`, WEBSOCKET));
      let answers = '';
      for await (const chunk of socket) {
        answers += chunk;
        if (statusesOf(answers).length === 2 && answers.includes('Sec-WebSocket-Accept')) break;
      }
      expect(statusesOf(answers)).toEqual([200, 101]);
    },
  );
});

describe('an invalid handshake', () => {
  const server = sharedServer();

  test.each([
    ['another version', { 'Sec-WebSocket-Version': '7' }, 426, 'UPGRADE_REQUIRED', '"7"'],
    ['no version', { 'Sec-WebSocket-Version': '' }, 426, 'UPGRADE_REQUIRED', 'Sec-WebSocket-Version'],
    ['an invalid key', { 'Sec-WebSocket-Key': 'x' }, 400, 'BAD_HANDSHAKE', '"x"'],
  ])('%s: the answer says what was expected', async (_name, headers, status, code, quoted) => {
    const answer = await raw(server().port, ask('GET /ws', { ...WEBSOCKET, ...headers }));
    expect(statusOf(answer)).toBe(status);
    expect(bodyOf(answer)).toEqual({ detail: expect.stringContaining(quoted), code });
    expect(answer).toMatch(/content-security-policy/i);
    expect(/sec-websocket-version: 13/i.test(answer)).toBe(status === 426);
  });

  test('no key', async () => {
    const { 'Sec-WebSocket-Key': _key, ...headers } = WEBSOCKET;
    const answer = await raw(server().port, ask('GET /mcp', headers));
    expect([statusOf(answer), bodyOf(answer)]).toEqual([400, expect.objectContaining({ code: 'BAD_HANDSHAKE' })]);
  });

  test('CONNECT is refused after the requests before it are answered, and is counted', async () => {
    const { url, port } = server();
    const answers = await raw(port, ask('GET /health') + ask('CONNECT example.org:443'));
    expect(statusesOf(answers)).toEqual([200, 501]);
    expect(bodyOf(answers.slice(answers.indexOf('HTTP/1.1 501')))).toMatchObject({ code: 'NO_PROXY' });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('ghostexec_errors_total{code="NO_PROXY"} 1');
  });
});

test('an upgrade request requires the API key; a key in the query opens WebSockets alone', async () => {
  const { port } = await startServer({ apiKey: 'k' });
  expect(statusesOf(await raw(port, ask('GET /state', H2C) + LAST))).toEqual([401, 200]);
  expect(statusesOf(await raw(port, ask('GET /state?api_key=k', WEBSOCKET) + LAST))).toEqual([401, 200]);
  expect(statusesOf(await raw(port, ask('GET /state', { ...H2C, Authorization: 'Bearer k' }) + LAST))).toEqual([
    200, 200,
  ]);
  expect(statusOf(await raw(port, ask('GET /ws', WEBSOCKET)))).toBe(401);
});

test('the server stays up when clients vanish during an upgrade, and does not wait for them when it closes', async () => {
  const server = await makeServer();
  const port = Number(new URL(await server.listen()).port);
  for (const bytes of [ask('GET /openapi.json') + ask('GET /state', H2C), ask('GET /state', H2C)]) {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    socket.resetAndDestroy();
  }
  const idle = connect(port, '127.0.0.1');
  idle.write(ask('GET /health', H2C));
  await once(idle, 'data');
  const closed = once(idle, 'close');
  await server.close();
  await closed;
});
