/** Servers for tests: on a free port, without a log, and closed when their test ends. */
import { beforeAll, onTestFinished } from 'vitest';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { createServer, type Server } from '../../src/server/server.ts';

export type Started = { readonly server: Server; readonly url: string; readonly port: number };

const create = (options: ServerOptionsInput): Promise<Server> =>
  createServer({ port: 0, logLevel: 'silent', ...options });

const listening = async (server: Server): Promise<Started> => {
  const url = await server.listen();
  return { server, url, port: Number(new URL(url).port) };
};

/** Creates a server that does not listen yet. */
export async function makeServer(options: ServerOptionsInput = {}): Promise<Server> {
  const server = await create(options);
  onTestFinished(() => server.close());
  return server;
}

/** Starts a server. `prepare` may add routes before the server listens. */
export async function startServer(
  options: ServerOptionsInput = {},
  prepare: (server: Server) => void = () => {},
): Promise<Started> {
  const server = await makeServer(options);
  prepare(server);
  return listening(server);
}

/** Starts a server. @returns its address */
export async function serve(options: ServerOptionsInput = {}): Promise<string> {
  return (await startServer(options)).url;
}

/** One server for all tests of a file or of a `describe`. It listens while the tests and their hooks run. */
export function sharedServer(options: ServerOptionsInput = {}): () => Started {
  let started: Started | undefined;
  beforeAll(async () => {
    const server = await create(options);
    started = await listening(server);
    return () => server.close();
  });
  return () => {
    if (started === undefined) throw new Error('the server listens only while tests run');
    return started;
  };
}
