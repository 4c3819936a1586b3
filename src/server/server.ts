/** The server: what its surfaces share, the surfaces themselves, and how it stops. */
import fastify from 'fastify';
import type { z } from 'zod';
import type { App, Context } from './app.ts';
import { Batches } from './batch/batches.ts';
import { addBatchApi } from './batch/routes.ts';
import { addBodies } from './bodies.ts';
import { Episodes } from './episodes.ts';
import { addErrorHandling } from './error-handling.ts';
import { addGuard } from './guard.ts';
import { Metrics } from './metrics.ts';
import { parseServerOptions, type ServerOptionsInput } from './options.ts';
import { parseRequest } from './problem.ts';
import { addDocs } from './routes/docs.ts';
import { addInfo } from './routes/info.ts';
import { addMcp } from './routes/mcp.ts';
import { addMetrics } from './routes/metrics.ts';
import { addOpenEnv } from './routes/openenv.ts';
import { addTaskApi } from './routes/tasks.ts';
import { addWebSockets } from './routes/ws.ts';
import { Sessions } from './sessions.ts';
import { Specs } from './specs.ts';

export type Server = {
  readonly app: App;
  /** Listens, and answers the address. */
  listen(): Promise<string>;
  /** Takes no more requests, finishes those under way, says good-bye to sockets, ends the worker threads. */
  close(): Promise<void>;
};

const MIB = 2 ** 20;
/** Parts of a request, as FastAPI calls them in the location of a problem. */
const PARTS: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/** @throws ValidationError where the options are not valid */
export async function createServer(input: ServerOptionsInput = {}): Promise<Server> {
  const options = parseServerOptions(input);
  const specs = new Specs(options);
  const episodes = new Episodes(specs, options);
  const sessions = new Sessions(specs, options);
  const metrics: Metrics = new Metrics({
    sessions: () => sessions.count,
    episodes: () => episodes.count,
    batches: () => batches.count,
    envs: () => batches.envs,
  });
  const batches: Batches = new Batches(specs, metrics, options);
  const context: Context = { options, specs, metrics, episodes, sessions, batches };

  const app: App = fastify({
    logger: { level: options.logLevel },
    disableRequestLogging: true,
    bodyLimit: options.bodyLimit * MIB,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  }) as unknown as App;
  addBodies(app);
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (data) => {
    try {
      return { value: parseRequest(schema, data ?? {}, PARTS[httpPart ?? 'body'] ?? 'body') };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  });
  // Answers are made by us and checked by tests; validating them again would cost as much as playing the step.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  addErrorHandling(app, context);
  await addGuard(app, context);
  await addDocs(app, context);
  for (const add of [addWebSockets, addOpenEnv, addInfo, addTaskApi, addMcp, addBatchApi, addMetrics]) {
    await app.register((scope) => add(scope as unknown as App, context));
  }
  return {
    app,
    listen: () => app.listen({ host: options.host, port: options.port }),
    close: async () => {
      sessions.close('the server is shutting down');
      await app.close();
      await batches.close();
    },
  };
}
