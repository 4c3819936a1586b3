/** Reads files to their end before they are sent. The files are small, and a client that does not read then keeps no file open. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { App } from '../app.ts';

export function sendWholeFiles(app: App): void {
  app.addHook('onSend', async (_request, _reply, payload) => (payload instanceof Readable ? buffer(payload) : payload));
}
