/** Branches of an episode: src/web/playground/tree.ts. */
import { describe, expect, test } from 'vitest';
import type { WireScene } from '../../src/server/web/api.ts';
import {
  actionsOf,
  beforeOf,
  branchOf,
  currentNode,
  extendTree,
  goTo,
  growTree,
  pathTo,
  redo,
  type Tree,
  treeRows,
  undo,
} from '../../src/web/playground/tree.ts';

/** The fields that a tree reads. */
function scene(step: number, action: unknown = null): WireScene {
  return { step, action } as WireScene;
}

const steps = (tree: Tree): unknown[] => actionsOf(pathTo(tree, tree.current));

/** a, b, c in one branch; c is current. */
const line = growTree([scene(0), scene(1, 'a'), scene(2, 'b'), scene(3, 'c')]);

describe('a tree', () => {
  test('is at the last scene, or at the given step', () => {
    expect(currentNode(line).scene.step).toBe(3);
    expect(currentNode(growTree([scene(0), scene(1, 'a')], 0)).scene.step).toBe(0);
    expect(currentNode(growTree([scene(0), scene(1, 'a')], 99)).scene.step).toBe(1);
  });

  test('knows the scene before', () => {
    expect(beforeOf(line)?.action).toBe('b');
    expect(beforeOf(growTree([scene(0)]))).toBeUndefined();
  });

  test('undoes back to the beginning, and redoes the same path', () => {
    const back = undo(undo(undo(undo(line))));
    expect(currentNode(back).id).toBe(0);
    expect(steps(redo(redo(redo(redo(back)))))).toEqual(['a', 'b', 'c']);
  });

  test('branches if another action is played from an earlier scene', () => {
    const branched = extendTree(line, 1, [scene(2, 'x'), scene(3, 'y')]);
    expect(steps(branched)).toEqual(['a', 'x', 'y']);
    expect(branched.nodes).toHaveLength(6);
    expect(steps(goTo(branched, 3))).toEqual(['a', 'b', 'c']);
  });

  test('goes to a scene that was played before instead of adding it again', () => {
    const again = extendTree(line, 0, [scene(1, 'a'), scene(2, 'b'), scene(3, 'z')]);
    expect(again.nodes).toHaveLength(5);
    expect(steps(again)).toEqual(['a', 'b', 'z']);
  });

  test('redoes along the branch that was visited last', () => {
    const branched = extendTree(line, 1, [scene(2, 'x')]);
    expect(steps(redo(undo(branched)))).toEqual(['a', 'x']);
    const elsewhere = goTo(branched, 3);
    expect(steps(redo(redo(redo(undo(undo(undo(elsewhere)))))))).toEqual(['a', 'b', 'c']);
  });

  test('shows the current branch to its end', () => {
    expect(actionsOf(branchOf(goTo(line, 1)))).toEqual(['a', 'b', 'c']);
    expect(actionsOf(branchOf(extendTree(line, 1, [scene(2, 'x')])))).toEqual(['a', 'x']);
  });

  test('does not change the trees from which it was made', () => {
    const before = structuredClone(line);
    extendTree(line, 1, [scene(2, 'x')]);
    goTo(line, 1);
    expect(line).toEqual(before);
  });
});

describe('the rows of a tree', () => {
  test('are one column if nothing branches', () => {
    expect(treeRows(line).columns).toBe(1);
    expect(treeRows(line).rows.map(({ node }) => node.scene.step)).toEqual([0, 1, 2, 3]);
  });

  test('put every branch into its own column, below the rows before', () => {
    const tree = extendTree(extendTree(line, 1, [scene(2, 'x'), scene(3, 'y')]), 0, [scene(1, 'z')]);
    const { rows, columns } = treeRows(tree);
    expect(rows.map(({ node, column }) => [node.scene.action, column])).toEqual([
      [null, 0],
      ['a', 0],
      ['b', 0],
      ['c', 0],
      ['x', 1],
      ['y', 1],
      ['z', 2],
    ]);
    expect(columns).toBe(3);
  });

  test('cope with ten thousand steps', () => {
    const long = growTree(Array.from({ length: 10_001 }, (_, step) => scene(step, step)));
    expect(treeRows(long).rows).toHaveLength(10_001);
  });
});
