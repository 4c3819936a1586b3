/** Episodes of plain HTTP: POST /reset begins one, POST /step continues it. They are kept for a while; the least recently used go first. */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { quote } from '../lib/text.ts';
import { AnswerStore, MAX_ANSWERS, Remembered } from './batch/remembered.ts';
import type { Holder, Memory } from './memory.ts';
import type { ServerOptions } from './options.ts';
import { Problem } from './problem.ts';
import { type Answer, type ResetData, Session } from './session.ts';
import type { Specs } from './specs.ts';

type KeptEpisode = {
  readonly session: Session;
  /** Remembered answers to requests with an id. They outlive a reset of the same episode id, because an old step may be sent again. */
  readonly answers: Remembered;
  readonly holder: Holder;
};

export class HttpEpisodes {
  private readonly specs: Specs;
  private readonly memory: Memory;
  private readonly answers: AnswerStore;
  private readonly kept: LRUCache<string, KeptEpisode>;

  constructor(
    specs: Specs,
    memory: Memory,
    { maxSessions, episodeTimeout }: Pick<ServerOptions, 'maxSessions' | 'episodeTimeout'>,
    answers = new AnswerStore(memory),
  ) {
    this.specs = specs;
    this.memory = memory;
    this.answers = answers;
    this.kept = new LRUCache({
      max: maxSessions,
      ttl: Math.ceil(episodeTimeout * 1000),
      updateAgeOnGet: true,
      dispose: ({ holder, answers }, _id, reason) => {
        memory.release(holder);
        if (reason !== 'set') answers.clear();
      },
    });
  }

  get count(): number {
    this.kept.purgeStale();
    return this.kept.size;
  }

  /** The remembered answers of an episode; an empty collection if the episode has not begun. */
  answersOf(episodeId: string): Remembered {
    return this.kept.peek(episodeId)?.answers ?? new Remembered(this.answers, randomUUID(), MAX_ANSWERS);
  }

  /**
   * Begins an episode. It replaces an episode with the same id.
   * @param answers The remembered answers of the episode; default: those of the episode that it replaces
   */
  begin(data: ResetData, answers?: Remembered): Answer {
    let id: string | undefined;
    const holder: Holder = { mayGo: () => true, giveUp: () => void (id !== undefined && this.kept.delete(id)) };
    const session = new Session(this.specs, undefined, (bytes) => this.memory.hold(holder, bytes));
    const answer = session.reset(data);
    id = answer.metadata.episode_id;
    this.kept.set(id, { session, answers: answers ?? this.answersOf(id), holder });
    return answer;
  }

  has(episodeId: string): boolean {
    return this.kept.has(episodeId);
  }

  /**
   * The session of an episode.
   * @throws Problem (404) if there is no such episode, or not any more
   */
  find(episodeId: string): Session {
    const kept = this.kept.get(episodeId);
    if (kept !== undefined) {
      this.memory.touch(kept.holder);
      return kept.session;
    }
    throw new Problem(
      404,
      'UNKNOWN_EPISODE',
      `there is no episode ${quote(episodeId)}: it was never begun, was idle too long or was given up for newer ones; POST /reset begins one`,
    );
  }
}
