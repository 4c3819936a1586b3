/** Sessions of ORS. They are sessions like those of MCP, with the same limits, and each has the reward profile of its client. */
import { LRUCache } from 'lru-cache';
import { quote } from '../../lib/text.ts';
import { finalGrade } from '../../scenarios/graders.ts';
import type { RewardProfile } from '../../sim/reward-profile.ts';
import type { Context } from '../context.ts';
import { openWith } from '../mcp/episode.ts';
import { invalid, Problem } from '../problem.ts';
import type { ResetData } from '../session.ts';
import type { SessionEntry } from '../sessions.ts';
import { isGiven } from '../wire.ts';
import type { OrsEpisode } from './wire.ts';

/** The seed of an episode whose client names none. Trainers begin a group by creating the same task several times. */
const DEFAULT_SEED = 0;
const DEFAULT_PROFILE: RewardProfile = 'terminal';

export type OrsSession = { readonly entry: SessionEntry; readonly profile: RewardProfile };

export class OrsSessions {
  private readonly context: Context;
  private readonly profiles = new WeakMap<SessionEntry, RewardProfile>();
  /** The ids of the last sessions that clients have deleted. */
  private readonly deleted: LRUCache<string, true>;

  constructor(context: Context) {
    this.context = context;
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
    const { data, profile, loc } = readCreate(request);
    this.refuseGradeless(data, profile, loc);
    const { entry } = openWith(this.context, address, data, loc, sid);
    // The client has chosen this episode itself, so it counts from the beginning.
    entry.uncalled = false;
    this.profiles.set(entry, profile);
  }

  /**
   * The session with this id. The idle time counts from here.
   * @throws Problem (410 if a client has deleted the session, else 404 if there is none)
   */
  find(sid: string): OrsSession {
    const entry = this.context.sessions.find(sid);
    const profile = entry && this.profiles.get(entry);
    if (entry !== undefined && profile !== undefined) {
      this.context.sessions.touch(entry);
      return { entry, profile };
    }
    if (this.deleted.has(sid)) throw new Problem(410, 'SESSION_DELETED', `the session ${quote(sid)} was deleted`);
    const why = 'POST /create did not begin it, or it was idle too long or gave way to newer ones';
    throw new Problem(404, 'SESSION_ERROR', `there is no session ${quote(sid)}: ${why}`);
  }

  /** Ends the session with this id, if there is one. */
  delete(sid: string): void {
    const entry = this.context.sessions.find(sid);
    if (entry === undefined || !this.profiles.has(entry)) return;
    this.deleted.set(sid, true);
    this.context.sessions.endWhenFree(entry);
  }

  /** Refuses a profile that would never give a reward: some tasks have no grade under rules v1. */
  private refuseGradeless(data: ResetData, profile: RewardProfile, loc: readonly string[]): void {
    if (profile === 'step') return;
    const { task, rules, scenario } = this.context.specs.resolve(data, loc);
    if (rules !== 'v1' || finalGrade(scenario === undefined ? task : undefined, rules, [], {}) !== null) return;
    throw invalid([...loc, 'reward_profile'], `expected step: ${task} has no grade under rules ${rules}`, profile);
  }
}

/** What a request asks to play. @throws Problem (400) if it asks for nothing or for two things, or for a toolset */
function readCreate(request: OrsEpisode): { data: ResetData; profile: RewardProfile; loc: readonly string[] } {
  const { split, index, task_spec, toolset_name, reward_profile } = request;
  if (isGiven(toolset_name)) {
    throw new Problem(400, 'UNKNOWN_TOOLSET', `there is no toolset ${quote(toolset_name)}; expected null`);
  }
  const isRow = isGiven(split) && isGiven(index);
  if (isGiven(split) !== isGiven(index) || isRow === isGiven(task_spec)) {
    throw new Problem(400, 'BAD_REQUEST', 'expected either split and index, or task_spec');
  }
  if (!isGiven(task_spec)) {
    return {
      data: { split, index, seed: DEFAULT_SEED },
      profile: reward_profile ?? DEFAULT_PROFILE,
      loc: ['body'],
    };
  }
  const { id, reward_profile: own, seed, ...spec } = task_spec;
  const task_id = spec.task_id ?? id;
  return {
    data: {
      ...spec,
      ...(isGiven(task_id) ? { task_id, split: null, index: null } : {}),
      seed: seed ?? DEFAULT_SEED,
    },
    profile: own ?? reward_profile ?? DEFAULT_PROFILE,
    loc: ['body', 'task_spec'],
  };
}
