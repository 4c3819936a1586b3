/** Clients that send requests and never read: their unsent answers have a limit, and the server keeps serving others. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_WAITING } from '../../src/server/connections.ts';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { raw, request } from './support-guard.ts';
import { type ServerProcess, startServerProcess } from './support-process.ts';
import { startServer } from './support-server.ts';

const SOCKETS = 30;
const WAIT = { timeout: 30_000, interval: 50 };
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function started(options: ServerOptionsInput): Promise<ServerProcess> {
  const server = await startServerProcess(options);
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    await server.stop();
  });
  return server;
}

/** A client that sends the bytes and never reads. Resolves when the kernel has taken the bytes or the connection is closed. */
async function sendUnread({ address }: ServerProcess, bytes: string): Promise<Socket> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  // The server cuts most of the connections while the clients are still sending.
  socket.on('error', () => {});
  socket.pause();
  await Promise.race([new Promise<void>((resolve) => socket.write(bytes, () => resolve())), once(socket, 'close')]);
  return socket;
}

const sendAllUnread = (server: ServerProcess, bytes: string, count = SOCKETS): Promise<Socket[]> =>
  Promise.all(Array.from({ length: count }, () => sendUnread(server, bytes)));

async function figure({ address }: ServerProcess, name: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

const cut = (server: ServerProcess, reason: string): Promise<number> =>
  figure(server, `ghostexec_connections_cut_total{reason="${reason}"}`);

async function healthy({ address }: ServerProcess): Promise<void> {
  const answer = await fetch(`${address}/health`);
  expect([answer.status, await answer.text()]).toEqual([200, '{"status":"healthy"}']);
}

describe('clients that pipeline requests and never read', { timeout: 90_000 }, () => {
  test('have one answer pending each, and are cut when they stall', async () => {
    const server = await started({ stallTimeout: 2 });
    const before = await server.memory();
    // 17 MiB of answers for each client: more than the kernel buffers.
    await sendAllUnread(server, get('/openapi.json').repeat(MAX_WAITING + 1));
    await healthy(server);
    expect(await server.memory()).toBeLessThan(before + 150);
    await vi.waitFor(async () => expect(await cut(server, 'stalled')).toBe(SOCKETS), WAIT);
    expect(await cut(server, 'pipeline')).toBe(0);
    await healthy(server);
  });

  test('are cut when too many requests wait on a connection', async () => {
    const server = await started({});
    const before = await server.memory();
    await sendAllUnread(server, get('/openapi.json').repeat(2_000));
    await vi.waitFor(async () => expect(await cut(server, 'pipeline')).toBe(SOCKETS), WAIT);
    await healthy(server);
    expect(await server.memory()).toBeLessThan(before + 150);
  });

  test('hold no files open', async () => {
    const server = await started({});
    const files = (): number => readdirSync(`/proc/${server.child.pid}/fd`).length;
    await healthy(server);
    const before = files();
    const path = '/docs/static/swagger-ui-bundle.js';
    await sendAllUnread(server, get(path).repeat(20), 100);
    // Each connection is stuck with a part of an answer unsent.
    await vi.waitFor(
      async () => expect(await figure(server, 'ghostexec_unsent_bytes')).toBeGreaterThan(100 * 100_000),
      WAIT,
    );
    await healthy(server);
    await vi.waitFor(() => expect(files()).toBeLessThan(before + 100 + 20), WAIT);
  });

  test('together have at most the limit of unsent bytes, and a client that reads stays connected', async () => {
    const server = await started({ maxUnsent: 2 });
    await sendAllUnread(server, get('/openapi.json').repeat(MAX_WAITING + 1));
    await vi.waitFor(async () => {
      expect(await cut(server, 'unsent')).toBeGreaterThan(SOCKETS / 3);
      expect(await figure(server, 'ghostexec_unsent_bytes')).toBeLessThanOrEqual(2 * 2 ** 20);
    }, WAIT);
    const answer = await fetch(`${server.address}/openapi.json`);
    expect(Object.keys((await answer.json()) as object)).toContain('paths');
  });

  test('have the same limit over WebSockets', async () => {
    const server = await started({ maxUnsent: 2 });
    for (let n = 0; n < 10; n++) {
      const socket = new WebSocket(`${server.address.replace('http', 'ws')}/ws`);
      onTestFinished(() => socket.terminate());
      socket.on('error', () => {});
      await once(socket, 'open');
      socket.send('{"type":"reset"}');
      await once(socket, 'message');
      socket.pause();
      for (let i = 0; i < 2_000; i++) socket.send('{"type":"state"}');
    }
    await vi.waitFor(async () => {
      expect(await cut(server, 'unsent')).toBeGreaterThanOrEqual(8);
      expect(await figure(server, 'ghostexec_unsent_bytes')).toBeLessThanOrEqual(2 * 2 ** 20);
    }, WAIT);
    await healthy(server);
  });

  test('connections above the limit are refused until another one ends', async () => {
    const server = await started({ maxConnections: 5 });
    const sockets = await sendAllUnread(server, get('/health'), 5);
    const refused = connect(Number(new URL(server.address).port), '127.0.0.1');
    refused.on('error', () => {});
    await once(refused, 'close');
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect(await cut(server, 'connections')).toBeGreaterThan(0), WAIT);
    await healthy(server);
  });
});

describe('requests that are pipelined and read', () => {
  test('are answered in order, and the connection stays open', async () => {
    const { port } = await startServer();
    const paths = Array.from(
      { length: MAX_WAITING },
      (_, n) => ['/health', `/state?n=${n}`, '/openapi.json', '/nowhere'][n % 4],
    );
    const posted = request('POST /reset', { Connection: 'keep-alive', 'Content-Length': '17' }, '{"seed": 7654321}');
    const twice = paths.map((path) => get(path ?? '')).join('') + posted;
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let answers = '';
    const statuses = (): number[] => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    for (let round = 1; round <= 2; round++) {
      socket.write(twice);
      while (statuses().length < round * (paths.length + 1)) answers += (await once(socket, 'data'))[0];
    }
    socket.destroy();
    const expected = [...paths.map((path) => (path === '/nowhere' ? 404 : 200)), 200];
    expect(statuses()).toEqual([...expected, ...expected]);
  });

  test('are handled one at a time; after the client has gone, the rest is not handled', async () => {
    const handled: string[] = [];
    const held: { socket: Socket; release: () => void }[] = [];
    const { port, server } = await startServer({}, ({ app }) => {
      app.get('/held', async (request) => {
        handled.push(request.url);
        await new Promise<void>((release) => held.push({ socket: request.raw.socket, release }));
        return {};
      });
    });
    const next = async (count: number): Promise<void> => {
      await vi.waitFor(() => expect(handled).toHaveLength(count), WAIT);
      // If the server handled any further request, it has done so by now.
      await fetch(`http://127.0.0.1:${port}/health`);
      expect(handled).toHaveLength(count);
    };
    const socket = connect(port, '127.0.0.1');
    socket.write(get('/held?1') + get('/held?2') + get('/held?3'));
    await next(1);
    held[0]?.release();
    await next(2);
    const peer = held[1]?.socket;
    socket.destroy();
    await vi.waitFor(() => expect(peer?.destroyed).toBe(true), WAIT);
    held[1]?.release();
    await next(2);
    expect(handled).toEqual(['/held?1', '/held?2']);
    await server.close();
  });

  test('get no answer after the last answer of a connection', async () => {
    const { port } = await startServer();
    const answers = await raw(port, request('GET /health') + get('/state') + get('/state'));
    expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
