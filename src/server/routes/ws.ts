/** GET /ws and GET /mcp, upgraded to WebSockets. */
import type { App, Context } from '../app.ts';
import { createRpc } from '../mcp/rpc.ts';
import { Problem } from '../problem.ts';
import { accept, Links, type Surface } from '../ws/accept.ts';
import { handshakeProblem, UPGRADE_REQUIRED, WS_VERSION } from '../ws/handshake.ts';
import { mcpSurface } from '../ws/mcp.ts';
import { openEnvSurface } from '../ws/openenv.ts';

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
  const rpc = createRpc(context, (error) =>
    app.log.error({ err: error }, 'an MCP message failed because of an error in the server'),
  );
  const add = (url: string, surface: Surface, refuse: () => Problem, headers: Record<string, string>): void => {
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
  add(
    '/ws',
    openEnvSurface(context, rpc),
    () => new Problem(426, 'UPGRADE_REQUIRED', '/ws is a WebSocket; this request does not ask for one'),
    { upgrade: 'websocket', connection: 'upgrade' },
  );
  // Clients of MCP send GET /mcp to find out whether the server has a stream of events. After a 405 they work without one.
  add(
    '/mcp',
    mcpSurface(context, rpc),
    () =>
      new Problem(405, 'METHOD_NOT_ALLOWED', '/mcp takes POST and DELETE, or a WebSocket; it has no stream of events'),
    { allow: 'POST, DELETE' },
  );
}
