/** Makes the state that a server keeps between requests. */
import type { Context } from './app.ts';
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

export function createContext(options: ServerOptions, answerLimits?: AnswerLimits): Context {
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
    prefix: new Prefix(options),
    memory,
    specs,
    metrics,
    episodes,
    sessions,
    batches,
    seals: createSeals(options.snapshotKey),
    limiter: new Limiter(options),
    unsent,
    incoming: new Incoming(options, metrics),
    reader: new CompletionReader(memory),
    gate: new Gate(),
  };
}
