/** The branches as a tree. Arrow keys move through it, and the selected node is shown. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { signed } from '../../lib/text.ts';
import { actionWords } from '../panels/action.tsx';
import { tone } from '../panels/gauges.tsx';
import { nodeOf, pathTo, type Tree, type TreeNode, type TreeRow, treeRows } from './tree.ts';

/** Height of a row and width of a column, in pixels. */
const ROW = 28;
const COLUMN = 16;

export function TreeView({ tree, onGo }: { tree: Tree; onGo: (id: number) => void }) {
  const { rows, columns } = treeRows(tree);
  const here = new Set(pathTo(tree, tree.current).map(({ id }) => id));
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const walks = useRef(false);
  const at = rows.findIndex(({ node }) => node.id === tree.current);
  // Before the next drawing and the next key: that key must start from the new current node.
  useLayoutEffect(() => {
    // scrollIntoView would also scroll the page.
    const top = at * ROW;
    if (
      box.current !== null &&
      (top < box.current.scrollTop || top + ROW > box.current.scrollTop + box.current.clientHeight)
    ) {
      box.current.scrollTop = top - box.current.clientHeight / 2;
    }
    if (walks.current) list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    walks.current = false;
  }, [at]);
  const walk = (event: KeyboardEvent, from: number): void => {
    const to = targetOf(event.key, rows, from);
    if (to === undefined) return;
    event.preventDefault();
    walks.current = true;
    onGo(to);
  };
  return (
    <div class="tree-box" ref={box}>
      <TreeLines rows={rows} columns={columns} here={here} tree={tree} />
      <div role="tree" aria-label="Branches of the episode" class="tree" ref={list}>
        {rows.map(({ node }, row) => (
          <div
            key={node.id}
            role="treeitem"
            class={here.has(node.id) ? 'tree-item here' : 'tree-item'}
            aria-level={node.scene.step + 1}
            aria-selected={node.id === tree.current}
            tabIndex={node.id === tree.current ? 0 : -1}
            {...placeAmongSiblings(tree, node)}
            style={{ paddingLeft: `${columns * COLUMN + 10}px`, height: `${ROW}px` }}
            onClick={() => onGo(node.id)}
            onKeyDown={(event) => walk(event, row)}
          >
            <span class="tree-step">{node.scene.step}</span>
            <span class="tree-action">
              {node.scene.step_ok ? '' : '✗ '}
              {actionWords(node.scene)}
            </span>
            <span class={`tree-reward ${tone(node.scene.reward)}`}>
              {node.scene.step === 0 ? '' : signed(node.scene.reward)}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

function placeAmongSiblings(tree: Tree, { id, parent }: TreeNode): Record<'aria-setsize' | 'aria-posinset', number> {
  const siblings = parent === undefined ? [id] : nodeOf(tree, parent).children;
  return { 'aria-setsize': siblings.length, 'aria-posinset': siblings.indexOf(id) + 1 };
}

/** The row to which a key leads; undefined if it leads nowhere. */
function targetOf(key: string, rows: readonly TreeRow[], at: number): number | undefined {
  const node = rows[at]?.node;
  if (node === undefined) return undefined;
  switch (key) {
    case 'ArrowUp':
      return rows[at - 1]?.node.id;
    case 'ArrowDown':
      return rows[at + 1]?.node.id;
    case 'ArrowLeft':
      return node.parent;
    case 'ArrowRight':
      return node.next ?? node.children[0];
    case 'Home':
      return rows[0]?.node.id;
    case 'End':
      return rows.at(-1)?.node.id;
    case 'Enter':
    case ' ':
      return node.id;
    default:
      return undefined;
  }
}

type LinesProps = { rows: readonly TreeRow[]; columns: number; here: ReadonlySet<number>; tree: Tree };

function TreeLines({ rows, columns, here, tree }: LinesProps) {
  const places = new Map(
    rows.map(({ node, column }, row) => [node.id, { x: column * COLUMN + 10, y: row * ROW + ROW / 2 }]),
  );
  return (
    <svg class="tree-lines" width={columns * COLUMN + 10} height={rows.length * ROW} aria-hidden="true">
      {rows.map(({ node }) => {
        const to = places.get(node.id);
        const from = node.parent === undefined ? undefined : places.get(node.parent);
        if (to === undefined || from === undefined) return null;
        const bend = to.x === from.x ? '' : `Q${to.x} ${from.y} ${to.x} ${from.y + 10}`;
        return (
          <path
            key={node.id}
            class={here.has(node.id) ? 'here' : ''}
            d={`M${from.x} ${from.y} ${bend} L${to.x} ${to.y}`}
          />
        );
      })}
      {rows.map(({ node }) => {
        const place = places.get(node.id);
        const isCurrent = node.id === tree.current;
        const name = `${here.has(node.id) ? 'here' : ''}${isCurrent ? ' current' : ''}`;
        return <circle key={node.id} class={name} cx={place?.x} cy={place?.y} r={isCurrent ? 6 : 4} />;
      })}
    </svg>
  );
}
