/** The interface of a policy: it answers observations, and sees nothing else of an episode. */
import type { PolicyAnswer } from '../world/completion.ts';

/** Plays one episode. */
export type Actor = {
  /** Returns an action, or a raw completion that contains one, for the current briefing. */
  act(observation: string): PolicyAnswer | Promise<PolicyAnswer>;
};

export type Policy = {
  readonly name: string;
  /** Returns a new actor. Equal seeds and observations give equal answers. */
  start(seed: number): Actor;
};
