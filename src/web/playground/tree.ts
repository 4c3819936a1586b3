/** The branches of an episode: every moment that was seen, and where one stands. Pure. */
import type { WireScene } from '../../server/web/api.ts';

export type Node = {
  /** Place in the list of nodes. */
  readonly id: number;
  /** Undefined of the beginning. */
  readonly parent: number | undefined;
  readonly children: readonly number[];
  /** The child that was visited last: where Redo goes. */
  readonly next: number | undefined;
  readonly scene: WireScene;
};

export type Tree = { readonly nodes: readonly Node[]; readonly current: number };

/** A tree that holds the beginning and the scenes after it in one branch; one stands at step `at`, the last unless stated. */
export function growTree(scenes: readonly WireScene[], at = scenes.length - 1): Tree {
  const nodes = scenes.map((scene, id): Node => {
    const next = id + 1 < scenes.length ? id + 1 : undefined;
    return { id, parent: id === 0 ? undefined : id - 1, children: next === undefined ? [] : [next], next, scene };
  });
  return { nodes, current: Math.max(0, Math.min(at, nodes.length - 1)) };
}

/**
 * @throws RangeError for an id of another tree
 */
export function nodeOf(tree: Tree, id: number): Node {
  const node = tree.nodes[id];
  if (node === undefined) throw new RangeError(`there is no node ${id}`);
  return node;
}

export function currentNode(tree: Tree): Node {
  return nodeOf(tree, tree.current);
}

/** The moment before the present one; undefined at the beginning. */
export function beforeOf(tree: Tree): WireScene | undefined {
  const { parent } = currentNode(tree);
  return parent === undefined ? undefined : nodeOf(tree, parent).scene;
}

/** Adds what came after a node, and goes to the last of it. What was played there before is gone to, not added again. */
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

/** Puts scenes that were played anew in place of those from the beginning to a node. */
export function renewPath(tree: Tree, id: number, scenes: readonly WireScene[]): Tree {
  const nodes = [...tree.nodes];
  pathTo(tree, id).forEach((node, at) => {
    nodes[node.id] = { ...node, scene: scenes[at] ?? node.scene };
  });
  return { ...tree, nodes };
}

/** Stands somewhere else; the way there is what Redo follows from then on. */
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

/** From the beginning to a node, that one included. */
export function pathTo(tree: Tree, id: number): Node[] {
  const path: Node[] = [];
  for (let at: number | undefined = id; at !== undefined; ) {
    const node: Node = nodeOf(tree, at);
    path.unshift(node);
    at = node.parent;
  }
  return path;
}

/** The path to where one stands, and on along what Redo would follow. */
export function branchOf(tree: Tree): Node[] {
  const branch = pathTo(tree, tree.current);
  for (let { next } = currentNode(tree); next !== undefined; ) {
    const node = nodeOf(tree, next);
    branch.push(node);
    next = node.next;
  }
  return branch;
}

/** What was answered along a path. */
export function actionsOf(path: readonly Node[]): unknown[] {
  return path.slice(1).map(({ scene }) => scene.action);
}

export type Row = {
  readonly node: Node;
  /** Column in which the node is drawn, from 0: the first branch goes on in the column of its beginning. */
  readonly lane: number;
};

/** The nodes in the order in which they are drawn: a branch to its end, then the ones beside it. */
export function rowsOf(tree: Tree): { readonly rows: readonly Row[]; readonly lanes: number } {
  const rows: Row[] = [];
  let lanes = 1;
  const open: { id: number; isFirst: boolean; lane: number }[] = [{ id: 0, isFirst: true, lane: 0 }];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const node = nodeOf(tree, entry.id);
    // A line beside others runs past all of them: it takes a column that is still empty.
    const lane = entry.isFirst ? entry.lane : lanes++;
    rows.push({ node, lane });
    const [first, ...others] = node.children;
    for (const id of others.toReversed()) open.push({ id, isFirst: false, lane });
    if (first !== undefined) open.push({ id: first, isFirst: true, lane });
  }
  return { rows, lanes };
}
