/** A reverse proxy that shows a server below a path, as nginx or Traefik do. */
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type ProxyOptions = {
  /** The path below which the server is shown. */
  readonly prefix: string;
  /** Whether the path is taken off what is passed on. */
  readonly strips: boolean;
  /** Added to every request. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** @returns the address of the proxy, without the prefix; what is not below the prefix it answers 404 with `elsewhere` */
export async function startProxy(target: string, { prefix, strips, headers = {} }: ProxyOptions): Promise<string> {
  const { hostname: host, port } = new URL(target);
  const passedOn = (url: string): string | undefined => {
    if (url !== prefix && !url.startsWith(`${prefix}/`) && !url.startsWith(`${prefix}?`)) return undefined;
    const rest = strips ? url.slice(prefix.length) : url;
    return rest.startsWith('/') ? rest : `/${rest}`;
  };
  const sockets = new Set<Socket>();
  const proxy = createServer((asked, answer) => {
    const path = passedOn(asked.url ?? '');
    if (path === undefined) {
      answer.writeHead(404).end('elsewhere');
      return;
    }
    const options = { host, port, path, method: asked.method, headers: { ...asked.headers, ...headers }, agent: false };
    const passed = request(options, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.headers);
      told.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  proxy.on('upgrade', (asked, socket: Socket, head) => {
    const path = passedOn(asked.url ?? '');
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
