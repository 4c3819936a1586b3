/** A policy answers observations. It sees nothing of an episode but its briefings. */
import type { PolicyAnswer } from '../world/completion.ts';

/** Plays one episode. */
export type Actor = {
  /** An action, or a raw completion that holds one, for the briefing at hand. */
  act(observation: string): PolicyAnswer | Promise<PolicyAnswer>;
};

export type Policy = {
  readonly name: string;
  /** A fresh actor; equal seeds and observations give equal answers. */
  start(seed: number): Actor;
};
