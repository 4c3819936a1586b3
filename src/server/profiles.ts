/** Profiles: which rewards a client receives, and how much of an observation. */
import { z } from 'zod';
import { finalGrade } from '../scenarios/graders.ts';
import { REWARD_PROFILES, type RewardProfile, SUCCESS_GRADE } from '../sim/reward-profile.ts';
import { gradedBy, type Rules } from '../sim/rules.ts';
import { successGradeSchema } from '../sim/v2/grade.ts';
import { invalid } from './problem.ts';

export const OBSERVATION_PROFILES = ['full', 'briefing', 'delta'] as const;

/**
 * - `full`: all fields.
 * - `briefing`: the text, whether the action was valid, and how the episode ended.
 * - `delta`: the same, but after the first answer of an episode the text says only what has changed.
 */
export type ObservationProfile = (typeof OBSERVATION_PROFILES)[number];

/** The keys of a request that choose profiles. */
export const profileSchema = {
  reward_profile: z
    .enum(REWARD_PROFILES)
    .nullish()
    .describe(
      'step: the reward of each step; terminal: the grade with the last step; success: 1 or 0 with the last step; running: with each ' +
        'step the grade if nothing more were done; gain: what the step adds to that grade',
    ),
  observation_profile: z
    .enum(OBSERVATION_PROFILES)
    .nullish()
    .describe('full: all fields; briefing: the text; delta: after the first answer, the text of what has changed'),
  success_grade: successGradeSchema
    .nullish()
    .describe(
      `The least grade of a success; default: that of the server, which is ${SUCCESS_GRADE} unless it was started otherwise`,
    ),
} as const;

export type AskedProfiles = Partial<z.output<z.ZodObject<typeof profileSchema>>>;

export type Profiles = {
  readonly reward: RewardProfile;
  readonly observation: ObservationProfile;
  /** The least grade of a success. */
  readonly successGrade: number;
};

/** The profiles of a request. What it does not choose is that of `defaults`. */
export function profilesOf(asked: AskedProfiles, defaults: Profiles): Profiles {
  return {
    reward: asked.reward_profile ?? defaults.reward,
    observation: asked.observation_profile ?? defaults.observation,
    successGrade: asked.success_grade ?? defaults.successGrade,
  };
}

/**
 * Refuses a reward profile that would never give a reward: some tasks have no grade under rules v1.
 * @param isInline Whether the scenario came with a request
 * @throws Problem (422)
 */
export function refuseGradeless(
  { task, rules }: { readonly task: string; readonly rules: Rules },
  isInline: boolean,
  profile: RewardProfile,
  loc: readonly (string | number)[],
): void {
  if (profile === 'step' || gradedBy(rules) === 'state') return;
  if (finalGrade(isInline ? undefined : task, rules, [], {}) !== null) return;
  throw invalid([...loc, 'reward_profile'], `expected step: ${task} has no grade under rules ${rules}`, profile);
}

/** A request with all profiles. What it does not choose is that of `defaults`. */
export function withProfiles<T extends AskedProfiles>(asked: T, defaults: Profiles): T {
  return { ...asked, ...wireProfiles(profilesOf(asked, defaults)) };
}

/** The options of a server that choose profiles. */
export const profileOptions = {
  rewardProfile: z
    .enum(REWARD_PROFILES)
    .optional()
    .describe(
      'reward profile of a request that does not name one; default: step, terminal for ORS, and gain below /text',
    ),
  observationProfile: z
    .enum(OBSERVATION_PROFILES)
    .optional()
    .describe(
      'observation profile of a request that does not name one; default: full, and briefing for batches, ORS and below /text',
    ),
  successGrade: successGradeSchema
    .default(SUCCESS_GRADE)
    .describe('least grade of an episode that counts as a success'),
} as const;
export type ProfileOptions = z.output<z.ZodObject<typeof profileOptions>>;

/**
 * The profiles of requests that name none, by door: those that the options name, or else those that suit the clients of the door.
 * Sessions are plain HTTP, WebSockets and MCP.
 */
export function doorsOf({ rewardProfile, observationProfile, successGrade }: ProfileOptions) {
  const door = (reward: RewardProfile, observation: ObservationProfile): Profiles => ({
    reward: rewardProfile ?? reward,
    observation: observationProfile ?? observation,
    successGrade,
  });
  return {
    sessions: door('step', 'full'),
    // These clients add rewards, and may stop before the end.
    text: door('gain', 'briefing'),
    batches: door('step', 'briefing'),
    ors: door('terminal', 'briefing'),
  };
}

export const wireProfilesSchema = z.object({
  reward_profile: z.enum(REWARD_PROFILES),
  observation_profile: z.enum(OBSERVATION_PROFILES),
  success_grade: z.number(),
});
export const doorsSchema = z.object({
  sessions: wireProfilesSchema,
  text: wireProfilesSchema,
  batches: wireProfilesSchema,
  ors: wireProfilesSchema,
});

/** The same under the names of the wire. */
export function wireDoors(options: ProfileOptions): z.output<typeof doorsSchema> {
  const { sessions, text, batches, ors } = doorsOf(options);
  return {
    sessions: wireProfiles(sessions),
    text: wireProfiles(text),
    batches: wireProfiles(batches),
    ors: wireProfiles(ors),
  };
}

/** Profiles under the names of the wire. */
export function wireProfiles({ reward, observation, successGrade }: Profiles): z.output<typeof wireProfilesSchema> {
  return { reward_profile: reward, observation_profile: observation, success_grade: successGrade };
}
