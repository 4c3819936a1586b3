/** An episode as it stands: the gauges, and the three columns of briefing, world and play. */
import type { WireEpisode } from '../../server/web/api.ts';
import { BriefingView } from '../panels/briefing.tsx';
import type { Pick } from '../panels/pick.ts';
import { GaugeStrip, WorldPanels } from '../panels/world-panels.tsx';
import { Card } from '../shared/card.tsx';
import { pickedBy } from './draft.ts';
import { PlayColumn } from './play-column.tsx';
import type { Message, State } from './state.ts';
import { beforeOf, currentNode, type Tree } from './tree.ts';
import type { Playing } from './use-playground.ts';

export type StageProps = {
  readonly tree: Tree;
  readonly episode: WireEpisode;
  readonly state: State;
  readonly dispatch: (message: Message) => void;
  readonly playing: Playing;
};

export function Stage(props: StageProps) {
  const { tree, state, dispatch } = props;
  const { scene, parent, next } = currentNode(tree);
  const before = beforeOf(tree);
  const pick = (picked: Pick): void => {
    dispatch({ type: 'pick', pick: picked });
    focusComposer();
  };
  return (
    <>
      <section class="card status" aria-label="How it stands">
        <GaugeStrip scene={scene} before={before} />
        <div class="row">
          <button
            type="button"
            title="Ctrl+Z"
            aria-disabled={parent === undefined}
            onClick={() => dispatch({ type: 'undo' })}
          >
            <span aria-hidden="true">↶ </span>Undo
          </button>
          <button
            type="button"
            title="Ctrl+Shift+Z"
            aria-disabled={next === undefined}
            onClick={() => dispatch({ type: 'redo' })}
          >
            <span aria-hidden="true">↷ </span>Redo
          </button>
        </div>
      </section>
      <div class="columns">
        <div class="column column-briefing" id="column-briefing">
          <Card title="Briefing" class="briefing-card">
            <BriefingView text={scene.briefing} beforeText={before?.briefing} />
          </Card>
        </div>
        <section class="column" id="column-world" aria-label="The world">
          <WorldPanels scene={scene} before={before} onPick={pick} picked={pickedBy(state.draft, state.form)} />
        </section>
        <section class="column" id="column-play" aria-label="Play">
          <PlayColumn {...props} />
        </section>
      </div>
    </>
  );
}

/** The first field that is still empty, or the button; after the fields of the new type are there. */
function focusComposer(): void {
  requestAnimationFrame(() => {
    const inputs = [...document.querySelectorAll<HTMLInputElement>('.composer .field :is(input, textarea, select)')];
    const next = inputs.find(({ value }) => value === '') ?? document.querySelector<HTMLElement>('.composer .primary');
    next?.focus({ preventScroll: true });
    document.querySelector('.composer')?.scrollIntoView({ block: 'nearest' });
  });
}
