/** The current episode: the gauges, and the three columns with briefing, world and play. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { plural } from '../../lib/text.ts';
import type { WireEpisode, WireScene } from '../../server/web/api.ts';
import { SelectField } from '../shared/fields.tsx';
import { Card, ScrollArea } from '../shared/frame.tsx';
import type { PlaygroundMessage, PlaygroundState } from './state.ts';
import { beforeOf, branchOf, currentNode, pathTo, type Tree } from './tree.ts';
import type { PlaygroundActions } from './use-playground.ts';
import './tree.css';
import { ActionView } from '../panels/action.tsx';
import { BriefingView } from '../panels/briefing.tsx';
import { GaugeStrip } from '../panels/gauges.tsx';
import { OwedView } from '../panels/owed.tsx';
import { PotentialChart } from '../panels/potentials.tsx';
import { GradeView, RewardView } from '../panels/reward.tsx';
import { WorldPanels } from '../panels/world-panels.tsx';
import { Composer } from './composer.tsx';
import { CopyButtons } from './copy.tsx';
import { pickedBy } from './draft.ts';
import { TreeView } from './tree-view.tsx';

// The properties that the parts of the stage receive.

type StageProps = {
  readonly tree: Tree;
  readonly episode: WireEpisode;
  readonly state: PlaygroundState;
  readonly dispatch: (message: PlaygroundMessage) => void;
  readonly playing: PlaygroundActions;
};

// Lets a policy play on from the current node: one step, or the rest of the episode.

const ABOUT: Readonly<Record<string, string>> = {
  greedy: 'reads the briefing, plans one step',
  random: 'draws valid and invalid actions',
  do_nothing: 'lets time pass',
  oracle: 'plays the best known plan',
};

type PoliciesProps = {
  readonly policies: readonly string[];
  readonly isOver: boolean;
  readonly onAsk: (policy: string, seed: number, steps: 1 | 'rest') => void;
};

export function Policies({ policies, isOver, onAsk }: PoliciesProps) {
  const [policy, setPolicy] = useState('greedy');
  const [seed, setSeed] = useState(0);
  const ask = (steps: 1 | 'rest') => (): void => {
    if (!isOver) onAsk(policy, seed, steps);
  };
  return (
    <Card title="Let a policy play" class="policies">
      <div class="policy-row">
        <SelectField label="Policy" class="" value={policy} options={policies} onValue={setPolicy} />
        {policy === 'random' && (
          <div class="policy-seed">
            <label for="policy-seed">Its seed</label>
            <input
              id="policy-seed"
              type="number"
              min="0"
              max={Number.MAX_SAFE_INTEGER}
              step="1"
              value={seed}
              onInput={({ currentTarget }) => setSeed(Math.max(0, Math.trunc(currentTarget.valueAsNumber || 0)))}
            />
          </div>
        )}
        <span class="policy-buttons">
          <button type="button" aria-disabled={isOver} onClick={ask(1)}>
            One step
          </button>
          <button type="button" aria-disabled={isOver} onClick={ask('rest')}>
            The rest
          </button>
        </span>
      </div>
      <p class="small muted">{ABOUT[policy] ?? ''}</p>
    </Card>
  );
}

// The controls of the player: the next action, the result of the last one, policies, branches, copies.

function PlayColumn({ tree, episode, state, dispatch, playing, path }: StageProps & { path: readonly WireScene[] }) {
  const { options, draft, picks, notice } = state;
  const { scene } = currentNode(tree);
  const isOver = scene.terminated || scene.truncated;
  const branch = useMemo(() => branchOf(tree).map((one) => one.scene), [tree]);
  useEffect(() => {
    if (isOver) document.querySelector('.end')?.scrollIntoView({ block: 'nearest' });
  }, [isOver]);
  return (
    <>
      {isOver && (
        <Card title="The end" class="end">
          <GradeView scene={scene} />
          {scene.owed !== null && <OwedView scenes={path} />}
        </Card>
      )}
      <Composer scene={scene} draft={draft} picks={picks} dispatch={dispatch} onStep={playing.step} />
      <Card title="Last step" note={scene.step === 0 ? undefined : `step ${scene.step}`} class="last-step">
        <ActionView scene={scene} />
        <RewardView scene={scene} />
      </Card>
      <Policies policies={options?.policies ?? []} isOver={isOver} onAsk={playing.askPolicy} />
      <Card title="Potentials">
        <PotentialChart scenes={branch} current={scene.step} />
      </Card>
      <Card title="Branches" note={`${plural(tree.nodes.length - 1, 'step')} seen`}>
        <TreeView tree={tree} onGo={(id) => dispatch({ type: 'go', id })} />
      </Card>
      <CopyButtons
        episode={episode}
        promptSha256={options?.prompt.sha256 ?? null}
        scenes={path}
        onNotice={(notice) => dispatch({ type: 'set', change: { notice } })}
        notice={notice}
      />
    </>
  );
}

export function PlaygroundStage(props: StageProps) {
  const { tree, episode, state, dispatch } = props;
  const { scene, parent, next } = currentNode(tree);
  const before = beforeOf(tree);
  const path = useMemo(() => pathTo(tree, tree.current).map((one) => one.scene), [tree]);
  const isOver = scene.terminated || scene.truncated;
  const go = (type: 'undo' | 'redo') => (): void => dispatch({ type });
  return (
    <>
      <section class="card status" aria-label="Status">
        <GaugeStrip scene={scene} before={before} />
        <div class="row">
          <button type="button" title="Ctrl+Z" aria-disabled={parent === undefined} onClick={go('undo')}>
            <span aria-hidden="true">↶ </span>Undo
          </button>
          <button type="button" title="Ctrl+Shift+Z" aria-disabled={next === undefined} onClick={go('redo')}>
            <span aria-hidden="true">↷ </span>Redo
          </button>
        </div>
      </section>
      <div class="columns">
        <div class="column column-briefing" id="column-briefing">
          <Card title="Briefing" class="briefing-card">
            {episode.rules === 'v2' && (
              <details class="system-prompt">
                <summary>The system prompt</summary>
                <ScrollArea class="" label="Text of the system prompt">
                  <pre>{state.options?.prompt.text}</pre>
                </ScrollArea>
              </details>
            )}
            <BriefingView text={scene.briefing} beforeText={before?.briefing} />
          </Card>
        </div>
        <section class="column" id="column-world" aria-label="The world">
          <WorldPanels
            scene={scene}
            before={before}
            path={isOver ? undefined : path}
            onPick={(pick) => dispatch({ type: 'pick', pick })}
            picked={pickedBy(state.draft)}
          />
        </section>
        <section class="column" id="column-play" aria-label="Play">
          <PlayColumn {...props} path={path} />
        </section>
      </div>
    </>
  );
}
