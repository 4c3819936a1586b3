/** What stands before every route: headers, one log line a request, host, origin, CORS, rate limit, key. */
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
  // Before those that refuse: what they answer has the headers too.
  await addHeaders(app);
  addHost(app, context);
  addOrigin(app, context);
  await addCors(app, context);
  // Before the key, so that keys cannot be guessed at full speed.
  addRateLimit(app, context);
  addKey(app, context);
  // A WebSocket that was refused speaks HTTP no more, and nobody else would close its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    if (isUpgrade(request)) request.raw.socket.destroy();
    done();
  });
}
