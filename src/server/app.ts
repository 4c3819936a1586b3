/** Types that the surfaces of a server share: the app to which they add their routes, and the state between requests. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Batches } from './batch/batches.ts';
import type { HttpEpisodes } from './episodes.ts';
import type { Incoming, Unsent } from './incoming.ts';
import type { Gate } from './large-requests.ts';
import type { Limiter } from './limiter.ts';
import type { Memory } from './memory.ts';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';
import type { Prefix } from './prefix.ts';
import type { CompletionReader } from './reading/reader.ts';
import type { createSeals } from './seal.ts';
import type { Sessions } from './sessions.ts';
import type { Specs } from './specs.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export type Context = {
  readonly options: ServerOptions;
  /** The prefix of the paths of requests. */
  readonly prefix: Prefix;
  /** The memory that clients share. */
  readonly memory: Memory;
  readonly specs: Specs;
  readonly metrics: Metrics;
  /** Episodes of plain HTTP. */
  readonly episodes: HttpEpisodes;
  /** Sessions of WebSockets and MCP. */
  readonly sessions: Sessions;
  readonly batches: Batches;
  /** Seals of the snapshots that clients keep. */
  readonly seals: ReturnType<typeof createSeals>;
  /** The rate limit of requests and messages. Requests are counted before they reach a route. */
  readonly limiter: Limiter;
  readonly unsent: Unsent;
  readonly incoming: Incoming;
  /** Reads the actions and completions of single episodes. */
  readonly reader: CompletionReader;
  /** Orders large requests and messages. */
  readonly gate: Gate;
};
