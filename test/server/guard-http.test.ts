/** Malformed requests and requests that cannot be served get an answer, and the server stays up. */
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bodyOf, raw, request, rest, statusOf } from './support-guard.ts';
import { makeServer, startServer } from './support-server.ts';

describe('bytes that are not HTTP', () => {
  test.each([
    ['a greeting', 'hello\r\n\r\n'],
    ['binary', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
    ['no host', 'GET /state HTTP/1.1\r\n\r\n'],
    ['a header without a name', 'GET /state HTTP/1.1\r\nHost: localhost\r\n: y\r\n\r\n'],
    ['two lengths', 'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
    ],
    ['a negative length', 'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
    ['a broken chunk', 'POST /reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['an unknown method', 'BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('%s: 400', async (_name, bytes) => {
    const { port, url } = await startServer();
    expect(statusOf(await raw(port, bytes))).toBe(400);
    expect((await fetch(`${url}/state`)).status).toBe(200);
  });

  test('the answer has the shape of all error answers', async () => {
    const { port } = await startServer();
    expect(bodyOf(await raw(port, 'hello\r\n\r\n'))).toEqual({
      detail: 'the bytes that were sent are not an HTTP request',
      code: 'BAD_REQUEST',
    });
  });

  test('huge headers: 431', async () => {
    const { port, url } = await startServer();
    const answer = await raw(port, request('GET /state', { 'X-Long': 'x'.repeat(1_000_000) }));
    expect(statusOf(answer)).toBe(431);
    expect(bodyOf(answer)).toEqual({
      detail: 'the headers are larger than the limit of 16384 bytes',
      code: 'HEADERS_TOO_LARGE',
    });
    expect((await fetch(`${url}/state`)).status).toBe(200);
  });

  test('the server stays up when clients vanish', async () => {
    const { port, url } = await startServer();
    for (const bytes of [
      '',
      'GET',
      'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{',
      'x\r\n\r\n',
    ]) {
      const socket = connect(port, '127.0.0.1');
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.resetAndDestroy();
    }
    expect((await fetch(`${url}/state`)).status).toBe(200);
  });

  test('slow clients have time limits', async () => {
    const http = (await makeServer()).app.server;
    expect(http.headersTimeout).toBe(20_000);
    expect(http.requestTimeout).toBe(120_000);
    expect(http.keepAliveTimeout).toBe(75_000);
  });
});

describe('requests that cannot be served', () => {
  test('a path that cannot be decoded: 400', async () => {
    const { app } = await makeServer();
    const answer = await app.inject('/a%ffb?secret=x');
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({ detail: 'the path has a % that is not followed by UTF-8', code: 'MALFORMED_PATH' });
  });

  test.each([
    ['GET', '/reset', 'POST'],
    ['DELETE', '/step', 'POST'],
    ['POST', '/state', 'GET, HEAD'],
    ['OPTIONS', '/state/', 'GET, HEAD'],
    ['PROPFIND', '/state?a=b', 'GET, HEAD'],
    ['PATCH', '/things/7', 'DELETE, GET, HEAD'],
    ['POST', '/files/a/b', 'GET, HEAD'],
  ] as const)('%s %s: 405, allowed is %s', async (method, url, allow) => {
    const { app } = await makeServer();
    app.get('/things/:id', async () => ({}));
    app.delete('/things/:id', async () => ({}));
    app.get('/files/*', async () => ({}));
    const answer = await app.inject({ method: method as 'GET', url });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.json().code).toBe('METHOD_NOT_ALLOWED');
  });

  test.each(['/nowhere', '/state/x', '/things/', '/things/7/x', '/'.repeat(500), `/${'a'.repeat(8_000)}`])(
    'no such path: 404 (%#)',
    async (url) => {
      const { app } = await makeServer();
      app.get('/things/:id', async () => ({}));
      const answer = await app.inject({ method: 'PATCH', url });
      expect(answer.statusCode).toBe(404);
      expect(answer.json().code).toBe('NOT_FOUND');
      expect(answer.body.length).toBeLessThan(500);
    },
  );

  test.each(['announced', 'in chunks'])('a body that is too large: 413 with the limit (%s)', async (how) => {
    const { port, url } = await startServer({ bodyLimit: 1 });
    const body = 'x'.repeat(3 * 2 ** 20);
    const answer = await raw(
      port,
      how === 'announced'
        ? request('POST /reset', { 'Content-Length': String(body.length) }, body)
        : request(
            'POST /reset',
            { 'Transfer-Encoding': 'chunked' },
            `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
          ),
    );
    expect(statusOf(answer)).toBe(413);
    expect(bodyOf(answer)).toEqual({
      detail: 'the body is larger than the limit of 1 MiB (--body-limit)',
      code: 'BODY_TOO_LARGE',
    });
    expect((await fetch(`${url}/state`)).status).toBe(200);
  });

  test('a client that is still sending too large a body can read the refusal', async () => {
    const { url } = await startServer({ bodyLimit: 1 });
    const answer = await fetch(`${url}/reset`, { method: 'POST', body: 'x'.repeat(40 * 2 ** 20) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  test('Expect: 100-continue is answered with 100; other expectations with 417', async () => {
    const { port } = await startServer();
    const socket = connect(port, '127.0.0.1');
    socket.write(request('POST /reset', { Expect: '100-continue', 'Content-Length': '2' }));
    socket.once('data', () => socket.write('{}'));
    const answer = await rest(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(statusOf(await raw(port, request('GET /state', { Expect: 'a-miracle' })))).toBe(417);
  });

  test('an invalid Content-Type: 415', async () => {
    const { app } = await makeServer();
    const answer = await app.inject({
      method: 'POST',
      url: '/reset',
      headers: { 'content-type': '}{' },
      payload: '{}',
    });
    expect(answer.statusCode).toBe(415);
    expect(answer.json().code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  test('the answer to an internal error reveals no internals', async () => {
    const { app } = await makeServer();
    app.get('/fail', () => {
      throw new TypeError('the secret of /src/inside.ts');
    });
    const answer = await app.inject('/fail');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({ detail: 'the server failed; its log says why', code: 'INTERNAL' });
  });
});
