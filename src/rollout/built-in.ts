/** The policies of the package. They decide on what a briefing says, and need not read its text. */
import type { PolicyAnswer } from '../world/completion.ts';
import type { Policy } from './actor.ts';
import { readBriefing, type SeenBriefing } from './briefing-reader.ts';

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
