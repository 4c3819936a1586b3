/** The state of the playground, the operations of a person, and the address that reflects both. */

import { useEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import { plural } from '../../lib/text.ts';
import type {
  EpisodeAnswer,
  EpisodeInput,
  PlayOptions,
  PolicyScenes,
  StepAnswer,
  WireEpisode,
} from '../../server/web/api.ts';
import { ApiError, getJson, postJson } from '../shared/api.ts';
import { readLink, writeLink } from './link.ts';
import { INITIAL, type PlaygroundMessage, type PlaygroundState, reduce, type Trouble } from './state.ts';
import { actionsOf, branchOf, currentNode, pathTo, type Tree } from './tree.ts';

// Plays one step from the current node, also on a server that no longer knows the snapshots of the page.

export type Post = <T>(path: string, body: unknown) => Promise<T>;

/**
 * Plays an action from the snapshot of the current scene. If the server did not sign that snapshot (usually because it was
 * restarted), the whole path to the scene is played again, followed by the action; `renewed` is then that path.
 * @throws ApiError
 */
export async function playStep(post: Post, episode: WireEpisode, tree: Tree, action: unknown) {
  const { snapshot } = currentNode(tree).scene;
  try {
    const { scene } = await post<StepAnswer>('/web/api/step', { episode, snapshot, action });
    return { scenes: [scene], renewed: undefined };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'FOREIGN_SNAPSHOT') throw error;
  }
  const path = pathTo(tree, tree.current);
  const actions = [...actionsOf(path), action];
  const { scenes } = await post<EpisodeAnswer>('/web/api/episode', { episode, actions });
  const last = scenes[path.length];
  if (last === undefined) {
    throw new ApiError(409, 'EPISODE_OVER', 'When played again, the episode ends before this step. Begin another one.');
  }
  return { scenes: [last], renewed: scenes.slice(0, path.length) };
}

export type PlaygroundActions = ReturnType<typeof playWith>;
type Dispatch = (message: PlaygroundMessage) => void;

export function usePlayground() {
  const [state, dispatch] = useReducer(reduce, INITIAL);
  const latest = useRef(state);
  latest.current = state;
  const playing = useMemo(() => playWith(() => latest.current, dispatch), []);
  const ownAddress = useRef<string | undefined>(undefined);

  useEffect(() => {
    let opened = 0;
    const open = async (): Promise<void> => {
      if (location.hash.slice(1) === ownAddress.current) return;
      opened += 1;
      const mine = opened;
      dispatch({ type: 'busy', what: 'Opening the episode' });
      const message = await openAddress(location.hash, latest.current.options?.defaults ?? {});
      // Unless the person has gone to another address in the meantime.
      if (mine === opened) dispatch(message);
    };
    load(dispatch).then(
      () => {
        window.addEventListener('hashchange', open);
        return open();
      },
      (error) => dispatch({ type: 'failed', trouble: troubleOf(error) }),
    );
    return () => window.removeEventListener('hashchange', open);
  }, []);

  const { episode, tree } = state;
  useEffect(() => {
    if (episode === undefined || tree === undefined) return;
    let isStale = false;
    const at = currentNode(tree).scene.step;
    const address = location.hash;
    writeLink(episode, actionsOf(branchOf(tree)), at).then((link) => {
      // Another address, to which the person has gone in the meantime, is being opened.
      if (isStale || location.hash !== address) return;
      ownAddress.current = link;
      history.replaceState(null, '', `#${link}`);
    });
    return () => {
      isStale = true;
    };
  }, [episode, tree]);

  return { state, dispatch, playing };
}

async function load(dispatch: Dispatch): Promise<void> {
  dispatch({ type: 'busy', what: 'Opening the playground' });
  dispatch({ type: 'ready', options: await getJson<PlayOptions>('/web/api/options') });
}

/** Plays what a fragment describes. If it is empty or cannot be played, the default task of the server is played. */
async function openAddress(fragment: string, defaults: EpisodeInput): Promise<PlaygroundMessage> {
  const linked = await readLink(fragment);
  let trouble: Trouble | undefined;
  if (linked !== undefined) {
    if (linked.damage !== undefined) trouble = { message: linked.damage, problems: ['The rest of the link is shown.'] };
    try {
      const { episode, scenes, ignored } = await askEpisode(linked.episode, linked.actions);
      const notice = ignored > 0 ? `Left out after the end of the episode: ${plural(ignored, 'action')}.` : undefined;
      return { type: 'began', episode, scenes, at: linked.at, notice, trouble };
    } catch (error) {
      const { message, problems } = troubleOf(error);
      trouble = { message: `This link cannot be played: ${message}`, problems };
    }
  }
  try {
    return { type: 'began', ...(await askEpisode(defaults, [])), trouble };
  } catch (error) {
    return { type: 'failed', trouble: troubleOf(error) };
  }
}

function askEpisode(episode: EpisodeInput, actions: readonly unknown[]): Promise<EpisodeAnswer> {
  return postJson<EpisodeAnswer>('/web/api/episode', { episode, actions });
}

/** What a person does with the episode. */
function playWith(stateNow: () => PlaygroundState, dispatch: Dispatch) {
  /** One operation at a time: requests during an operation are dropped. */
  const run = async (what: string, ask: () => Promise<PlaygroundMessage>): Promise<void> => {
    if (stateNow().busy !== undefined) return;
    dispatch({ type: 'busy', what });
    try {
      dispatch(await ask());
    } catch (error) {
      dispatch({ type: 'failed', trouble: troubleOf(error) });
    }
  };
  const playOn = async (what: string, ask: (episode: WireEpisode, tree: Tree) => Promise<PlaygroundMessage>) => {
    const { episode, tree } = stateNow();
    if (episode !== undefined && tree !== undefined) await run(what, () => ask(episode, tree));
  };
  return {
    begin: (episode: EpisodeInput) =>
      run('Beginning the episode', async () => ({ type: 'began', ...(await askEpisode(episode, [])) })),
    /** Plays an action or a raw completion from the current node. */
    step: (action: unknown) =>
      playOn('Playing the step', async (episode, tree) => {
        const played = await playStep(postJson, episode, tree, action);
        return { type: 'played', episode, from: tree.current, ...played, byForm: true };
      }),
    askPolicy: (policy: string, policy_seed: number, steps: 1 | 'rest') =>
      playOn(`Letting ${policy} play`, async (episode, tree) => {
        const actions = actionsOf(pathTo(tree, tree.current));
        const body = { episode, actions, policy, policy_seed, steps };
        const { scenes } = await postJson<PolicyScenes>('/web/api/policy', body);
        return { type: 'played', episode, from: tree.current, scenes, byForm: false };
      }),
  };
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiError) return { message: error.message, problems: error.problems };
  return {
    message: `Something went wrong here: ${error instanceof Error ? error.message : String(error)}`,
    problems: [],
  };
}
