/** Checks the bearer token of every request, also to unknown paths and WebSockets. Exceptions: GET /health and the files of the pages. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { App, Context } from '../app.ts';
import { Problem } from '../problem.ts';
import { isOpen, isPage, isUpgrade } from './kind.ts';

export function addKey(app: App, { options: { apiKey } }: Context): void {
  if (apiKey === undefined) return;
  const expected = digest(apiKey);
  app.addHook('onRequest', (request, reply, done) => {
    if (isOpen(request) || isPage(request)) return done();
    const given = keyOf(request);
    // Digests have one length, and comparing them in constant time reveals nothing about the key.
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return done();
    reply.header('www-authenticate', 'Bearer');
    done(
      new Problem(
        401,
        'UNAUTHORIZED',
        given === undefined
          ? 'this server asks for a key: expected the header Authorization: Bearer <key>'
          : 'the key is not that of this server',
      ),
    );
  });
}

function keyOf(request: FastifyRequest): string | undefined {
  const { headers, raw } = request;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined || !isUpgrade(request)) return bearer;
  // A page cannot set the headers of a WebSocket.
  return new URLSearchParams(raw.url?.split('?')[1]).get('api_key') ?? undefined;
}

/** SHA-256 of a secret. */
export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
