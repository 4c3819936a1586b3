/** CORS: pages of allowed origins may read answers. Without allowed origins the server sends no CORS header. */
import cors from '@fastify/cors';
import type { FastifyRequest } from 'fastify';
import type { App, Context } from '../app.ts';
import { originOf } from './names.ts';

/** Seconds for which a browser may reuse the answer to a preflight. */
const MAX_AGE = 600;

/** Must be added before hooks that may refuse a request: pages can read refusals too, and a preflight request has no key. */
export async function addCors(app: App, { options: { allowOrigin } }: Context): Promise<void> {
  if (allowOrigin.length === 0) return;
  const origin = allowOrigin.includes('*') ? '*' : allowOrigin.map((text) => originOf(text) ?? text);
  await app.register(cors, {
    delegator: (request, give) =>
      give(null, {
        origin,
        methods: ['GET', 'HEAD', 'POST', 'DELETE'],
        allowedHeaders: [
          'authorization',
          'content-type',
          'content-encoding',
          'accept',
          'mcp-session-id',
          'mcp-protocol-version',
        ],
        exposedHeaders: ['mcp-session-id', 'retry-after'],
        maxAge: MAX_AGE,
        // Any other OPTIONS request is treated like all requests.
        preflight: isPreflight(request),
      }),
  });
}

function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}
