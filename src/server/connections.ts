/** The connections of the server, below requests: limits of time and size, bytes that are not HTTP, and listening. */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { Turn } from '../lib/turn.ts';
import type { App, Context } from './app.ts';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';

// * The requests of one connection are handled one at a time. HTTP/1.1 answers them in order anyway, and for a client that sends many and reads nothing, only one answer is made.

/** The maximum number of requests of one connection that may wait behind the one being answered. */
export const MAX_WAITING = 64;

type Pipeline = {
  /** Whether a request is being answered, or its answer is still on its way to the kernel. */
  busy: boolean;
  readonly waiting: (() => void)[];
  readonly turn: Turn;
};

export class Pipelines {
  private readonly pipelines = new WeakMap<Socket, Pipeline>();
  private readonly cut: () => void;

  /** @param cut Called for each connection that is cut because too many requests wait. */
  constructor(cut: () => void) {
    this.cut = cut;
  }

  /**
   * Calls `begin` once all earlier requests of the connection are answered, possibly at once. The caller must call `leave` later. If
   * the connection ends first, `begin` is never called.
   */
  enter(socket: Socket, begin: () => void): void {
    const pipeline = this.pipelineOf(socket);
    if (pipeline.busy) {
      if (pipeline.waiting.length < MAX_WAITING) pipeline.waiting.push(begin);
      else if (!socket.destroyed) {
        pipeline.waiting.length = 0;
        this.cut();
        socket.destroy();
      }
      return;
    }
    pipeline.busy = true;
    begin();
  }

  /** Ends a request whose answer was handed over completely. The next request has its turn. */
  leave(socket: Socket): void {
    const pipeline = this.pipelineOf(socket);
    const { waiting, turn } = pipeline;
    if (waiting.length === 0) {
      pipeline.busy = false;
      return;
    }
    const next = (): void => {
      // No request is answered after an answer with `Connection: close`.
      if (socket.writable) waiting.shift()?.();
    };
    turn.begin();
    if (turn.isOver) setImmediate(next);
    else next();
  }

  private pipelineOf(socket: Socket): Pipeline {
    let pipeline = this.pipelines.get(socket);
    if (pipeline === undefined) {
      pipeline = { busy: false, waiting: [], turn: new Turn() };
      this.pipelines.set(socket, pipeline);
    }
    return pipeline;
  }
}

/** Must be called before all other hooks are added: a waiting request must not have run any of them. */
export function addPipelines(app: App, pipelines: Pipelines, { unsent }: Pick<Context, 'unsent'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // `prefinish`: the socket has the whole answer; `finish`: the kernel has all of it.
    reply.raw.once('prefinish', () => unsent.sent(socket));
    reply.raw.once('finish', () => {
      unsent.sent(socket);
      pipelines.leave(socket);
    });
    pipelines.enter(socket, done);
  });
}

const SECOND = 1_000;
const LINGER_MS = SECOND;

/** The maximum size of all headers, and therefore of any part of a path. */
export const MAX_HEADER_BYTES = 16_384;

/** Requests whose path cannot be decoded get this path; the handler of unknown paths answers them. */
export const MALFORMED_PATH = '/malformed-path';

export const CONNECTION_OPTIONS = {
  http: {
    maxHeaderSize: MAX_HEADER_BYTES,
    /** For the headers of a request, counted from its first byte. */
    headersTimeout: 20 * SECOND,
    connectionsCheckingInterval: 5 * SECOND,
  },
  /** For a whole request. The largest body takes this long at 2 Mbit/s. */
  requestTimeout: 120 * SECOND,
  /** Load balancers keep connections for 60 s. If the server closed one earlier, a request could be lost. */
  keepAliveTimeout: 75 * SECOND,
} as const;

type ConnectionError = Error & { code?: string };

/** Code of a CONNECT request, which Node hands over as a bare connection. */
export const NO_PROXY = 'NO_PROXY';

/** Answers bytes that are not a request and requests that are never completed, in the shape of every other refusal. */
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
    // The answer would be lost if a socket with unread bytes were destroyed at once.
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
      return [400, 'BAD_REQUEST', 'the bytes that were sent are not an HTTP request'];
  }
}

/** Limits the number of connections, the answers that wait for clients, and the requests that are still being received. */
export function limitConnections(app: App, { options, metrics, unsent, incoming }: Context): void {
  const { server } = app;
  server.maxConnections = options.maxConnections;
  server.on('drop', () => metrics.cut('connections'));
  server.on('connection', (socket) => unsent.watch(socket));
  // These hooks count the bodies of requests. `ws/accept.ts` counts the messages of WebSockets.
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
 * Starts to listen and returns the address.
 * @throws GhostexecError (LISTEN) if the server cannot listen there
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
      return 'this user has no permission; ports below 1024 are often reserved';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'the host is not an address of this machine';
    default:
      return messageOf(error);
  }
}
