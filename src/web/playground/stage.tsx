/** The current episode: the gauges, and the three columns with briefing, world and play. */
import { BriefingView } from '../panels/briefing.tsx';
import { GaugeStrip } from '../panels/gauges.tsx';
import { WorldPanels } from '../panels/world-panels.tsx';
import { Card } from '../shared/card.tsx';
import { pickedBy } from './draft.ts';
import { PlayColumn } from './play-column.tsx';
import type { StageProps } from './stage-props.ts';
import { beforeOf, currentNode } from './tree.ts';

export function Stage(props: StageProps) {
  const { tree, state, dispatch } = props;
  const { scene, parent, next } = currentNode(tree);
  const before = beforeOf(tree);
  return (
    <>
      <section class="card status" aria-label="Status">
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
          <WorldPanels
            scene={scene}
            before={before}
            onPick={(pick) => dispatch({ type: 'pick', pick })}
            picked={pickedBy(state.draft, state.form)}
          />
        </section>
        <section class="column" id="column-play" aria-label="Play">
          <PlayColumn {...props} />
        </section>
      </div>
    </>
  );
}
