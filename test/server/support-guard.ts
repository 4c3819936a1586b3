/** Servers that are closed after their test, and requests that no HTTP client would send. */
import { connect, type Socket } from 'node:net';
import websocket from '@fastify/websocket';
import { afterEach } from 'vitest';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { createServer, type Server } from '../../src/server/server.ts';

const open: Server[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** A server that does not listen yet; `prepare` may add routes. */
export async function make(options: ServerOptionsInput = {}): Promise<Server> {
  const server = await createServer({ port: 0, logLevel: 'silent', ...options });
  open.push(server);
  return server;
}

export async function start(
  options: ServerOptionsInput = {},
  prepare: (server: Server) => void = () => {},
): Promise<{ server: Server; url: string; port: number }> {
  const server = await make(options);
  prepare(server);
  const url = await server.listen();
  return { server, url, port: Number(new URL(url).port) };
}

/** Sends bytes as they are, and answers everything that comes back until the server closes. */
export async function raw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return rest(socket);
}

/** What comes back on a socket until the server closes it. */
export function rest(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

/** A request of HTTP/1.1 after which the connection is closed. */
export const request = (line: string, headers: Readonly<Record<string, string>> = {}, body = ''): string =>
  `${line} HTTP/1.1\r\n${Object.entries({ Host: 'x', Connection: 'close', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
export const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

/** A route that greets whoever gets through to it by WebSocket. */
export async function addSocket({ app }: Server): Promise<void> {
  if (!app.hasDecorator('websocketServer')) await app.register(websocket);
  await app.register(async (scope) => {
    scope.get('/greet', { websocket: true }, (socket) => socket.send('welcome'));
  });
}
