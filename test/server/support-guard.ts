/** Raw requests that an HTTP client would not send, and a WebSocket route to be guarded. */
import { connect, type Socket } from 'node:net';
import websocket from '@fastify/websocket';
import type { Server } from '../../src/server/server.ts';

/** Sends raw bytes. @returns all that the server sends until it closes the connection */
export async function raw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return rest(socket);
}

/** All that the server sends on a socket until it closes the connection. */
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

/** An HTTP/1.1 request with `Connection: close`. */
export const request = (line: string, headers: Readonly<Record<string, string>> = {}, body = ''): string =>
  `${line} HTTP/1.1\r\n${Object.entries({ Host: 'localhost', Connection: 'close', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
export const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

/** Adds a WebSocket route that sends a greeting to each client that is let in. */
export async function addSocket({ app }: Server): Promise<void> {
  if (!app.hasDecorator('websocketServer')) await app.register(websocket);
  await app.register(async (scope) => {
    scope.get('/greet', { websocket: true }, (socket) => socket.send('welcome'));
  });
}
