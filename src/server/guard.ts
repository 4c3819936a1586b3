/** The hooks that run before every route: log line, headers, host, origin, CORS, rate limit, key. */

import { createHash, timingSafeEqual } from 'node:crypto';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';
import { quote } from '../lib/text.ts';
import type { App, Context } from './app.ts';
import { addLog } from './log.ts';
import { hostName, isLoopback, originOf } from './names.ts';
import type { ServerOptions } from './options.ts';
import { Problem } from './problem.ts';

// Kinds of requests that the guard treats specially.

/** Whether a request needs no key and has no rate limit. The route decides, so no other spelling of a path can imitate it. */
export function isOpen({ method, routeOptions }: FastifyRequest): boolean {
  return /^(?:\/text)?\/health$/.test(routeOptions.url ?? '') && (method === 'GET' || method === 'HEAD');
}

/** Whether the client requests a WebSocket. */
function isUpgrade({ headers: { upgrade, connection } }: FastifyRequest): boolean {
  return upgrade?.toLowerCase() === 'websocket' && /\bupgrade\b/i.test(connection ?? '');
}

/** Routes below /web that return data, not files of a page. */
const DATA_ROUTES = /^\/web\/(?:api\b|metadata$|state$)/;

/** Whether a request reads a file of a page. Such files need no key: they hold no secrets, and the page asks its user for the key. */
function isPage({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && (url === '/' || url === '/web' || (url.startsWith('/web/') && !DATA_ROUTES.test(url)));
}

// Security headers of every answer. A route may override them.

/** Origins that may show the pages in a frame: Hugging Face shows a Space in one. X-Frame-Options cannot list origins. */
export const FRAMES = ["'self'", 'https://huggingface.co', 'https://*.hf.space'];

async function addHeaders(app: App): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': FRAMES,
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: false,
    // The server speaks plain HTTP. Only the proxy before it knows whether clients use HTTPS.
    strictTransportSecurity: false,
    // Answers are data. The remaining headers concern only documents or obsolete browsers.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}

// CORS: pages of allowed origins may read answers. Without allowed origins the server sends no CORS header.

/** Seconds for which a browser may reuse the answer to a preflight. */
const MAX_AGE = 600;

/** Must be added before hooks that may refuse a request: pages can read refusals too, and a preflight request has no key. */
async function addCors(app: App, { options: { allowOrigin } }: Context): Promise<void> {
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
          'x-api-key',
          'x-session-id',
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

// * Protection from DNS rebinding. A page may let its own host name resolve to 127.0.0.1 after it was loaded, and then has the same origin as the server. So a server that listens on a loopback address and has no key answers only to host names of this machine. A page cannot omit `Host`, so a request without it (HTTP/1.0) does not come from a page.

/** Whether a server listens on a loopback address without a key, so that only its own machine protects it. */
function trustsItsMachine({ host, apiKey }: Pick<ServerOptions, 'host' | 'apiKey'>): boolean {
  return apiKey === undefined && isLoopback(hostName(host) ?? '');
}

function addHost(app: App, { options }: Context): void {
  if (!trustsItsMachine(options) || options.allowHost.includes('*')) return;
  const allowed = new Set(options.allowHost.map(hostName));
  app.addHook('onRequest', (request, _reply, done) => {
    const { host } = request.headers;
    if (host === undefined) return done();
    const name = hostName(host);
    if (name !== undefined && (isLoopback(name) || allowed.has(name))) return done();
    const message = `the host ${quote(host)} is not this machine, and the server has no key; --allow-host lets a name in`;
    done(new Problem(403, 'FOREIGN_HOST', message));
  });
}

// * Protection from pages of other origins. A browser lets any page open WebSockets and send simple requests to a server on the same machine. So a server that listens on a loopback address and has no key answers only pages of this machine, its own pages, and pages of the origins in --allow-origin.

/** Must be added after the check of `Host`: a page of the same host counts as a page of the server. */
function addOrigin(app: App, { options }: Context): void {
  if (!trustsItsMachine(options) || options.allowOrigin.includes('*')) return;
  const allowed = new Set(options.allowOrigin.map(originOf));
  app.addHook('onRequest', (request, _reply, done) => {
    const { origin, host = '' } = request.headers;
    if (origin === undefined || allowed.has(origin)) return done();
    const name = URL.canParse(origin) ? hostName(new URL(origin).host) : undefined;
    if (name !== undefined && (isLoopback(name) || name === hostName(host))) return done();
    const message = `pages of ${quote(origin)} may not use this server: it serves its own machine, and has no key; --allow-origin lets an origin in`;
    done(new Problem(403, 'FOREIGN_ORIGIN', message));
  });
}

// Checks the key of every request, also to unknown paths and WebSockets. Exceptions: GET /health and the files of the pages.

/** All that an agent may reach in production mode. Any other route, also one that is added later, needs the key of the trainer. */
export const AGENT_ROUTES: ReadonlySet<string> = new Set([
  'GET /health',
  'GET /metadata',
  'GET /schema',
  'GET /system_prompt',
  'GET /mcp/episodes/:id',
  'POST /mcp/episodes/:id',
]);

/** The route decides, as in `isOpen`. A request without a route is not for agents. */
function isForAgents({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  return AGENT_ROUTES.has(`${method === 'HEAD' ? 'GET' : method} ${url}`);
}

function addKey(app: App, { options: { apiKey, mode, trainerKey } }: Context): void {
  if (apiKey === undefined && trainerKey === undefined) return;
  const isApiKey = comparison(apiKey);
  const isTrainerKey = comparison(trainerKey);
  const isProduction = mode === 'production';
  app.addHook('onRequest', (request, reply, done) => {
    const given = keyOf(request);
    if (isTrainerKey(given)) return done();
    const isAllowed = !isProduction || isForAgents(request);
    const needsKey = apiKey !== undefined && !isOpen(request) && (isProduction || !isPage(request));
    if (isAllowed && (!needsKey || isApiKey(given))) return done();
    if (!isAllowed && isApiKey(given)) {
      return done(new Problem(403, 'TRAINER_ONLY', 'in production mode this route needs the key of the trainer'));
    }
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

/** Compares keys with this one. Digests have one length, and comparing them in constant time reveals nothing about the key. */
function comparison(key: string | undefined): (given: string | undefined) => boolean {
  if (key === undefined) return () => false;
  const expected = digest(key);
  return (given) => given !== undefined && timingSafeEqual(digest(given), expected);
}

function keyOf(request: FastifyRequest): string | undefined {
  const { headers, raw } = request;
  // Clients of ORS send their key, or an empty text, as X-API-Key.
  const other = headers['x-api-key'];
  const bearer =
    /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ??
    (typeof other === 'string' && other !== '' ? other : undefined);
  if (bearer !== undefined || !isUpgrade(request)) return bearer;
  // A page cannot set the headers of a WebSocket.
  return new URLSearchParams(raw.url?.split('?')[1]).get('api_key') ?? undefined;
}

/** SHA-256 of a secret. */
export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

// Counts the requests of each client address, except GET /health. Requests above the rate limit get 429.

function addRateLimit(app: App, { limiter }: Context): void {
  if (!limiter.active) return;
  app.addHook('onRequest', async (request) => {
    if (isOpen(request)) return;
    await limiter.take(request.ip);
  });
}

export async function addGuard(app: App, context: Context): Promise<void> {
  addLog(app, context);
  // Headers come before the hooks that refuse, so refusals have them too.
  await addHeaders(app);
  addHost(app, context);
  addOrigin(app, context);
  await addCors(app, context);
  // The rate limit comes before the key, so that a client cannot guess keys at full speed.
  addRateLimit(app, context);
  addKey(app, context);
  // A refused WebSocket does not speak HTTP any more, and nothing else would close its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    if (isUpgrade(request)) request.raw.socket.destroy();
    done();
  });
}
