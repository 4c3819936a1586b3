/**
 * Reward profiles: which of the rewards of an episode a trainer receives. Some trainers add the rewards of an episode, others take
 * the last one, and some stop before the end, so the rewards of the steps do not suit all of them.
 */

export const REWARD_PROFILES = ['step', 'terminal', 'success', 'running', 'gain'] as const;

/**
 * - `step`: the reward of each step. For trainers that add rewards.
 * - `terminal`: the grade of the episode, with its last step. The sum and the last value are both the grade.
 * - `success`: 1 with the last step if the grade is at least the grade of a success, else 0.
 * - `running`: with each step, the grade that the episode would have if nothing more were done. The last value is the grade, at
 *   whatever step a model stops.
 * - `gain`: with each step, that grade minus the one before, which begins at 0. The sum is the grade, at whatever step a model stops.
 */
export type RewardProfile = (typeof REWARD_PROFILES)[number];

/** The least grade that counts as a success, unless an option says otherwise. */
export const SUCCESS_GRADE = 0.8;

/** Whether an episode of this grade is a success; null if it has no grade. */
export function isSuccess(grade: number | null, successGrade = SUCCESS_GRADE): boolean | null {
  return grade === null ? null : grade >= successGrade;
}

/** What a profile reads of a step. */
type RewardedStep = {
  /** The reward of the step. */
  readonly reward: number;
  /** Whether the episode ended with this step. */
  readonly done: boolean;
  /** The grade in [0.01, 0.99] of an episode that is done; null if it is not done or has no grade. */
  readonly grade: number | null;
  /** The grade if nothing more were done; null if the rules give none. It is called only if the profile needs it. */
  readonly gradeSoFar: () => number | null;
};

/** The rewards of one episode under a profile. */
export class ProfiledRewards {
  readonly profile: RewardProfile;
  private readonly successGrade: number;
  private soFar: number;
  private isOver: boolean;

  /**
   * @param successGrade The least grade that counts as a success
   * @param begun For an episode that was begun elsewhere: its grade so far, and whether it is over
   */
  constructor(profile: RewardProfile, successGrade = SUCCESS_GRADE, begun = { soFar: 0, isOver: false }) {
    this.profile = profile;
    this.successGrade = successGrade;
    this.soFar = begun.soFar;
    this.isOver = begun.isOver;
  }

  /**
   * The reward of the next step.
   * @returns null if the profile gives no reward for this step; a trainer that must have a number reads it as 0
   * @example
   * const rewards = new ProfiledRewards('gain');
   * rewards.next({ reward: 0.2, done: false, grade: null, gradeSoFar: () => 0.25 }); // 0.25
   * rewards.next({ reward: 0.1, done: true, grade: 0.75, gradeSoFar: () => 0.75 }); // 0.5
   */
  next({ reward, done, grade, gradeSoFar }: RewardedStep): number | null {
    const { profile, soFar, isOver } = this;
    if (profile === 'step') return reward;
    this.isOver = done;
    if (profile === 'terminal' || profile === 'success') {
      if (!done || isOver || grade === null) return null;
      return profile === 'terminal' ? grade : Number(isSuccess(grade, this.successGrade));
    }
    const now = done ? grade : gradeSoFar();
    if (now === null) return null;
    this.soFar = now;
    return profile === 'running' ? now : now - soFar;
  }
}
