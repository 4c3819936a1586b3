/** The log: one line for each request, when its answer was sent or its client gave up. It has no query, header or body. */
import { type FastifyRequest, LogController } from 'fastify';
import { clip } from '../lib/text.ts';
import type { App, Context } from './app.ts';

const MAX_PATH = 200;

/** Fastify's own log lines contain the query, which may hold a key. */
export const quietController = new LogController({ disableRequestLogging: true });

export function addLog(app: App, { options: { logLevel } }: Context): void {
  if (logLevel === 'silent') return;
  app.addHook('onRequest', (request, reply, done) => {
    const began = performance.now();
    const { raw } = reply;
    const { socket } = request.raw;
    const sentBefore = socket.bytesWritten;
    // A closed connection has no address any more.
    const address = request.ip;
    // Unlike onResponse, this event also comes after an answer whose client is gone, and at the end of a WebSocket.
    raw.once('close', () => {
      const line = {
        method: request.method,
        path: pathOf(request),
        status: raw.headersSent ? raw.statusCode : null,
        ms: Math.round((performance.now() - began) * 100) / 100,
        // A long answer of a batch has no Content-Length.
        bytes: Number(reply.getHeader('content-length') ?? socket.bytesWritten - sentBefore),
        address,
      };
      if (raw.statusCode >= 500) request.log.warn(line, 'request');
      else if (raw.headersSent) request.log.info(line, 'request');
      else request.log.info(line, request.ws === true ? 'websocket closed' : 'request given up');
    });
    done();
  });
}

/** The path of a request, without the query and without the scheme and host of an absolute URL. */
export function pathOf({ originalUrl }: FastifyRequest): string {
  return clip((originalUrl.split('?')[0] ?? '').replace(/^\w+:\/\/[^/]*/, ''), MAX_PATH);
}
