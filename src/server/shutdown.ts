/** Stops the server: current requests are finished, and connections that do not end in time are cut. */
import type { Socket } from 'node:net';
import type {} from '@fastify/websocket';
import type { App, Context } from './app.ts';

/** Milliseconds after which WebSockets that do not answer the close frame are cut. */
const SOCKETS_MS = 3_000;
/** Milliseconds after which every remaining connection is cut. */
const REQUESTS_MS = 8_000;
const IDLE_CHECK_MS = 100;

/**
 * Prepares the shutdown. Must be called before the server listens.
 * @returns a function that closes the server; further calls return the same promise
 */
export function prepareShutdown(
  app: App,
  { sessions, batches, reader }: Pick<Context, 'sessions' | 'batches' | 'reader'>,
): () => Promise<void> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    // A connection is emitted again after a request for an upgrade that the server ignores.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const shutDown = async (): Promise<void> => {
    // A connection with a current request becomes idle only after it, and nothing else would close it then.
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
