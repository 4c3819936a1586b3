/** The hooks that run before every route: log line, headers, host, origin, CORS, rate limit, key. */
import type { App, Context } from './app.ts';
import { addCors } from './guard/cors.ts';
import { addHeaders } from './guard/headers.ts';
import { addHost } from './guard/host.ts';
import { addKey } from './guard/key.ts';
import { isUpgrade } from './guard/kind.ts';
import { addLog } from './guard/log.ts';
import { addOrigin } from './guard/origin.ts';
import { addRateLimit } from './guard/rate-limit.ts';

export async function addGuard(app: App, context: Context): Promise<void> {
  addLog(app, context);
  // Headers come before the hooks that refuse, so refusals have them too.
  await addHeaders(app);
  addHost(app, context);
  addOrigin(app, context);
  await addCors(app, context);
  // The rate limit comes before the key, so that a client cannot guess keys at full speed.
  addRateLimit(app, context);
  addKey(app, context);
  // A refused WebSocket does not speak HTTP any more, and nothing else would close its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    if (isUpgrade(request)) request.raw.socket.destroy();
    done();
  });
}
