/**
 * The path below which a proxy shows the server. It stands before every path that a client is given, and is taken off the paths
 * that clients ask for, unless the proxy has taken it off already.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { isPathPrefix } from './guard/names.ts';
import { rememberMethods } from './methods.ts';
import type { ServerOptions } from './options.ts';

export class Prefix {
  private readonly basePath: string;
  private readonly proxies = new BlockList();
  /** First parts of the paths of routes. */
  private readonly taken = new Set<string>();
  private methodsOf: (path: string) => string[] = () => [];

  constructor({ basePath, trustProxy }: Pick<ServerOptions, 'basePath' | 'trustProxy'>) {
    this.basePath = basePath;
    for (const range of trustProxy) {
      const [address = '', bits] = range.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.proxies.addAddress(address, family);
      else this.proxies.addSubnet(address, Number(bits), family);
    }
  }

  /** Gets to know the routes. To be called before they are added. */
  watch(app: Pick<FastifyInstance, 'addHook'>): void {
    this.methodsOf = rememberMethods(app);
    app.addHook('onRoute', ({ url }) => {
      const [, first = ''] = url.split('/');
      if (/^[^:*]/.test(first)) this.taken.add(first);
    });
  }

  /**
   * To be called when all routes are there.
   * @throws ValidationError where the base path cannot be told from a route
   */
  check(): void {
    if (!this.isTaken(this.basePath)) return;
    const issue = `basePath: the server has a route of its own below ${quote(this.basePath)}; expected another path`;
    throw new ValidationError('server options', [issue]);
  }

  /** Whether a connection from this address may say what a client asked for. */
  trusts(address: string | undefined): boolean {
    return address !== undefined && this.proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** What stands before the paths that this client asks for: '' or `/name`, any number of names. */
  of({ headers, socket }: IncomingMessage): string {
    const given = headers['x-forwarded-prefix'];
    if (typeof given === 'string' && this.trusts(socket.remoteAddress)) {
      const prefix = given.replace(/\/$/, '');
      if (isPathPrefix(prefix) && !this.isTaken(prefix)) return prefix;
    }
    return this.basePath;
  }

  /** The address of a request as routes are named. */
  strip(request: IncomingMessage): string {
    const { url = '' } = request;
    for (const prefix of new Set([this.of(request), this.basePath])) {
      if (prefix === '') continue;
      const [, path = '', query = ''] = /^(?:\w+:\/\/[^/?]*)?([^?]*)(.*)$/s.exec(url) ?? [];
      if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
      const rest = path.slice(prefix.length) || '/';
      // Below /ghostexec there are tasks, and a proxy may have taken /ghostexec off before.
      const isRoute = this.methodsOf(path).length > 0 && this.methodsOf(rest).length === 0;
      return isRoute ? url : rest + query;
    }
    return url;
  }

  private isTaken(prefix: string): boolean {
    return this.taken.has(prefix.split('/')[1] ?? '');
  }
}
