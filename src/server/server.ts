/** The server: its shared state, its surfaces, and how it stops. */
import type { IncomingMessage } from 'node:http';
import fastify from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { App } from './app.ts';
import type { AnswerLimits } from './batch/answer-size.ts';
import { addBatchApi } from './batch/routes.ts';
import { addBodies } from './bodies.ts';
import {
  answerBrokenConnections,
  CONNECTION_OPTIONS,
  limitConnections,
  listen,
  MALFORMED_PATH,
  MAX_HEADER_BYTES,
} from './connections.ts';
import { createContext } from './context.ts';
import { addEncodings } from './encoding.ts';
import { addErrorHandling } from './error-handling.ts';
import { quietController } from './guard/log.ts';
import { addGuard } from './guard.ts';
import { logOutput } from './log-output.ts';
import { parseServerOptions, type ServerOptionsInput } from './options.ts';
import { addPipelines, Pipelines } from './pipeline.ts';
import { parseRequest } from './problem.ts';
import { addDocs } from './routes/docs.ts';
import { addInfo } from './routes/info.ts';
import { addMcp } from './routes/mcp.ts';
import { addMetrics } from './routes/metrics.ts';
import { addOpenEnv } from './routes/openenv.ts';
import { addTaskApi } from './routes/tasks.ts';
import { addWeb } from './routes/web.ts';
import { addWebEpisode } from './routes/web-episode.ts';
import { addWebSockets } from './routes/ws.ts';
import { prepareShutdown } from './shutdown.ts';
import { addPlayground } from './web/play-routes.ts';
import { addRuns } from './web/run-routes.ts';
import { addSockets } from './ws/plugin.ts';

export { snapshotIn } from './seal.ts';

export type Server = {
  readonly app: App;
  /** Starts to listen and returns the address. */
  listen(): Promise<string>;
  /** Accepts no more requests, finishes the current ones, closes the sockets and ends the worker threads. */
  close(): Promise<void>;
};

const MIB = 2 ** 20;
/** The names that FastAPI has for the parts of a request in the location of a problem. */
const PARTS: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/**
 * Makes a server that does not listen yet.
 * @param answerLimits Smaller limits for the size of answers of the batch API, for tests
 * @throws ValidationError if the options are not valid
 */
export async function createServer(input: ServerOptionsInput = {}, answerLimits?: AnswerLimits): Promise<Server> {
  const options = parseServerOptions(input);
  const context = createContext(options, answerLimits);
  const { prefix } = context;

  const app: App = fastify({
    logger: { level: options.logLevel, stream: logOutput },
    logController: quietController,
    bodyLimit: options.bodyLimit * MIB,
    forceCloseConnections: 'idle',
    // Requests that arrive on an open connection while the server stops are still served.
    return503OnClosing: false,
    ...CONNECTION_OPTIONS,
    trustProxy: options.trustProxy.length > 0 && ((address) => prefix.trusts(address)),
    rewriteUrl: (request) => prefix.strip(request as IncomingMessage),
    clientErrorHandler: answerBrokenConnections(context.metrics),
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: MAX_HEADER_BYTES,
      // The request is routed, so that it passes the guard like any other.
      onBadUrl: (_path, request, response) => {
        request.url = MALFORMED_PATH;
        app.routing(request, response);
      },
    },
  }).withTypeProvider<ZodTypeProvider>();
  addBodies(app, context.gate);
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (data) => {
    try {
      return { value: parseRequest(schema, data ?? {}, PARTS[httpPart ?? 'body'] ?? 'body') };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  });
  // Tests check that answers follow their schemas. To validate them again here would cost as much as to play the step.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  prefix.watch(app);
  addErrorHandling(app, context);
  limitConnections(app, context);
  addEncodings(app, context);
  const pipelines = new Pipelines(() => context.metrics.cut('pipeline'));
  addPipelines(app, pipelines, context);
  await addSockets(app, context, pipelines);
  await addGuard(app, context);
  await addDocs(app, context);
  for (const add of [
    addWebSockets,
    addOpenEnv,
    addInfo,
    addTaskApi,
    addMcp,
    addBatchApi,
    addMetrics,
    addWeb,
    addWebEpisode,
    addPlayground,
    addRuns,
  ]) {
    await app.register((scope: App) => add(scope, context));
  }
  prefix.check();
  const close = prepareShutdown(app, context);
  return {
    app,
    listen: () => listen(app, options),
    close,
  };
}
