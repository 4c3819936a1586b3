/** A step on a server that was restarted in the meantime: src/web/playground/use-playground.ts. */
import { describe, expect, test } from 'vitest';
import type { WireEpisode, WireScene } from '../../src/server/web/api.ts';
import { INITIAL, type PlaygroundState, reduce } from '../../src/web/playground/state.ts';
import { currentNode, extendTree, goTo, growTree, pathTo, type Tree, undo } from '../../src/web/playground/tree.ts';
import { type Post, playStep } from '../../src/web/playground/use-playground.ts';
import { ApiError } from '../../src/web/shared/api.ts';
import { sharedServer } from '../server/support-server.ts';
import { play, post } from './support-scenes.ts';

const WAIT = { action_type: 'do_nothing' };
const ARCHIVE = { action_type: 'archive_email', email_id: 'e01' };
const RAW = 'I think so. <action>{"action_type": "archive_email", "email_id": "e02"}</action>';
const RUBBISH = 'no action at all';

const before = sharedServer();
const after = sharedServer();

/** Sends requests to a server as the pages do, and records their paths. */
function asking(url: string): { ask: Post; paths: string[] } {
  const paths: string[] = [];
  return {
    paths,
    ask: async <T>(path: string, body: unknown) => {
      paths.push(path);
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { detail: string; code: string };
      if (!response.ok) throw new ApiError(response.status, answer.code, answer.detail);
      return answer as T;
    },
  };
}

async function begun(actions: readonly unknown[]): Promise<{ episode: WireEpisode; tree: Tree }> {
  const { episode, scenes } = await play(before().url, { task_id: 'phase2_core', seed: 3 }, actions);
  return { episode, tree: growTree(scenes) };
}

/** The tree after a step, as the page builds it. */
function afterStep(tree: Tree, episode: WireEpisode, played: Awaited<ReturnType<typeof playStep>>): Tree {
  const state: PlaygroundState = { ...INITIAL, episode, tree };
  const next = reduce(state, { type: 'played', episode, from: tree.current, ...played, byForm: true });
  if (next.tree === undefined) throw new Error('the tree is gone');
  return next.tree;
}

/** The scene without its snapshot, whose signature differs between servers. */
const withoutSnapshot = ({ snapshot: _, ...scene }: WireScene): object => scene;

describe.each([
  ['an action', WAIT],
  ['a raw completion', RAW],
  ['an unreadable completion', RUBBISH],
])('%s', (_what, action) => {
  test('is played from the beginning if the snapshot is foreign, and as usual from then on', async () => {
    const { episode, tree } = await begun([ARCHIVE, RAW, RUBBISH, WAIT]);
    const undisturbed = await playStep(asking(before().url).ask, episode, tree, action);
    expect(undisturbed.renewed).toBeUndefined();
    const { ask, paths } = asking(after().url);
    const played = await playStep(ask, episode, tree, action);
    expect(paths).toEqual(['/web/api/step', '/web/api/episode']);
    expect(played.scenes.map(withoutSnapshot)).toEqual(undisturbed.scenes.map(withoutSnapshot));

    const grown = afterStep(tree, episode, played);
    expect(grown.nodes).toHaveLength(6);
    expect(grown.nodes.slice(0, 5).map(({ scene }) => withoutSnapshot(scene))).toEqual(
      tree.nodes.map(({ scene }) => withoutSnapshot(scene)),
    );
    for (const at of [grown, undo(grown), goTo(grown, 0), goTo(grown, 2)]) {
      expect((await playStep(ask, episode, at, WAIT)).renewed).toBeUndefined();
    }
    expect(paths.slice(2)).toEqual(Array(4).fill('/web/api/step'));
  });
});

test('the path to a branch is played again, and other branches keep their snapshots', async () => {
  const { episode, tree } = await begun([ARCHIVE, WAIT, WAIT]);
  const branch = await playStep(asking(before().url).ask, episode, goTo(tree, 1), RAW);
  const branched = extendTree(goTo(tree, 1), 1, branch.scenes);
  expect(pathTo(branched, branched.current).map(({ id }) => id)).toEqual([0, 1, 4]);
  const undisturbed = await playStep(asking(before().url).ask, episode, branched, WAIT);

  const { ask, paths } = asking(after().url);
  const played = await playStep(ask, episode, branched, WAIT);
  expect(played.scenes.map(withoutSnapshot)).toEqual(undisturbed.scenes.map(withoutSnapshot));
  const grown = afterStep(branched, episode, played);
  expect(pathTo(grown, grown.current).map(({ id }) => id)).toEqual([0, 1, 4, 5]);
  const isFresh = (id: number): boolean => grown.nodes[id]?.scene.snapshot !== branched.nodes[id]?.scene.snapshot;
  expect([0, 1, 2, 3, 4].map(isFresh)).toEqual([true, true, false, false, true]);
  // From the other branch everything is played again, but only once.
  const other = afterStep(goTo(grown, 3), episode, await playStep(ask, episode, goTo(grown, 3), ARCHIVE));
  await playStep(ask, episode, goTo(other, 2), ARCHIVE);
  expect(paths).toEqual(['/web/api/step', '/web/api/episode', '/web/api/step', '/web/api/episode', '/web/api/step']);
});

test('an episode that is over when it is played again says so', async () => {
  const { episode, tree } = await begun([WAIT]);
  const scenes = tree.nodes.map(({ scene }) => scene);
  const ask: Post = async <T>(path: string) => {
    if (path === '/web/api/step') throw new ApiError(409, 'FOREIGN_SNAPSHOT', 'not signed here');
    return { episode, scenes, ignored: 1 } as T;
  };
  await expect(playStep(ask, episode, tree, WAIT)).rejects.toThrow('the episode ends before this step');
});

test('other refusals are reported unchanged', async () => {
  const { episode, tree } = await begun([WAIT]);
  const refuse: Post = () => Promise.reject(new ApiError(429, 'RATE_LIMITED', 'too many'));
  await expect(playStep(refuse, episode, tree, WAIT)).rejects.toThrow('too many');
});

test('a policy continues on a page from before the restart, because it receives the actions', async () => {
  const { episode } = await begun([WAIT]);
  const asked = { episode, actions: [WAIT], policy: 'greedy', steps: 1 };
  const { scenes } = await post<{ scenes: WireScene[] }>(after().url, '/web/api/policy', asked);
  expect((await playStep(asking(after().url).ask, episode, growTree(scenes), WAIT)).renewed).toBeUndefined();
  expect(currentNode(growTree(scenes)).scene.step).toBe(2);
});
