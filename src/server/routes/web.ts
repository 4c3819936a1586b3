/**
 * The pages GET /web/ (the playground) and /web/traces, and their files. The pages use relative addresses, so they work below any
 * prefix. Relative addresses need one spelling of each page's own address (with or without a final slash); the other redirects to it.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import files from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { packagePath } from '../../scenarios/shipped.ts';
import type { App, Context } from '../app.ts';
import { metadataBelow } from '../docs/metadata.ts';
import { FRAMES } from '../guard.ts';
import { toolStep } from '../mcp/tools.ts';
import { type Answer, Session, wireAnswer } from '../session.ts';
import { isToolAction } from '../step-action.ts';
import { resetRequestSchema, stepRequestSchema } from '../wire.ts';

// Reads files to their end before they are sent. The files are small, and a client that does not read then keeps no file open.

export function sendWholeFiles(app: App): void {
  app.addHook('onSend', async (_request, _reply, payload) => (payload instanceof Readable ? buffer(payload) : payload));
}

// * GET /web/metadata, POST /web/reset, POST /web/step, GET /web/state: the routes of OpenEnv's web interface. As in OpenEnv, all callers of these routes share one episode. The server keeps it among the episodes of plain HTTP.

/** Only OpenEnv's own pages use these routes, so the OpenAPI document does not list them. */
const HIDDEN_SCHEMA = { hide: true } as const;

const stepSchema = z.looseObject({ action: stepRequestSchema.shape.action });

export async function addWebEpisode(
  app: App,
  { episodes, specs, metrics, options, prefix, reader }: Context,
): Promise<void> {
  /** Id of the shared episode; undefined before the first reset. */
  let current: string | undefined;
  const begin = (data: Parameters<typeof episodes.begin>[0] = {}): Answer => {
    const answer = episodes.begin(data);
    current = answer.metadata.episode_id;
    return answer;
  };

  app.get('/web/metadata', { schema: HIDDEN_SCHEMA }, async ({ raw }) => metadataBelow(prefix.of(raw), options));

  app.post(
    '/web/reset',
    { schema: { ...HIDDEN_SCHEMA, body: resetRequestSchema } },
    async ({ body: { request_id: _, ...data } }) => wireAnswer(begin(data)),
  );

  app.post('/web/step', { schema: { ...HIDDEN_SCHEMA, body: stepSchema } }, async ({ body: { action } }) => {
    const began = performance.now();
    if (current === undefined) begin();
    const session = episodes.find(current ?? '');
    const stepped = (): void => metrics.stepped('web', 1, began);
    if (isToolAction(action)) {
      return toolStep(session, action, stepped);
    }
    const answer = session.play(await reader.read(action));
    stepped();
    return wireAnswer(answer);
  });

  app.get('/web/state', { schema: HIDDEN_SCHEMA }, async () =>
    (current === undefined ? new Session(specs) : episodes.find(current)).state(),
  );
}

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
