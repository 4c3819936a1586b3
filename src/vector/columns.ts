/** The last results of all environments, column by column. */
import { BREAKDOWN_FIELDS } from '../sim/breakdown.ts';
import type { SavedEpisode } from './saved.ts';

/** Number of parts of a reward. */
export const BREAKDOWN_WIDTH = BREAKDOWN_FIELDS.length;

/** One entry for each environment in every column. */
export class Columns {
  readonly reward: Float64Array;
  /** Seed of the current episode. */
  readonly seed: Float64Array;
  /** Number of episodes that the environment has begun before this one. */
  readonly episode: Float64Array;
  /**
   * BREAKDOWN_WIDTH parts of the reward for each environment, in the order of BREAKDOWN_FIELDS. They lie side by side, unlike
   * the other columns: a step writes all of them, and separate columns would touch as many memory pages.
   */
  readonly breakdown: Float64Array;
  /** Index into the specs of the VectorEnv. */
  readonly spec: Uint32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly stepOk: Uint8Array;
  /** 1 if the observation follows a reset or a restore, so that there is not a reward yet. */
  readonly fresh: Uint8Array;
  /** 1 if the episode was ended because it could not be played, until the environment is reset or the episode replaced. */
  readonly failed: Uint8Array;
  /** The end of the episode that the last step replaced by a new one (autoreset `same_step`). */
  readonly final: (SavedEpisode | undefined)[] = [];

  /** @param capacity Number of environments. */
  constructor(capacity: number) {
    this.reward = new Float64Array(capacity);
    this.seed = new Float64Array(capacity);
    this.episode = new Float64Array(capacity);
    this.breakdown = new Float64Array(BREAKDOWN_WIDTH * capacity);
    this.spec = new Uint32Array(capacity);
    this.terminated = new Uint8Array(capacity);
    this.truncated = new Uint8Array(capacity);
    this.stepOk = new Uint8Array(capacity);
    this.fresh = new Uint8Array(capacity);
    this.failed = new Uint8Array(capacity);
  }
}
