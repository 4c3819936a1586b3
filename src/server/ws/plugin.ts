/** How this server speaks RFC 6455: sizes, subprotocols, and what happens to a socket that breaks the protocol. */
import websocket from '@fastify/websocket';
import { messageOf } from '../../lib/errors.ts';
import type { App, Context } from '../app.ts';
import type { Pipelines } from '../pipeline.ts';
import { divideUpgrades } from './upgrades.ts';

/** Milliseconds that a client has to answer a close frame; then its socket is destroyed, so that a shutdown need not wait. */
const CLOSE_TIMEOUT = 3_000;
const INTERNAL_ERROR = 1011;

/** To be added before whatever may refuse a request: the socket of a refused upgrade is destroyed by a hook of this plugin. */
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
    // Text that is no UTF-8 is a bad message, not a reason to end the session: who reads it says so.
    skipUTF8Validation: true,
    // Pongs, too, must not pile up for a client that does not read.
    autoPong: false,
    handleProtocols: (offered: Set<string>) => (offered.has('mcp') ? 'mcp' : false),
  } as const;
  await app.register(websocket, {
    options,
    errorHandler: (error, socket, request) => {
      request.log.debug({ reason: messageOf(error) }, 'a socket failed');
      // Where the client broke the protocol, it is being closed already, with the code for that.
      socket.close(INTERNAL_ERROR);
    },
  });
}
