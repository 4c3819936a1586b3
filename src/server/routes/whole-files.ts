/** Files are read to their end before they are sent: each of them is small, and a client that does not read holds no descriptor. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { App } from '../app.ts';

export function sendWholeFiles(app: App): void {
  app.addHook('onSend', async (_request, _reply, payload) => (payload instanceof Readable ? buffer(payload) : payload));
}
