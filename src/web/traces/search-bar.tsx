/** Searches the text of a transcript: hides the steps without a match, marks the matches and goes from one to the next. */
import type { RefObject } from 'preact';
import { useId, useLayoutEffect, useState } from 'preact/hooks';
import { plural } from '../../lib/text.ts';
import { show, useView } from './link.ts';

type SearchBarProps = {
  /** The list of the steps. */
  readonly list: RefObject<HTMLElement | null>;
  /** Changes when the steps do. */
  readonly version: unknown;
};

type Found = { readonly matches: readonly Range[]; readonly steps: number };

export function SearchBar({ list, version }: SearchBarProps) {
  const view = useView();
  // The text is in the address, so that a link shows the same matches.
  const { find = '' } = view;
  const id = useId();
  const [{ matches, steps }, setFound] = useState<Found>({ matches: [], steps: 0 });
  const [current, setCurrent] = useState(-1);
  useLayoutEffect(() => {
    setCurrent(-1);
    setFound(search(list.current, find));
    return () => mark('found', []);
  }, [find, version]);
  useLayoutEffect(() => {
    const match = matches[current];
    mark('found-now', match === undefined ? [] : [match]);
    match?.startContainer.parentElement?.scrollIntoView({ block: 'center' });
    return () => mark('found-now', []);
  }, [matches, current]);
  const { length } = matches;
  const next = (): void => setCurrent((at) => (at + 1) % length);
  const previous = (): void => setCurrent((at) => (Math.max(at, 0) + length - 1) % length);
  return (
    <search class="search-bar row">
      <label for={id}>Search the transcript</label>
      <input
        id={id}
        type="search"
        value={find}
        onInput={({ currentTarget }) => show({ ...view, find: currentTarget.value, step: undefined }, 'same')}
        onKeyDown={({ key, shiftKey }) => {
          if (key === 'Enter' && length > 0) (shiftKey ? previous : next)();
        }}
      />
      <button type="button" disabled={length === 0} onClick={previous}>
        Previous
      </button>
      <button type="button" disabled={length === 0} onClick={next}>
        Next
      </button>
      <span role="status" class="small muted">
        {find !== '' && `${current < 0 ? '' : `${current + 1} of `}${foundText(length, steps)}`}
      </span>
    </search>
  );
}

function foundText(matches: number, steps: number): string {
  return matches === 0 ? 'No match' : `${plural(matches, 'match', 'matches')} in ${plural(steps, 'step')}`;
}

/** Finds a text in each step, without regard to case; steps without it are hidden. The empty text shows all steps. */
function search(list: HTMLElement | null, text: string): Found {
  const items = [...(list?.children ?? [])].filter((item) => item instanceof HTMLElement);
  const matches = items.flatMap((item) => {
    const found = text === '' ? [] : matchesIn(item, text);
    item.hidden = text !== '' && found.length === 0;
    return found;
  });
  mark('found', matches);
  // A match in a closed part could not be seen.
  for (const { startContainer } of matches) startContainer.parentElement?.closest('details')?.setAttribute('open', '');
  return { matches, steps: items.filter(({ hidden }) => !hidden).length };
}

/** The places of a text in an element. A match may begin and end in different nodes. */
function matchesIn(element: HTMLElement, text: string): Range[] {
  const nodes: { readonly node: Node; readonly start: number }[] = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let all = '';
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    nodes.push({ node, start: all.length });
    all += node.nodeValue ?? '';
  }
  const placeOf = (at: number): readonly [Node, number] => {
    const { node, start } = nodes.findLast((one) => one.start <= at) ?? { node: element, start: at };
    return [node, at - start];
  };
  const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'gi');
  return [...all.matchAll(pattern)].map(({ index, 0: found }) => {
    const range = new Range();
    range.setStart(...placeOf(index));
    const [node, offset] = placeOf(index + found.length - 1);
    range.setEnd(node, offset + 1);
    return range;
  });
}

/** Marks ranges by a highlight of the style sheet. A browser without highlights only hides the steps without a match. */
function mark(name: string, ranges: readonly Range[]): void {
  if (typeof Highlight === 'function') CSS.highlights.set(name, new Highlight(...ranges));
}
