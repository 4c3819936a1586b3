/**
 * Protection from DNS rebinding. A page may let its own host name resolve to 127.0.0.1 after it was loaded, and then has the same
 * origin as the server. So a server that listens on a loopback address and has no key answers only to host names of this machine. A
 * page cannot omit `Host`, so a request without it (HTTP/1.0) does not come from a page.
 */
import { quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';
import { isLoopback, nameOf } from './names.ts';

/** Whether a server listens on a loopback address without a key, so that only its own machine protects it. */
export function trustsItsMachine({ host, apiKey }: Pick<ServerOptions, 'host' | 'apiKey'>): boolean {
  return apiKey === undefined && isLoopback(nameOf(host) ?? '');
}

export function addHost(app: App, { options }: Context): void {
  if (!trustsItsMachine(options) || options.allowHost.includes('*')) return;
  const allowed = new Set(options.allowHost.map(nameOf));
  app.addHook('onRequest', (request, _reply, done) => {
    const { host } = request.headers;
    if (host === undefined) return done();
    const name = nameOf(host);
    if (name !== undefined && (isLoopback(name) || allowed.has(name))) return done();
    const message = `the host ${quote(host)} is not this machine, and the server has no key; --allow-host lets a name in`;
    done(new Problem(403, 'FOREIGN_HOST', message));
  });
}
