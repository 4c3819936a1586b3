/**
 * Requests that want to upgrade to another protocol. A WebSocket is opened on the routes that have one. A server may ignore any
 * other upgrade (several HTTP clients send `Upgrade: h2c` by default), and this one does: it serves the request as a plain one.
 * Node has given up its parser by then, so the request is put back into the socket without its upgrade headers and parsed again.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type {} from '@fastify/websocket';
import type { App } from '../app.ts';
import type { Pipelines } from '../connections.ts';
import { NO_PROXY } from '../connections.ts';
import type { Prefix } from '../prefix.ts';

/** Headers that request another protocol; `Connection` lists the same names. */
const UPGRADE_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/**
 * Separates upgrades to WebSockets from all others. Must be called before routes are added.
 * @returns a server that listens nowhere and emits the upgrades to WebSockets
 */
export function divideUpgrades(app: App, pipelines: Pipelines, prefix: Prefix): Server {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url, websocket, wsHandler }) => {
    if (websocket === true || wsHandler !== undefined) paths.add(url);
  });
  const sockets = createServer();
  app.server.on('upgrade', (request: IncomingMessage, _stream, head: Buffer) => {
    const { socket } = request;
    const wanted = asksForWebSocket(request) && paths.has(pathOf(prefix.strip(request)));
    // This must come before any other event: otherwise a connection that ends would be over with the request unread.
    if (!wanted) socket.unshift(Buffer.concat([plainHead(request), head]));
    whenAnswered(socket, pipelines, () => {
      if (wanted) sockets.emit('upgrade', request, socket, head);
      else parseAgain(app, socket);
    });
  });
  app.server.on('connect', ({ socket }: IncomingMessage) => {
    const refusal = Object.assign(new Error('CONNECT'), { code: NO_PROXY });
    whenAnswered(socket, pipelines, () => app.server.emit('clientError', refusal, socket));
  });
  return sockets;
}

/** Calls `go` once the earlier requests of the same connection are answered, unless the connection ends first. */
function whenAnswered(socket: Socket, pipelines: Pipelines, go: () => void): void {
  // Node has removed its own listener, and an error without a listener would end the process.
  socket.on('error', destroy);
  pipelines.enter(socket, () => {
    pipelines.leave(socket);
    // Node set the timeout of an idle connection after it answered the request before.
    socket.setTimeout(0);
    go();
  });
}

function destroy(this: Socket): void {
  this.destroy();
}

function parseAgain(app: App, socket: Socket): void {
  // The old parser is still on the stack.
  setImmediate(() => {
    if (socket.destroyed) return;
    // The old parser left listeners behind. They would pile up on a connection whose every request asks for an upgrade.
    socket.off('error', destroy).removeAllListeners('pause').removeAllListeners('resume');
    app.server.emit('connection', socket);
  });
}

function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody;
}

/** The path of a URL, in the form that routes have. A path that cannot be decoded matches no route. */
function pathOf(url: string): string {
  const path = (url.split('?')[0] ?? '').replace(/^\w+:\/\/[^/]*/, '');
  try {
    return decodeURIComponent(path).replace(/(?<=.)\/$/, '');
  } catch {
    return path;
  }
}

/** The head of the request without its upgrade headers. It is never longer than the original, so it stays within the same limits. */
function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    const kind = name.toLowerCase();
    if (UPGRADE_HEADERS.has(kind)) continue;
    const kept = kind === 'connection' ? withoutUpgrade(value) : value;
    if (kind !== 'connection' || kept !== '') lines.push(`${name}:${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutUpgrade(connection: string): string {
  return connection
    .split(',')
    .filter((word) => !UPGRADE_HEADERS.has(word.trim().toLowerCase()))
    .join(',')
    .trim();
}
