/** How the server stops: what is under way is finished, and what does not come to an end is ended. */
import type { Socket } from 'node:net';
import type {} from '@fastify/websocket';
import type { App, Context } from './app.ts';

/** Sockets that do not answer the good-bye are cut off after this. */
const SOCKETS_MS = 3_000;
/** Every connection that is still there is cut off after this. */
const REQUESTS_MS = 8_000;
const IDLE_CHECK_MS = 100;

/** To be called before the server listens. What it answers closes the server, once. */
export function prepareShutdown(
  app: App,
  { sessions, batches, reader }: Pick<Context, 'sessions' | 'batches' | 'reader'>,
): () => Promise<void> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    // One whose request asked for another protocol in vain comes again.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const shutDown = async (): Promise<void> => {
    // A connection whose request was under way is idle only afterwards, and nothing else would close it then.
    const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
    const cutSockets = setTimeout(() => {
      if (!app.hasDecorator('websocketServer')) return;
      for (const client of app.websocketServer.clients) client.terminate();
    }, SOCKETS_MS);
    const cutAll = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, REQUESTS_MS);
    try {
      sessions.close('the server is shutting down');
      await app.close();
      await batches.close();
      await reader.close();
    } finally {
      clearInterval(idle);
      clearTimeout(cutSockets);
      clearTimeout(cutAll);
    }
  };
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= shutDown();
    return closing;
  };
}
