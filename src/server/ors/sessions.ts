/** Sessions of ORS. They are sessions like those of MCP, with the same limits. */
import { LRUCache } from 'lru-cache';
import { quote } from '../../lib/text.ts';
import type { Context } from '../context.ts';
import { openWith } from '../mcp/episode.ts';
import { Problem } from '../problem.ts';
import { doorsOf, type Profiles, withProfiles } from '../profiles.ts';
import type { ResetData } from '../session.ts';
import type { SessionEntry } from '../sessions.ts';
import { isGiven } from '../wire.ts';
import type { OrsEpisode } from './wire.ts';

/** The seed of an episode whose client names none. Trainers begin a group by creating the same task several times. */
const DEFAULT_SEED = 0;

export class OrsSessions {
  private readonly context: Context;
  private readonly defaults: Profiles;
  /** The sessions that POST /create has opened. */
  private readonly opened = new WeakSet<SessionEntry>();
  /** The ids of the last sessions that clients have deleted. */
  private readonly deleted: LRUCache<string, true>;

  constructor(context: Context) {
    this.context = context;
    this.defaults = doorsOf(context.options).ors;
    this.deleted = new LRUCache({ max: context.options.maxSessions });
  }

  /**
   * Opens the session with this id and begins its episode.
   * @param address Address of the client
   * @throws Problem, ValidationError, CapacityReached; then no session is opened
   */
  create(sid: string, address: string, request: OrsEpisode): void {
    if (this.deleted.has(sid) || this.context.sessions.find(sid) !== undefined) {
      throw new Problem(400, 'SESSION_EXISTS', `there is or was a session ${quote(sid)}; a new one needs a new id`);
    }
    const { data, loc } = readCreate(request);
    const { entry } = openWith(this.context, address, withProfiles(data, this.defaults), loc, sid);
    // The client has chosen this episode itself, so it counts from the beginning.
    entry.uncalled = false;
    this.opened.add(entry);
  }

  /**
   * The session with this id. The idle time counts from here.
   * @throws Problem (410 if a client has deleted the session, else 404 if there is none)
   */
  find(sid: string): SessionEntry {
    const entry = this.context.sessions.find(sid);
    if (entry !== undefined && this.opened.has(entry)) {
      this.context.sessions.touch(entry);
      return entry;
    }
    if (this.deleted.has(sid)) throw new Problem(410, 'SESSION_DELETED', `the session ${quote(sid)} was deleted`);
    const why = 'POST /create did not begin it, or it was idle too long or gave way to newer ones';
    throw new Problem(404, 'SESSION_ERROR', `there is no session ${quote(sid)}: ${why}`);
  }

  /** Ends the session with this id, if there is one. */
  delete(sid: string): void {
    const entry = this.context.sessions.find(sid);
    if (entry === undefined || !this.opened.has(entry)) return;
    this.deleted.set(sid, true);
    this.context.sessions.endWhenFree(entry);
  }
}

/** What a request asks to play. @throws Problem (400) if it asks for nothing or for two things, or for a toolset */
function readCreate(request: OrsEpisode): { data: ResetData; loc: readonly string[] } {
  const { split, index, task_spec, toolset_name, env_name: _, ...profiles } = request;
  if (isGiven(toolset_name)) {
    throw new Problem(400, 'UNKNOWN_TOOLSET', `there is no toolset ${quote(toolset_name)}; expected null`);
  }
  const isRow = isGiven(split) && isGiven(index);
  if (isGiven(split) !== isGiven(index) || isRow === isGiven(task_spec)) {
    throw new Problem(400, 'BAD_REQUEST', 'expected either split and index, or task_spec');
  }
  if (!isGiven(task_spec)) return { data: { split, index, seed: DEFAULT_SEED, ...profiles }, loc: ['body'] };
  const { id, ...spec } = task_spec;
  const task_id = spec.task_id ?? id;
  return {
    data: {
      ...spec,
      ...(isGiven(task_id) ? { task_id, split: null, index: null } : {}),
      seed: spec.seed ?? DEFAULT_SEED,
      reward_profile: spec.reward_profile ?? profiles.reward_profile,
      observation_profile: spec.observation_profile ?? profiles.observation_profile,
      success_grade: spec.success_grade ?? profiles.success_grade,
    },
    loc: ['body', 'task_spec'],
  };
}
