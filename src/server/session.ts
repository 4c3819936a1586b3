/** The environment of one client: any number of episodes, one after the other. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { type FinalGrade, finalGrade } from '../scenarios/graders.ts';
import { deltaOf, deltaText } from '../sim/observation/delta.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { partsJson } from '../sim/observation/observe.ts';
import { isSuccess, ProfiledRewards } from '../sim/reward-profile.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { SoloEnv, type SoloStep } from '../vector/solo-env.ts';
import { type ReadAction, readAction } from '../world/completion/completion.ts';
import { Problem } from './problem.ts';
import { type Profiles, wireProfiles } from './profiles.ts';
import { heldBytes, type ResolvedSpec, type Specs } from './specs.ts';
import type { resetDataSchema, WireAnswer, WireObservation, WireState } from './wire.ts';

export type ResetData = Partial<z.output<typeof resetDataSchema>>;

type CurrentEpisode = {
  readonly spec: ResolvedSpec;
  readonly env: SoloEnv;
  readonly episodeId: string;
  readonly profiles: Profiles;
  /** The rewards of the steps up to the end of the episode. */
  readonly rewards: number[];
  readonly profiled: ProfiledRewards;
  /** The same under the reward profile. */
  readonly given: (number | null)[];
  /** The last observation. */
  seen: Observation | undefined;
};

/** What is known after a reset or a step. A client receives the part that its profiles select: see `wireAnswer`. */
export type Answer = Pick<WireAnswer, 'done' | 'metadata'> & {
  readonly observation: WireObservation;
  /** The briefing of the observation, before it is joined. */
  readonly parts: SoloStep['parts'];
  /** The observation as its profile has it: the briefing, or what has changed. */
  readonly text: string;
  /** The reward of the last step; 0 after a reset. */
  readonly stepReward: number;
  /** The reward under the reward profile; null if it gives none for the step. */
  readonly reward: number | null;
  readonly profiles: Profiles;
};

export class Session {
  private readonly specs: Specs;
  private readonly token: string | undefined;
  private readonly hold: ((bytes: number) => void) | undefined;
  private playing: CurrentEpisode | undefined;
  private last: Answer | undefined;

  /**
   * @param token Sent in the metadata of every answer, for clients that may want to resume
   * @param hold Called before each episode with the bytes that it will hold. If it throws, the episode does not begin.
   */
  constructor(specs: Specs, token?: string, hold?: (bytes: number) => void) {
    this.specs = specs;
    this.token = token;
    this.hold = hold;
  }

  /** The last answer; undefined before the first reset. */
  get answer(): Answer | undefined {
    return this.last;
  }

  get episodeId(): string | undefined {
    return this.playing?.episodeId;
  }

  /**
   * Begins an episode. If the request is refused, the current episode goes on.
   * @param loc The location of `data` in the request, for error messages
   * @throws Problem, ValidationError
   */
  reset(data: ResetData = {}, loc: readonly string[] = ['body']): Answer {
    const spec = this.specs.resolve(data, loc);
    const profiles = this.specs.profilesOf(data, spec, loc);
    const compiled = this.specs.compile(spec);
    this.hold?.(heldBytes(compiled, spec));
    const env = new SoloEnv(compiled);
    const profiled = new ProfiledRewards(profiles.reward, profiles.successGrade);
    const episodeId = data.episode_id ?? randomUUID();
    this.playing = { spec, env, episodeId, profiles, rewards: [], profiled, given: [], seen: undefined };
    return this.answerOf(env.reset(), this.playing, 0);
  }

  /**
   * Plays an action that follows the schema, or a raw completion.
   * @throws Problem (409, RESET_NEEDED) before the first reset
   */
  step(action: unknown): Answer {
    return this.play(readAction(action));
  }

  /** The same for an action that was already read. */
  play(action: ReadAction): Answer {
    const { playing } = this;
    if (playing === undefined) {
      throw new Problem(
        409,
        'RESET_NEEDED',
        'there is no episode in this session yet; begin one with reset, or continue the one of a lost socket with resume',
      );
    }
    const step = playing.env.play(action);
    const isCounted = this.last?.done !== true;
    // Steps after the end are refused, and their penalty does not count.
    if (isCounted) playing.rewards.push(step.reward);
    const done = step.terminated || step.truncated;
    const gradeSoFar = (): number | null => gradeOf(playing, playing.env.gradeSoFar())?.grade ?? null;
    const grade = done ? (gradeOf(playing, step.metadata.grade)?.grade ?? null) : null;
    const reward = playing.profiled.next({ reward: step.reward, done, grade, gradeSoFar });
    if (isCounted) playing.given.push(reward);
    return this.answerOf(step, playing, reward);
  }

