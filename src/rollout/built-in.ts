/** Policies that come with the package. They decide on what a briefing says, however that was found out. */
import type { PolicyAnswer } from '../world/completion.ts';
import type { Policy } from './actor.ts';
import { readBriefing, type SeenBriefing } from './briefing-reader.ts';

/** Plays one episode. `seen` is good until the next step, and so is `text`, which gives the briefing itself. */
export type Decide = (seen: SeenBriefing, text: () => string) => PolicyAnswer;

export type BuiltInPolicy = Policy & {
  /** Like `start`, for those who know what the briefing says without reading it. The answers follow their schema. */
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
