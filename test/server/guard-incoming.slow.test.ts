/** Clients that send most of a large request or message and then wait: the memory that they take together has a limit. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type ServerProcess, startServerProcess } from './support-process.ts';

const MIB = 2 ** 20;
const CLIENTS = 50;
/** In MiB. Half of it is for incoming data. */
const MAX_MEMORY = 64;
const PIECE = Buffer.alloc(8 * MIB, ' ');
const WAIT = { timeout: 60_000, interval: 50 };

async function started(): Promise<ServerProcess> {
  const server = await startServerProcess({ maxMemory: MAX_MEMORY });
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    await server.stop();
  });
  return server;
}

async function cuts({ address }: ServerProcess): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^ghostexec_connections_cut_total\{reason="incoming"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Checks that the remaining connections take at most half of the memory, and that the server still serves. */
async function staysWithin(server: ServerProcess, before: number): Promise<void> {
  const most = Math.floor((MAX_MEMORY * MIB) / 2 / PIECE.length);
  await vi.waitFor(async () => {
    expect(await cuts(server)).toBeGreaterThanOrEqual(CLIENTS - most);
    expect(await server.memory()).toBeLessThan(before + 150);
  }, WAIT);
  const answer = await fetch(`${server.address}/reset`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(200);
}

test('bodies that never end', async () => {
  const server = await started();
  const before = await server.memory();
  for (let i = 0; i < CLIENTS; i++) {
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // The server may cut the connection while the client is still sending.
    socket.on('error', () => {});
    socket.write(`POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${PIECE.length + 1}\r\n\r\n`);
    socket.write(PIECE);
  }
  await staysWithin(server, before);
});

test('WebSocket messages that never end', async () => {
  const server = await started();
  const before = await server.memory();
  for (let i = 0; i < CLIENTS; i++) {
    const socket = new WebSocket(`${server.address.replace('http', 'ws')}/ws`);
    onTestFinished(() => socket.terminate());
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send(PIECE, { fin: false });
  }
  await staysWithin(server, before);
});

test('a client that sends large requests one after the other stays connected', async () => {
  const server = await started();
  const body = JSON.stringify({ note: 'x'.repeat(7 * MIB) });
  for (let i = 0; i < 12; i++) {
    const answer = await fetch(`${server.address}/reset`, { method: 'POST', body });
    expect(answer.status).toBe(200);
  }
  const socket = new WebSocket(`${server.address.replace('http', 'ws')}/ws`);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  for (let i = 0; i < 12; i++) {
    socket.send(JSON.stringify({ type: 'reset', data: { note: 'x'.repeat(7 * MIB) } }));
    const [answer] = await once(socket, 'message');
    expect(JSON.parse(String(answer)).type).toBe('observation');
  }
  expect(await cuts(server)).toBe(0);
});