  state(): WireState {
    const { playing, last } = this;
    const profiles = playing?.profiles ?? this.specs.profiles;
    const grade = last?.observation.grade?.grade ?? null;
    return {
      episode_id: playing?.episodeId ?? null,
      step_count: last?.observation.episode_step ?? 0,
      task_id: playing?.spec.task ?? null,
      rules: playing?.spec.rules ?? null,
      reward_mode: playing?.spec.rewardMode ?? null,
      seed: playing?.spec.seed ?? null,
      done: last?.done ?? false,
      return: playing?.rewards.reduce((sum, reward) => sum + reward, 0) ?? 0,
      rewards: [...(playing?.given ?? [])],
      grade,
      success: isSuccess(grade, profiles.successGrade),
      ...wireProfiles(profiles),
      world: playing?.env.world() ?? null,
    };
  }

  /** @param reward The reward of the step under the reward profile. */
  private answerOf(step: SoloStep, playing: CurrentEpisode, reward: number | null): Answer {
    const { spec, episodeId, profiles, seen } = playing;
    const { briefing, length, terminated, truncated, metadata } = step;
    const done = terminated || truncated;
    const isDelta = profiles.observation === 'delta' && seen !== undefined;
    const text = isDelta ? deltaText(deltaOf(seen, step.observation)) : briefing;
    playing.seen = step.observation;
    const { task: task_id, rules, rewardMode: reward_mode, seed } = spec;
    // The metadata were made for this answer only. To copy them would cost more than the rest of the answer.
    const wireMetadata: WireObservation['metadata'] = Object.assign(metadata, {
      task_id,
      rules,
      reward_mode,
      seed,
    });
    const observation: WireObservation = {
      echoed_message: briefing,
      message_length: length,
      briefing,
      simulation_time: metadata.simulation_time,
      stress: metadata.stress,
      episode_step: metadata.episode_step,
      max_episode_steps: metadata.max_episode_steps,
      step_ok: metadata.step_ok,
      step_detail: metadata.step_detail,
      critical_unreplied_email_ids: metadata.critical_unreplied_email_ids,
      unread_email_ids: metadata.unread_email_ids,
      overdue_task_ids: metadata.overdue_task_ids,
      active_meeting_ids: metadata.active_meeting_ids,
      task_id,
      rules,
      reward_mode,
      seed,
      error: metadata.step_error,
      reward_breakdown: metadata.reward_breakdown ?? null,
      terminated,
      truncated,
      grade: done ? gradeOf(playing, metadata.grade) : null,
      metadata: wireMetadata,
    };
    const session = this.token === undefined ? {} : { session_token: this.token };
    const ids = { episode_id: episodeId, ...session };
    this.last = {
      observation,
      parts: step.parts,
      text,
      stepReward: step.reward,
      reward,
      done,
      metadata: ids,
      profiles,
    };
    return this.last;
  }
}

/** The grade of an episode. Rules v1 make it from the rewards, rules v2 from the world: `ofWorld`. */
function gradeOf({ spec, rewards }: CurrentEpisode, ofWorld: Grade | undefined): FinalGrade | null {
  const { scenario, task, rules } = spec;
  return finalGrade(scenario === undefined ? task : undefined, rules, rewards, { grade: ofWorld });
}

/** What a client receives of an answer. */
export function wireAnswer({ observation, text, reward, done, metadata, profiles }: Answer): WireAnswer {
  const rest = { reward: reward ?? 0, done, metadata };
  if (profiles.observation === 'full') return { observation, ...rest };
  const { step_ok, error, terminated, truncated, grade } = observation;
  return { observation: { briefing: text, step_ok, error, terminated, truncated, grade }, ...rest };
}

/** The first key of the metadata that the observation does not have. The keys before it are the same in both. */
const FIRST_OWN = ',"unread_email_count":';

/** The JSON of an answer with more keys. What stands in it twice, above all the briefing, is written once. */
export function answerJson(answer: Answer, more: object = {}): string {
  const { observation, parts, reward, done, metadata: ids, profiles } = answer;
  if (profiles.observation !== 'full') return JSON.stringify({ ...wireAnswer(answer), ...more });
  const { message_length, task_id, rules, reward_mode, seed, error, reward_breakdown, terminated, truncated, grade } =
    observation;
  const briefing = partsJson(parts);
  const texts = `"echoed_message":${briefing},"message_length":${message_length},"briefing":${briefing}`;
  const metadata = JSON.stringify(observation.metadata);
  // Within a JSON string a quotation mark is escaped, so this is the key and not a text that looks like it.
  const shared = metadata.slice(1, metadata.indexOf(FIRST_OWN));
  const own = { task_id, rules, reward_mode, seed, error, reward_breakdown, terminated, truncated, grade };
  const rest = `${shared},${JSON.stringify(own).slice(1, -1)},"metadata":${metadata}`;
  return `{"observation":{${texts},${rest}},${JSON.stringify({ reward: reward ?? 0, done, metadata: ids, ...more }).slice(1)}`;
}
