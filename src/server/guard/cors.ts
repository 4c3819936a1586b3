/** Pages of allowed origins may read answers (CORS). Without allowed origins no CORS header is sent. */
import cors from '@fastify/cors';
import type { FastifyRequest } from 'fastify';
import type { App, Context } from '../app.ts';
import { originOf } from './names.ts';

/** Seconds for which a browser need not ask again. */
const MAX_AGE = 600;

/** Must come before what may refuse a request: refusals can be read too, and a browser asks (a preflight) without the key. */
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
        // Any other OPTIONS is a request like all others.
        preflight: isPreflight(request),
      }),
  });
}

function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}
