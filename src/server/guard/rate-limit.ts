/** Counts the requests of each client address, except GET /health. Requests above the rate limit get 429. */
import type { App, Context } from '../app.ts';
import { isOpen } from './kind.ts';

export function addRateLimit(app: App, { limiter }: Context): void {
  if (!limiter.active) return;
  app.addHook('onRequest', async (request) => {
    if (isOpen(request)) return;
    await limiter.take(request.ip);
  });
}
