/** A server that closes ends every connection. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { addSocket, raw, request, rest, statusOf } from './support-guard.ts';
import { makeServer, startServer } from './support-server.ts';

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

/** The limit of a test that would otherwise hang, in ms: below the timeouts of the WebSocket library and of requests. */
const LIMIT_MS = 20_000;

test(
  'closing the server cuts a WebSocket that does not answer the close frame',
  async () => {
    const server = await makeServer();
    await addSocket(server);
    const port = Number(new URL(await server.listen()).port);
    const socket = connect(port, '127.0.0.1');
    socket.write(request('GET /greet', UPGRADE));
    await once(socket, 'data');
    const closed = rest(socket);
    await server.close();
    await closed;
  },
  LIMIT_MS,
);

test(
  'closing the server does not wait for an incomplete request',
  async () => {
    const { server, port } = await startServer();
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
    await once(socket, 'data');
    const closed = rest(socket);
    await server.close();
    await closed;
  },
  LIMIT_MS,
);

test('the server closes a refused WebSocket', async () => {
  const server = await makeServer({ apiKey: 'k' });
  await addSocket(server);
  const port = Number(new URL(await server.listen()).port);
  expect(statusOf(await raw(port, request('GET /greet', UPGRADE)))).toBe(401);
  expect(statusOf(await raw(port, request('GET /ws?api_key=wrong', UPGRADE)))).toBe(401);
});

test('closing a second time has no effect', async () => {
  const { server, url } = await startServer();
  await Promise.all([server.close(), server.close()]);
  await server.close();
  await expect(fetch(`${url}/state`)).rejects.toThrow();
});
