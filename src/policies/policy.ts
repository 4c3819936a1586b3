/** The interface of a policy: it answers observations, and sees nothing else of an episode. */
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { readBriefing, type SeenBriefing } from './briefing-reader.ts';

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

// The policies of the package. They decide on what a briefing says, and need not read its text.

/** Decides one step of an episode. `seen` and `text` (which returns the text of the briefing) are valid until the next step. */
export type Decide = (seen: SeenBriefing, text: () => string) => PolicyAnswer;

export type BuiltInPolicy = Policy & {
  /** Like `start`, for callers that have the contents of the briefing without its text. The answers conform to their schema. */
  readonly begin: (seed: number) => Decide;
};

export function builtIn(name: string, begin: BuiltInPolicy['begin']): BuiltInPolicy {
  return {
    name,
    begin,
    start(seed) {
      const decide = begin(seed);
      return { act: (text) => decide(readBriefing(text), () => text) };
    },
  };
}
