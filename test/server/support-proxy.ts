/** A reverse proxy that serves a server below a path prefix, as nginx or Traefik do. */
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type ProxyOptions = {
  /** The path prefix of the server. */
  readonly prefix: string;
  /** Whether the proxy removes the prefix from forwarded requests. */
  readonly strips: boolean;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** Starts a proxy that answers 404 and `elsewhere` outside the prefix. @returns its address, without the prefix */
export async function startProxy(target: string, { prefix, strips, headers = {} }: ProxyOptions): Promise<string> {
  const { hostname: host, port } = new URL(target);
  const forwarded = (url: string): string | undefined => {
    if (url !== prefix && !url.startsWith(`${prefix}/`) && !url.startsWith(`${prefix}?`)) return undefined;
    const rest = strips ? url.slice(prefix.length) : url;
    return rest.startsWith('/') ? rest : `/${rest}`;
  };
  const sockets = new Set<Socket>();
  const proxy = createServer((asked, answer) => {
    const path = forwarded(asked.url ?? '');
    if (path === undefined) {
      answer.writeHead(404).end('elsewhere');
      return;
    }
    const options = { host, port, path, method: asked.method, headers: { ...asked.headers, ...headers }, agent: false };
    const passed = request(options, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  proxy.on('upgrade', (asked, socket: Socket, head) => {
    const path = forwarded(asked.url ?? '');
    if (path === undefined) return socket.destroy();
    const behind = connect(Number(port), host, () => {
      const lines = Object.entries({ ...asked.headers, ...headers }).map(([name, value]) => `${name}: ${value}`);
      behind.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      behind.write(head);
      behind.pipe(socket).pipe(behind);
    });
    for (const one of [behind, socket]) {
      sockets.add(one);
      one.on('error', () => {}).on('close', () => [behind, socket].map((both) => both.destroy()));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}
