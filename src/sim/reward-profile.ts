/**
 * Reward profiles: which of the rewards of an episode a trainer receives. Some trainers add the rewards of an episode, others take
 * the last one, so the rewards of the steps do not suit all of them.
 */

export const REWARD_PROFILES = ['step', 'terminal', 'success'] as const;

/**
 * - `step`: the reward of each step. For trainers that add rewards.
 * - `terminal`: the grade of the episode, with its last step. The sum and the last value are both the grade.
 * - `success`: 1 with the last step if the grade is at least SUCCESS_GRADE, else 0.
 */
export type RewardProfile = (typeof REWARD_PROFILES)[number];

/** The least grade that counts as a success. */
export const SUCCESS_GRADE = 0.8;

/** What a profile reads of a step. */
type RewardedStep = {
  /** The reward of the step. */
  readonly reward: number;
  /** Whether the episode ended with this step. */
  readonly done: boolean;
  /** The grade in [0.01, 0.99] of an episode that is done; null if it is not done or has no grade. */
  readonly grade: number | null;
};

/**
 * The reward of one step under a profile.
 * @returns null if the profile gives no reward for this step; a trainer that must have a number reads it as 0
 * @example
 * profiledReward('terminal', { reward: 0.2, done: false, grade: null }); // null
 * profiledReward('terminal', { reward: 0.1, done: true, grade: 0.85 }); // 0.85
 */
export function profiledReward(profile: RewardProfile, { reward, done, grade }: RewardedStep): number | null {
  if (profile === 'step') return reward;
  if (!done || grade === null) return null;
  return profile === 'terminal' ? grade : Number(grade >= SUCCESS_GRADE);
}
