/** What every ruleset can do. */
import type { ReadAction } from '../world/completion.ts';
import type { Breakdown } from './breakdown.ts';
import type { Episode } from './episode.ts';

/** Plays steps. It owns the scratch memory that a step needs, so one of these serves any number of episodes. */
export type Ruleset = {
  /** The parts of the last step's reward; valid until the next step. */
  readonly breakdown: Readonly<Breakdown>;
  /** Brings an episode to the beginning of its day. */
  reset(e: Episode): void;
  /** Plays one action and returns the reward; never throws for what an action says. */
  step(e: Episode, action: ReadAction): number;
};
