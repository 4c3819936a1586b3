/**
 * Pages of other origins. A browser lets any page open WebSockets to a server on the same machine, and send it simple
 * requests; so a server that listens to this machine alone, and asks for no key, answers only pages of this machine.
 */
import { quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import { Problem } from '../problem.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

export function addOrigin(app: App, { options: { host, apiKey } }: Context): void {
  if (apiKey !== undefined || !LOOPBACK.has(host)) return;
  app.addHook('onRequest', (request, _reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || LOOPBACK.has(hostOf(origin))) return done();
    const message = `pages of ${quote(origin)} may not use this server: it serves its own machine, and has no key`;
    done(new Problem(403, 'FOREIGN_ORIGIN', message));
  });
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : origin;
}
