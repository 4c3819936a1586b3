/** GET /ws, GET /text/ws and GET /mcp, upgraded to WebSockets. */
import type { IncomingHttpHeaders } from 'node:http';
import websocket from '@fastify/websocket';
import { messageOf } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import type { Pipelines } from '../connections.ts';
import { FORMS } from '../forms.ts';
import { addMethods } from '../mcp/methods.ts';
import { createRpc } from '../mcp/rpc.ts';
import { Problem } from '../problem.ts';
import { accept, Links, type SocketSurface } from '../ws/accept.ts';
import { mcpSurface } from '../ws/mcp.ts';
import { openEnvSurface } from '../ws/openenv.ts';
import { divideUpgrades } from '../ws/upgrades.ts';

// Checks the headers of a WebSocket handshake. The library checks them too, but it would answer in HTML and without a log line.

/** The only published version of the protocol. Version 8 is a draft with the same content. */
const WS_VERSION = '13';
const VERSIONS: ReadonlySet<unknown> = new Set([WS_VERSION, '8']);
export const UPGRADE_REQUIRED = 426;

/** Why a WebSocket cannot be opened; undefined if it can. */
function handshakeProblem(headers: IncomingHttpHeaders): Problem | undefined {
  const { 'sec-websocket-version': version, 'sec-websocket-key': key } = headers;
  if (!VERSIONS.has(version)) {
    const message = `expected ${WS_VERSION} as Sec-WebSocket-Version, got ${given(version)}`;
    return new Problem(UPGRADE_REQUIRED, 'UPGRADE_REQUIRED', message);
  }
  if (key === undefined || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    return new Problem(400, 'BAD_HANDSHAKE', `expected 16 bytes in base64 as Sec-WebSocket-Key, got ${given(key)}`);
  }
  return undefined;
}

function given(value: string | undefined): string {
  return value === undefined ? 'none' : quote(value);
}

// The settings of WebSockets (RFC 6455): sizes, subprotocols, and the treatment of a socket that breaks the protocol.

/** Milliseconds that a client has to answer a close frame. Then its socket is destroyed, so that a shutdown need not wait for it. */
const CLOSE_TIMEOUT = 3_000;
const INTERNAL_ERROR = 1011;

/** Must be called before any hook that may refuse a request: a hook of this plugin destroys the socket of a refused upgrade. */
export async function addSockets(
  app: App,
  { options: { bodyLimit }, prefix }: Pick<Context, 'options' | 'prefix'>,
  pipelines: Pipelines,
): Promise<void> {
  const options = {
    server: divideUpgrades(app, pipelines, prefix),
    maxPayload: bodyLimit * 2 ** 20,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT,
    // Text that is not UTF-8 is a bad message, which gets an error as its answer. It is not a reason to close the socket.
    skipUTF8Validation: true,
    // Pongs must not pile up for a client that does not read, so `Link` sends them.
    autoPong: false,
    handleProtocols: (offered: Set<string>) => (offered.has('mcp') ? 'mcp' : false),
  } as const;
  await app.register(websocket, {
    options,
    errorHandler: (error, socket, request) => {
      request.log.debug({ reason: messageOf(error) }, 'a socket failed');
      // If the client broke the protocol, the library is already closing the socket with the right code, and this does nothing.
      socket.close(INTERNAL_ERROR);
    },
  });
}

export async function addWebSockets(app: App, context: Context): Promise<void> {
  const links = new Links(context.options, context.metrics);
  app.addHook('onClose', async () => links.close());
  app.addHook('onRequest', (request, reply, done) => {
    const problem = request.ws ? handshakeProblem(request.headers) : undefined;
    // Bytes that the client sent after the handshake would be read as requests.
    if (problem !== undefined) reply.header('connection', 'close');
    if (problem?.status === UPGRADE_REQUIRED) reply.header('sec-websocket-version', WS_VERSION);
    done(problem);
  });
  const rpc = createRpc(context, addMethods, (error) =>
    app.log.error({ err: error }, 'an MCP message failed because of an error in the server'),
  );
  const add = (url: string, surface: SocketSurface, refuse: () => Problem, headers: Record<string, string>): void => {
    app.route({
      method: 'GET',
      url,
      schema: { hide: true },
      handler: async (_request, reply) => {
        reply.headers(headers);
        throw refuse();
      },
      wsHandler: (socket, request) => accept(context, links, surface, socket, request),
    });
  };
  for (const form of FORMS) {
    const path = `${form.base}/ws`;
    add(
      path,
      openEnvSurface(context, rpc, form),
      () => new Problem(426, 'UPGRADE_REQUIRED', `${path} is a WebSocket; this request does not ask for one`),
      { upgrade: 'websocket', connection: 'upgrade' },
    );
  }
  // Clients of MCP send GET /mcp to find out whether the server has a stream of events. After a 405 they work without one.
  add(
    '/mcp',
    mcpSurface(context, rpc),
    () =>
      new Problem(405, 'METHOD_NOT_ALLOWED', '/mcp takes POST and DELETE, or a WebSocket; it has no stream of events'),
    { allow: 'POST, DELETE' },
  );
}
