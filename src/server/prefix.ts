/**
 * The path prefix below which a proxy publishes the server. The server adds it to every path that it sends to a client, and removes it
 * from the paths of requests unless the proxy has already removed it.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { isPathPrefix } from './names.ts';
import type { ServerOptions } from './options.ts';

export class Prefix {
  private readonly basePath: string;
  private readonly proxies = new BlockList();
  /** The first segments of the paths of all routes. */
  private readonly taken = new Set<string>();
  /** The HTTP methods of each route. */
  private readonly routes = new Map<string, Set<string>>();

  constructor({ basePath, trustProxy }: Pick<ServerOptions, 'basePath' | 'trustProxy'>) {
    this.basePath = basePath;
    for (const range of trustProxy) {
      const [address = '', bits] = range.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.proxies.addAddress(address, family);
      else this.proxies.addSubnet(address, Number(bits), family);
    }
  }

  /** Collects the routes. Must be called before they are added. */
  watch(app: Pick<FastifyInstance, 'addHook'>): void {
    app.addHook('onRoute', ({ url, method }) => {
      const [, first = ''] = url.split('/');
      if (/^[^:*]/.test(first)) this.taken.add(first);
      // The wildcard route would make every path a known one.
      if (url === '*' || url === '/*') return;
      const methods = this.routes.get(url) ?? new Set();
      for (const one of [method].flat()) methods.add(one);
      this.routes.set(url, methods);
    });
  }

  /** The HTTP methods of a path without its query; an empty list for an unknown path. */
  methodsOf(path: string): string[] {
    const matching = [...this.routes].filter(([url]) => matches(url.split('/'), path.split('/')));
    return [...new Set(matching.flatMap(([, methods]) => [...methods]))].sort();
  }

  /**
   * Checks the base path. Must be called after all routes were added.
   * @throws ValidationError if the base path begins like a route
   */
  check(): void {
    if (!this.isTaken(this.basePath)) return;
    const issue = `basePath: the server has a route of its own below ${quote(this.basePath)}; expected another path`;
    throw new ValidationError('server options', [issue]);
  }

  /** Whether this address is a trusted proxy, whose X-Forwarded-* headers count. */
  trusts(address: string | undefined): boolean {
    return address !== undefined && this.proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** The prefix of the paths of this client: '' or `/name`, with any number of names. */
  of({ headers, socket }: IncomingMessage): string {
    const given = headers['x-forwarded-prefix'];
    if (typeof given === 'string' && this.trusts(socket.remoteAddress)) {
      const prefix = given.replace(/\/$/, '');
      if (isPathPrefix(prefix) && !this.isTaken(prefix)) return prefix;
    }
    return this.basePath;
  }

  /** The URL of a request without the prefix, as routes are named. */
  strip(request: IncomingMessage): string {
    const { url = '' } = request;
    for (const prefix of new Set([this.of(request), this.basePath])) {
      if (prefix === '') continue;
      const [, path = '', query = ''] = /^(?:\w+:\/\/[^/?]*)?([^?]*)(.*)$/s.exec(url) ?? [];
      if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
      const rest = path.slice(prefix.length) || '/';
      // /ghostexec may be the prefix or the first segment of the task routes: a proxy may have removed the prefix already.
      const isRoute = this.methodsOf(path).length > 0 && this.methodsOf(rest).length === 0;
      return isRoute ? url : rest + query;
    }
    return url;
  }

  private isTaken(prefix: string): boolean {
    return this.taken.has(prefix.split('/')[1] ?? '');
  }
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const given = path.length > 2 && path.at(-1) === '' ? path.slice(0, -1) : path;
  const rest = pattern.at(-1) === '*';
  if (rest ? given.length < pattern.length : given.length !== pattern.length) return false;
  return pattern.every(
    (part, i) => part === given[i] || (part.startsWith(':') && given[i] !== '') || (rest && part === '*'),
  );
}
