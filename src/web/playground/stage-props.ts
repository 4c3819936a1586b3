/** The properties that the parts of the stage receive. */
import type { WireEpisode } from '../../server/web/api.ts';
import type { Message, State } from './state.ts';
import type { Tree } from './tree.ts';
import type { Playing } from './use-playground.ts';

export type StageProps = {
  readonly tree: Tree;
  readonly episode: WireEpisode;
  readonly state: State;
  readonly dispatch: (message: Message) => void;
  readonly playing: Playing;
};
