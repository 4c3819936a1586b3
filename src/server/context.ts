/** The state that a server keeps between requests. */
import type { AnswerLimits } from './batch/answer-size.ts';
import { Batches } from './batch/batches.ts';
import { AnswerStore } from './batch/remembered.ts';
import { HttpEpisodes } from './episodes.ts';
import { Incoming, Unsent } from './incoming.ts';
import { Gate } from './large-requests.ts';
import { Limiter } from './limiter.ts';
import { Memory } from './memory.ts';
import { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';
import { Prefix } from './prefix.ts';
import { CompletionReader } from './reading/reader.ts';
import { createSeals } from './seal.ts';
import { Sessions } from './sessions.ts';
import { Specs } from './specs.ts';

export type Context = Readonly<ReturnType<typeof createContext>>;

/** @param answerLimits Smaller limits for the size of answers of the batch API, for tests */
export function createContext(options: ServerOptions, answerLimits?: AnswerLimits) {
  const memory = new Memory(options.maxMemory);
  const specs = new Specs(options, memory);
  const answers = new AnswerStore(memory);
  const episodes = new HttpEpisodes(specs, memory, options, answers);
  const sessions = new Sessions(specs, memory, options, answers);
  const metrics: Metrics = new Metrics({
    sessions: () => sessions.count,
    kept: () => sessions.keptCount,
    episodes: () => episodes.count,
    batches: () => batches.count,
    envs: () => batches.envs,
    held: () => memory.used,
    unsent: () => unsent.bytes,
  });
  const unsent: Unsent = new Unsent(options, metrics);
  const batches: Batches = new Batches(specs, memory, metrics, options, answerLimits);
  return {
    options,
    /** The prefix of the paths of requests. */
    prefix: new Prefix(options),
    /** The memory that clients share. */
    memory,
    specs,
    metrics,
    /** Episodes of plain HTTP. */
    episodes,
    /** Sessions of WebSockets, MCP and ORS. */
    sessions,
    batches,
    /** Seals of the snapshots that clients keep. */
    seals: createSeals(options.snapshotKey),
    /** The rate limit of requests and messages. Requests are counted before they reach a route. */
    limiter: new Limiter(options),
    unsent,
    incoming: new Incoming(options, metrics),
    /** Reads the actions and completions of single episodes. */
    reader: new CompletionReader(memory),
    /** Orders large requests and messages. */
    gate: new Gate(),
  };
}
