/** The interface of a ruleset. */
import type { ReadAction } from '../world/completion.ts';
import type { Breakdown } from './breakdown.ts';
import type { Episode } from './episode.ts';

/** Plays steps. A ruleset owns the scratch memory of a step, so one instance serves any number of episodes. */
export type Ruleset = {
  /** The parts of the last step's reward; valid until the next step. */
  readonly breakdown: Readonly<Breakdown>;
  /** Resets an episode to the beginning of its day. */
  reset(e: Episode): void;
  /** Plays one action and returns the reward. Never throws because of an action. */
  step(e: Episode, action: ReadAction): number;
};
