/**
 * Protection from pages of other origins. A browser lets any page open WebSockets and send simple requests to a server on the same
 * machine. So a server that listens on a loopback address and has no key answers only pages of this machine, its own pages, and pages
 * of the origins in --allow-origin.
 */
import { quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import { Problem } from '../problem.ts';
import { trustsItsMachine } from './host.ts';
import { isLoopback, nameOf, originOf } from './names.ts';

/** Must be added after the check of `Host`: a page of the same host counts as a page of the server. */
export function addOrigin(app: App, { options }: Context): void {
  if (!trustsItsMachine(options) || options.allowOrigin.includes('*')) return;
  const allowed = new Set(options.allowOrigin.map(originOf));
  app.addHook('onRequest', (request, _reply, done) => {
    const { origin, host = '' } = request.headers;
    if (origin === undefined || allowed.has(origin)) return done();
    const name = URL.canParse(origin) ? nameOf(new URL(origin).host) : undefined;
    if (name !== undefined && (isLoopback(name) || name === nameOf(host))) return done();
    const message = `pages of ${quote(origin)} may not use this server: it serves its own machine, and has no key; --allow-origin lets an origin in`;
    done(new Problem(403, 'FOREIGN_ORIGIN', message));
  });
}
