/** Episodes that POST /reset began and POST /step goes on with: kept for a while, the least recently used go first. */
import { LRUCache } from 'lru-cache';
import { quote } from '../lib/text.ts';
import type { ServerOptions } from './options.ts';
import { Problem } from './problem.ts';
import { type ResetData, Session } from './session.ts';
import type { Specs } from './specs.ts';
import type { Answer } from './wire.ts';

export class Episodes {
  private readonly specs: Specs;
  private readonly kept: LRUCache<string, Session>;

  constructor(specs: Specs, { maxSessions, sessionTimeout }: Pick<ServerOptions, 'maxSessions' | 'sessionTimeout'>) {
    this.specs = specs;
    this.kept = new LRUCache({ max: maxSessions, ttl: Math.ceil(sessionTimeout * 1000), updateAgeOnGet: true });
  }

  get count(): number {
    this.kept.purgeStale();
    return this.kept.size;
  }

  /** Begins an episode; one of the same id, if it is there, is given up for it. */
  begin(data: ResetData): Answer {
    const session = new Session(this.specs);
    const answer = session.reset(data);
    this.kept.set(answer.observation.metadata.episode_id, session);
    return answer;
  }

  /** @throws Problem (404) where there is none of that id, any more or at all */
  find(episodeId: string): Session {
    const session = this.kept.get(episodeId);
    if (session !== undefined) return session;
    throw new Problem(
      404,
      'UNKNOWN_EPISODE',
      `there is no episode ${quote(episodeId)}: it was never begun, was idle too long or was given up for newer ones; POST /reset begins one`,
    );
  }
}
