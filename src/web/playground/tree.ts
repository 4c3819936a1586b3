/** The branches of an episode: every scene that was seen, and the current node. Pure. */
import type { WireScene } from '../../server/web/api.ts';

export type TreeNode = {
  /** Index in the list of nodes. */
  readonly id: number;
  /** Undefined for the beginning. */
  readonly parent: number | undefined;
  readonly children: readonly number[];
  /** The child that was visited last: Redo goes there. */
  readonly next: number | undefined;
  readonly scene: WireScene;
};

export type Tree = { readonly nodes: readonly TreeNode[]; readonly current: number };

/** A tree with one branch: the beginning and the scenes after it. The current node is at step `at`, by default the last one. */
export function growTree(scenes: readonly WireScene[], at = scenes.length - 1): Tree {
  const nodes = scenes.map((scene, id): TreeNode => {
    const next = id + 1 < scenes.length ? id + 1 : undefined;
    return { id, parent: id === 0 ? undefined : id - 1, children: next === undefined ? [] : [next], next, scene };
  });
  return { nodes, current: Math.max(0, Math.min(at, nodes.length - 1)) };
}

/**
 * @throws RangeError for an id of another tree
 */
export function nodeOf(tree: Tree, id: number): TreeNode {
  const node = tree.nodes[id];
  if (node === undefined) throw new RangeError(`there is no node ${id}`);
  return node;
}

export function currentNode(tree: Tree): TreeNode {
  return nodeOf(tree, tree.current);
}

/** The scene before the current one; undefined at the beginning. */
export function beforeOf(tree: Tree): WireScene | undefined {
  const { parent } = currentNode(tree);
  return parent === undefined ? undefined : nodeOf(tree, parent).scene;
}

/** Adds scenes after a node and goes to the last of them. A scene that was played there before is reused, not added again. */
export function extendTree(tree: Tree, from: number, scenes: readonly WireScene[]): Tree {
  const nodes = [...tree.nodes];
  let at = from;
  for (const scene of scenes) {
    const parent = nodeOf({ nodes, current: at }, at);
    const played = JSON.stringify(scene.action);
    const known = parent.children.find((child) => JSON.stringify(nodes[child]?.scene.action) === played);
    if (known !== undefined) {
      nodes[at] = { ...parent, next: known };
      at = known;
      continue;
    }
    const id = nodes.length;
    nodes[at] = { ...parent, children: [...parent.children, id], next: id };
    nodes.push({ id, parent: at, children: [], next: undefined, scene });
    at = id;
  }
  return { nodes, current: at };
}

/** Replaces the scenes from the beginning to a node by scenes that were played again. */
export function renewPath(tree: Tree, id: number, scenes: readonly WireScene[]): Tree {
  const nodes = [...tree.nodes];
  pathTo(tree, id).forEach((node, at) => {
    nodes[node.id] = { ...node, scene: scenes[at] ?? node.scene };
  });
  return { ...tree, nodes };
}

/** Makes another node the current one. From then on Redo follows the path to it. */
export function goTo(tree: Tree, id: number): Tree {
  const nodes = [...tree.nodes];
  let child = nodeOf(tree, id);
  while (child.parent !== undefined) {
    const parent = nodeOf(tree, child.parent);
    nodes[parent.id] = { ...parent, next: child.id };
    child = parent;
  }
  return { nodes, current: id };
}

export function undo(tree: Tree): Tree {
  const { parent } = currentNode(tree);
  return parent === undefined ? tree : { ...tree, current: parent };
}

export function redo(tree: Tree): Tree {
  const { next } = currentNode(tree);
  return next === undefined ? tree : { ...tree, current: next };
}

/** The nodes from the beginning to a node, which is included. */
export function pathTo(tree: Tree, id: number): TreeNode[] {
  const path: TreeNode[] = [];
  for (let at: number | undefined = id; at !== undefined; ) {
    const node: TreeNode = nodeOf(tree, at);
    path.unshift(node);
    at = node.parent;
  }
  return path;
}

/** The path to the current node, continued along the nodes that Redo would follow. */
export function branchOf(tree: Tree): TreeNode[] {
  const branch = pathTo(tree, tree.current);
  for (let { next } = currentNode(tree); next !== undefined; ) {
    const node = nodeOf(tree, next);
    branch.push(node);
    next = node.next;
  }
  return branch;
}

/** The answers along a path. */
export function actionsOf(path: readonly TreeNode[]): unknown[] {
  return path.slice(1).map(({ scene }) => scene.action);
}

export type TreeRow = {
  readonly node: TreeNode;
  /** Column in which the node is drawn, from 0. A node's first branch stays in its column. */
  readonly column: number;
};

/** The nodes in drawing order: a branch to its end, then the branches beside it. */
export function treeRows(tree: Tree): { readonly rows: readonly TreeRow[]; readonly columns: number } {
  const rows: TreeRow[] = [];
  let columns = 1;
  const open: { id: number; isFirst: boolean; column: number }[] = [{ id: 0, isFirst: true, column: 0 }];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const node = nodeOf(tree, entry.id);
    // Another branch runs past all rows between, so it gets a new column.
    const column = entry.isFirst ? entry.column : columns++;
    rows.push({ node, column });
    const [first, ...others] = node.children;
    for (const id of others.toReversed()) open.push({ id, isFirst: false, column });
    if (first !== undefined) open.push({ id: first, isFirst: true, column });
  }
  return { rows, columns };
}
