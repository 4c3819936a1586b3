/** The interface of a policy: it answers observations, and sees nothing else of an episode. */
import type { Observation } from '../sim/observation/observation.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';

/** Plays one episode. */
export type Actor = {
  /**
   * Returns an action, or a raw completion that contains one. `briefing` writes the observation as text.
   * @example
   * const actor = { act: async (observation) => askMyModel(briefing(observation)) };
   */
  act(observation: Observation): PolicyAnswer | Promise<PolicyAnswer>;
};

export type Policy = {
  readonly name: string;
  /** Returns a new actor. Equal seeds and observations give equal answers. */
  start(seed: number): Actor;
};

/** Decides one step of an episode at once. The observation is valid until it returns. The answers conform to their schema. */
export type Decide = (observation: Observation) => PolicyAnswer;

/** A policy of the package. */
export type BuiltInPolicy = Policy & { readonly begin: (seed: number) => Decide };

export function builtIn(name: string, begin: BuiltInPolicy['begin']): BuiltInPolicy {
  return { name, begin, start: (seed) => ({ act: begin(seed) }) };
}
