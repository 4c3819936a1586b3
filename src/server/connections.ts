/** The connections of the server, below requests: limits of time and size, bytes that are no HTTP, and listening. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import type { App, Context } from './app.ts';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';

const SECOND = 1_000;
const LINGER_MS = SECOND;

/** No header can be longer, and therefore no part of a path. */
export const MAX_HEADER_BYTES = 16_384;

/** A path that cannot be decoded is answered as this one, by the handler of unknown paths. */
export const MALFORMED_PATH = '/malformed-path';

export const CONNECTION_OPTIONS = {
  http: {
    maxHeaderSize: MAX_HEADER_BYTES,
    /** For the headers of a request, from its first byte. */
    headersTimeout: 20 * SECOND,
    connectionsCheckingInterval: 5 * SECOND,
  },
  /** For a whole request: the largest body at 2 Mbit/s. */
  requestTimeout: 120 * SECOND,
  /** Load balancers keep connections for 60 s; closing one under their hands would lose a request. */
  keepAliveTimeout: 75 * SECOND,
} as const;

type ConnectionError = Error & { code?: string };

/** Code of a CONNECT request, which Node hands over as a bare connection. */
export const NO_PROXY = 'NO_PROXY';

/** Answers bytes that are no request, and requests that never become complete, in the shape of every other refusal. */
export function answerBrokenConnections(metrics: Metrics): (error: ConnectionError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, code, detail] = whatIsWrong(error);
    metrics.failed(code);
    const body = JSON.stringify({ detail, code });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n` +
        `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    // Destroyed at once, a socket with unread bytes would take the answer with it.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}

function whatIsWrong({ code }: ConnectionError): [status: number, code: string, detail: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'HEADERS_TOO_LARGE', `the headers are larger than the limit of ${MAX_HEADER_BYTES} bytes`];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'REQUEST_TIMEOUT', 'the request did not become complete in time'];
    case NO_PROXY:
      return [501, NO_PROXY, 'CONNECT is not supported: this server is not a proxy'];
    default:
      return [400, 'BAD_REQUEST', 'what was sent is no HTTP request'];
  }
}

/** There is a limit to how many connections there are, to what waits for them to be read, and to what they bring. */
export function limitConnections(app: App, { options, metrics, unsent, incoming }: Context): void {
  const { server } = app;
  server.maxConnections = options.maxConnections;
  server.on('drop', () => metrics.cut('connections'));
  server.on('connection', (socket) => unsent.watch(socket));
  // Of the bodies of requests; the messages of WebSockets are counted where those are accepted.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    incoming.begin(request.raw.socket);
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    incoming.end(request.raw.socket);
    done();
  });
  app.addHook('onError', (request, _reply, _error, done) => {
    incoming.end(request.raw.socket);
    done();
  });
  app.addHook('onClose', async () => {
    unsent.close();
    incoming.close();
  });
}

/**
 * Listens, and answers the address.
 * @throws GhostexecError where it cannot
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: Pick<ServerOptions, 'host' | 'port'>,
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw new GhostexecError('LISTEN', `cannot listen on ${host}, port ${port}: ${whyNot(error)}`, { cause: error });
  }
}

function whyNot(error: unknown): string {
  switch ((error as ConnectionError).code) {
    case 'EADDRINUSE':
      return 'the port is in use; stop what listens there, or choose another port (0 takes a free one)';
    case 'EACCES':
      return 'this user may not; ports below 1024 are often reserved';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'the host is no address of this machine';
    default:
      return messageOf(error);
  }
}
