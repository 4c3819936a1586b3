/**
 * What becomes of a request that asks for another protocol. A WebSocket is opened on the routes that are one. Whatever else is
 * asked for (`Upgrade: h2c` is sent by several HTTP clients unasked) may be ignored, and is: the request is served as if it had
 * not asked. Node has given its parser up by then, so the request is written anew without the question and parsed once more.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type {} from '@fastify/websocket';
import type { App } from '../app.ts';
import { NO_PROXY } from '../connections.ts';
import type { Pipelines } from '../pipeline.ts';
import type { Prefix } from '../prefix.ts';

/** Headers that ask for another protocol, and the words for them in `Connection`. */
const ASKING: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** To be called before routes are added. The server that it answers listens nowhere: it emits the upgrades to WebSockets. */
export function divideUpgrades(app: App, pipelines: Pipelines, prefix: Prefix): Server {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url, websocket, wsHandler }) => {
    if (websocket === true || wsHandler !== undefined) paths.add(url);
  });
  const sockets = createServer();
  app.server.on('upgrade', (request: IncomingMessage, _stream, head: Buffer) => {
    const { socket } = request;
    const wanted = asksForWebSocket(request) && paths.has(pathOf(prefix.strip(request)));
    // Before anything else comes in: a connection that ends would else be over with nothing read.
    if (!wanted) socket.unshift(Buffer.concat([plainHead(request), head]));
    whenAnswered(socket, pipelines, () => {
      if (wanted) sockets.emit('upgrade', request, socket, head);
      else parseAnew(app, socket);
    });
  });
  app.server.on('connect', ({ socket }: IncomingMessage) => {
    const refusal = Object.assign(new Error('CONNECT'), { code: NO_PROXY });
    whenAnswered(socket, pipelines, () => app.server.emit('clientError', refusal, socket));
  });
  return sockets;
}

/** Calls `go` when the requests before this one on the same connection are answered, unless the connection ends first. */
function whenAnswered(socket: Socket, pipelines: Pipelines, go: () => void): void {
  // Node removes its own listener, and an error without a listener would end the process.
  socket.on('error', destroy);
  pipelines.enter(socket, () => {
    pipelines.leave(socket);
    // That of an idle connection, begun after the answer before this request.
    socket.setTimeout(0);
    go();
  });
}

function destroy(this: Socket): void {
  this.destroy();
}

function parseAnew(app: App, socket: Socket): void {
  // The parser that was given up is still on the stack.
  setImmediate(() => {
    if (socket.destroyed) return;
    // What that parser left behind; a connection that asks with every request would gather it.
    socket.off('error', destroy).removeAllListeners('pause').removeAllListeners('resume');
    app.server.emit('connection', socket);
  });
}

function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody;
}

/** The path as routes are named. A path that cannot be decoded belongs to no route. */
function pathOf(url: string): string {
  const path = (url.split('?')[0] ?? '').replace(/^\w+:\/\/[^/]*/, '');
  try {
    return decodeURIComponent(path).replace(/(?<=.)\/$/, '');
  } catch {
    return path;
  }
}

/** No longer than what was sent, so that it cannot exceed a limit that it kept. */
function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    const kind = name.toLowerCase();
    if (ASKING.has(kind)) continue;
    const kept = kind === 'connection' ? withoutAsking(value) : value;
    if (kind !== 'connection' || kept !== '') lines.push(`${name}:${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutAsking(connection: string): string {
  return connection
    .split(',')
    .filter((word) => !ASKING.has(word.trim().toLowerCase()))
    .join(',')
    .trim();
}
