/** Requests that no HTTP client would send, and a WebSocket to be guarded. */
import { connect, type Socket } from 'node:net';
import websocket from '@fastify/websocket';
import type { Server } from '../../src/server/server.ts';

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
  `${line} HTTP/1.1\r\n${Object.entries({ Host: 'localhost', Connection: 'close', ...headers })
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
