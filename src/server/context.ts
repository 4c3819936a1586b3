/** What is kept between the requests of one server. */
import type { Context } from './app.ts';
import { Batches } from './batch/batches.ts';
import { Episodes } from './episodes.ts';
import { Limiter } from './guard/limiter.ts';
import { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';
import { createSeals } from './seal.ts';
import { Sessions } from './sessions.ts';
import { Specs } from './specs.ts';

export function createContext(options: ServerOptions): Context {
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
  const seals = createSeals(options.snapshotKey);
  return { options, specs, metrics, episodes, sessions, batches, seals, limiter: new Limiter(options) };
}
