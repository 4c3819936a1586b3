/** The state of the playground and its reducer, independent of the browser. */
import type { EpisodeInput, PlayOptions, WireEpisode, WireScene } from '../../server/web/api.ts';
import type { Pick as Picked } from '../panels/thing.tsx';
import { type Draft, type DraftField, EMPTY_DRAFT, pickInto } from './draft.ts';
import { extendTree, goTo, growTree, redo, renewPath, type Tree, undo } from './tree.ts';

/** A problem, described for a person. */
export type Trouble = { readonly message: string; readonly problems: readonly string[] };

export type PlaygroundState = {
  readonly options: PlayOptions | undefined;
  /** The selection in the picker; it is played when the person confirms it. */
  readonly setup: EpisodeInput;
  /** The episode that is being played. */
  readonly episode: WireEpisode | undefined;
  readonly tree: Tree | undefined;
  readonly draft: Draft;
  /** Number of clicks on things. Each click moves the focus to the composer. */
  readonly picks: number;
  /** The operation in progress, in words. */
  readonly busy: string | undefined;
  readonly trouble: Trouble | undefined;
  /** A passing message, read out and shown beside the buttons. */
  readonly notice: string;
};

export type PlaygroundMessage =
  | { readonly type: 'ready'; readonly options: PlayOptions }
  | { readonly type: 'set'; readonly change: Partial<Pick<PlaygroundState, 'setup' | 'notice' | 'trouble'>> }
  | { readonly type: 'busy'; readonly what: string }
  | {
      readonly type: 'began';
      readonly episode: WireEpisode;
      readonly scenes: readonly WireScene[];
      readonly at?: number | undefined;
      readonly notice?: string | undefined;
      readonly trouble?: Trouble | undefined;
    }
  | PlayedScenes
  | { readonly type: 'failed'; readonly trouble: Trouble }
  | { readonly type: 'go'; readonly id: number }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' }
  | { readonly type: 'draft'; readonly change: Partial<Draft> }
  | { readonly type: 'field'; readonly name: DraftField; readonly value: string }
  | { readonly type: 'pick'; readonly pick: Picked };

/** Scenes that were played after a node. */
type PlayedScenes = {
  readonly type: 'played';
  /** The episode of these scenes. If another episode has begun in the meantime, the scenes are dropped. */
  readonly episode: WireEpisode;
  readonly from: number;
  readonly scenes: readonly WireScene[];
  /** Replaces the scenes from the beginning to that node, if they were played again. */
  readonly renewed?: readonly WireScene[] | undefined;
  readonly byForm: boolean;
};

export const INITIAL: PlaygroundState = {
  options: undefined,
  setup: {},
  episode: undefined,
  tree: undefined,
  draft: EMPTY_DRAFT,
  picks: 0,
  busy: undefined,
  trouble: undefined,
  notice: '',
};

export function reduce(state: PlaygroundState, message: PlaygroundMessage): PlaygroundState {
  switch (message.type) {
    case 'ready':
      return { ...state, options: message.options, setup: message.options.defaults };
    case 'set':
      return { ...state, ...message.change };
    case 'busy':
      return { ...state, busy: message.what, trouble: undefined, notice: '' };
    case 'began': {
      const { episode, scenes, at, notice = '', trouble } = message;
      const tree = growTree(scenes, at);
      return { ...settled(state), episode, setup: episode, tree, draft: EMPTY_DRAFT, notice, trouble };
    }
    case 'played':
      return played(state, message);
    case 'failed':
      return { ...settled(state), trouble: message.trouble };
    case 'go':
      return moved(state, (tree) => goTo(tree, message.id));
    case 'undo':
      return moved(state, undo);
    case 'redo':
      return moved(state, redo);
    case 'draft':
      return { ...state, draft: { ...state.draft, ...message.change } };
    case 'field': {
      const fields = { ...state.draft.fields, [message.name]: message.value };
      return { ...state, draft: { ...state.draft, fields } };
    }
    case 'pick':
      return { ...state, draft: pickInto(state.draft, message.pick), picks: state.picks + 1 };
  }
}

/** Keeps what was typed if the step was invalid, so that the person can correct it. */
function played(state: PlaygroundState, { episode, from, scenes, renewed, byForm }: PlayedScenes): PlaygroundState {
  if (state.tree === undefined || state.episode !== episode) return state;
  const isDone = byForm && (scenes.at(-1)?.step_ok ?? false);
  const { tab, type } = state.draft;
  const draft = isDone ? { ...EMPTY_DRAFT, tab, type } : state.draft;
  const tree = renewed === undefined ? state.tree : renewPath(state.tree, from, renewed);
  return { ...settled(state), tree: extendTree(tree, from, scenes), draft };
}

function moved(state: PlaygroundState, move: (tree: Tree) => Tree): PlaygroundState {
  return state.tree === undefined || state.busy !== undefined
    ? state
    : { ...state, tree: move(state.tree), notice: '' };
}

function settled(state: PlaygroundState): PlaygroundState {
  return { ...state, busy: undefined, trouble: undefined };
}
