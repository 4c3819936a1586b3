/** Plays one step from the current node, also on a server that no longer knows the snapshots of the page. */
import type { EpisodeAnswer, StepAnswer, WireEpisode, WireScene } from '../../server/web/api.ts';
import { ApiError } from '../shared/api.ts';
import { actionsOf, currentNode, pathTo, type Tree } from './tree.ts';

export type Post = <T>(path: string, body: unknown) => Promise<T>;

export type PlayedStep = {
  readonly scenes: readonly WireScene[];
  /** The scenes from the beginning to the current node, played again; undefined if that was not needed. */
  readonly renewed: readonly WireScene[] | undefined;
};

/**
 * Plays an action from the snapshot of the current scene. If the server did not sign that snapshot (usually because it was
 * restarted), the whole path to the scene is played again, followed by the action.
 * @throws ApiError
 */
export async function playStep(post: Post, episode: WireEpisode, tree: Tree, action: unknown): Promise<PlayedStep> {
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
