/** The settings of WebSockets (RFC 6455): sizes, subprotocols, and the treatment of a socket that breaks the protocol. */
import websocket from '@fastify/websocket';
import { messageOf } from '../../lib/errors.ts';
import type { App, Context } from '../app.ts';
import type { Pipelines } from '../pipeline.ts';
import { divideUpgrades } from './upgrades.ts';

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
