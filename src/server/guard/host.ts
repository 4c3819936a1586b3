/**
 * Names that lead to this machine without being its own. A page may let its own name lead to 127.0.0.1 once it is loaded, and is
 * of one origin with the server then; so a server that listens to this machine alone, and asks for no key, answers only to
 * names of this machine. No page can leave `Host` out, so a client that does (HTTP/1.0) is none.
 */
import { quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';
import { isLoopback, nameOf } from './names.ts';

/** Whether nothing but the machine that it runs on stands before a server. */
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
