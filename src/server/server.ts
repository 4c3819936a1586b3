/** The server: its shared state, its surfaces, and how it stops. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fastify from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { App, Context } from './app.ts';
import type { AnswerLimits } from './batch/answer-size.ts';
import { addBatchApi } from './batch/routes.ts';
import { addBodies, addEncodings } from './bodies.ts';
import {
  addPipelines,
  answerBrokenConnections,
  CONNECTION_OPTIONS,
  limitConnections,
  listen,
  MALFORMED_PATH,
  MAX_HEADER_BYTES,
  Pipelines,
} from './connections.ts';
import { createContext } from './context.ts';
import { addErrorHandling } from './error-handling.ts';
import { addGuard } from './guard.ts';
import { quietController } from './log.ts';
import { logOutput } from './metrics.ts';
import { parseServerOptions, type ServerOptionsInput } from './options.ts';
import { addOrs } from './ors/routes.ts';
import { parseRequest } from './problem.ts';
import { addDocs } from './routes/docs.ts';
import { addInfo, addMetrics, addSystemPrompt } from './routes/info.ts';
import { addMcp } from './routes/mcp.ts';
import { addOpenEnv } from './routes/openenv.ts';
import { addTaskApi } from './routes/tasks.ts';
import { addWeb, addWebEpisode } from './routes/web.ts';
import { addSockets, addWebSockets } from './routes/ws.ts';
import { addPlayground } from './web/play-routes.ts';
import { addRuns } from './web/run-routes.ts';

// Stops the server: current requests are finished, and connections that do not end in time are cut.

/** Milliseconds after which WebSockets that do not answer the close frame are cut. */
const SOCKETS_MS = 3_000;
/** Milliseconds after which every remaining connection is cut. */
const REQUESTS_MS = 8_000;
const IDLE_CHECK_MS = 100;

/**
 * Prepares the shutdown. Must be called before the server listens.
 * @returns a function that closes the server; further calls return the same promise
 */
function prepareShutdown(
  app: App,
  { sessions, batches, reader }: Pick<Context, 'sessions' | 'batches' | 'reader'>,
): () => Promise<void> {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    // A connection is emitted again after a request for an upgrade that the server ignores.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const shutDown = async (): Promise<void> => {
    // A connection with a current request becomes idle only after it, and nothing else would close it then.
    const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
    const cutSockets = setTimeout(() => {
      if (!app.hasDecorator('websocketServer')) return;
      for (const client of app.websocketServer.clients) client.terminate();
    }, SOCKETS_MS);
    const cutAll = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, REQUESTS_MS);
    try {
      sessions.close('the server is shutting down');
      await app.close();
      await batches.close();
      await reader.close();
    } finally {
      clearInterval(idle);
      clearTimeout(cutSockets);
      clearTimeout(cutAll);
    }
  };
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= shutDown();
    return closing;
  };
}

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
 * @example
 * const { listen, close } = await createServer({ port: 0 });
 * console.log(await listen()); // http://127.0.0.1:34567
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
    addSystemPrompt,
    addTaskApi,
    addOrs,
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
