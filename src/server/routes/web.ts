/**
 * The pages GET /web/ (the playground) and /web/traces, and their files. The pages use relative addresses, so they work below any
 * prefix. Relative addresses need one spelling of each page's own address (with or without a final slash); the other redirects to it.
 */
import files from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { packagePath } from '../../world/tasks.ts';
import type { App, Context } from '../app.ts';
import { FRAMES } from '../guard/headers.ts';
import { sendWholeFiles } from './whole-files.ts';

const HIDDEN = { schema: { hide: true } } as const;

/** Scripts, styles and images are files of this server only: none is inline, and none comes from another server. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  `frame-ancestors ${FRAMES.join(' ')}`,
].join('; ');

export async function addWeb(app: App, { prefix }: Context): Promise<void> {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY);
  });
  sendWholeFiles(app);
  await app.register(files, {
    root: packagePath('dist/web'),
    prefix: '/web/',
    // One route for each file that exists now: no path of a request reaches the file system.
    wildcard: false,
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      // The name of an asset contains a hash of its content.
      const isAsset = /[\\/]assets[\\/]/.test(path);
      reply.setHeader('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const lead = ({ raw, url }: FastifyRequest, reply: FastifyReply, path: string): FastifyReply => {
    const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
    return reply.redirect(prefix.of(raw) + path + query, 307);
  };
  app.get('/', HIDDEN, (request, reply) => lead(request, reply, '/web/'));
  app.get('/web', HIDDEN, (request, reply) =>
    endsInSlash(request) ? reply.sendFile('index.html') : lead(request, reply, '/web/'),
  );
  app.get('/web/traces', HIDDEN, (request, reply) =>
    endsInSlash(request) ? lead(request, reply, '/web/traces') : reply.sendFile('traces.html'),
  );
}

function endsInSlash({ url }: FastifyRequest): boolean {
  return /^[^?]*\/(?:\?|$)/.test(url);
}
