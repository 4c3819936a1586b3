/** Requests are counted for each client address, all but GET /health; one too many is answered 429. */
import type { App, Context } from '../app.ts';
import { isOpen } from './kind.ts';

export function addRateLimit(app: App, { limiter }: Context): void {
  if (!limiter.active) return;
  app.addHook('onRequest', async (request) => {
    if (isOpen(request)) return;
    await limiter.take(request.ip);
  });
}
