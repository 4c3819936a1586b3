/** The page: what is played, how it stands, and the three columns of briefing, world and play. */
import { useEffect, useMemo } from 'preact/hooks';
import { ActionView } from '../panels/action.tsx';
import { BriefingView } from '../panels/briefing.tsx';
import { compareScenes, sentence } from '../panels/changes.ts';
import { GradeView } from '../panels/grade.tsx';
import type { Pick } from '../panels/pick.ts';
import { PotentialChart } from '../panels/potentials.tsx';
import { RewardView } from '../panels/reward.tsx';
import { GaugeStrip, WorldPanels } from '../panels/world-panels.tsx';
import { Card } from '../shared/card.tsx';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer.tsx';
import { CopyButtons } from './copy.tsx';
import { pickedBy } from './draft.ts';
import { Picker } from './picker.tsx';
import { Policies } from './policies.tsx';
import type { Trouble } from './state.ts';
import { branchOf, currentNode, nodeOf, pathTo } from './tree.ts';
import { TreeView } from './tree-view.tsx';
import { usePlayground } from './use-playground.ts';

export function Playground() {
  const { state, dispatch, playing } = usePlayground();
  const { options, episode, tree, form, draft, trouble, busy, setup, notice } = state;
  useEffect(() => {
    const undo = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select');
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || isTyping) return;
      event.preventDefault();
      dispatch({ type: event.shiftKey ? 'redo' : 'undo' });
    };
    document.addEventListener('keydown', undo);
    return () => document.removeEventListener('keydown', undo);
  }, [dispatch]);

  const node = tree === undefined ? undefined : currentNode(tree);
  const scene = node?.scene;
  const before = tree === undefined || node?.parent === undefined ? undefined : nodeOf(tree, node.parent).scene;
  const changes = useMemo(() => (scene === undefined ? undefined : compareScenes(before, scene)), [before, scene]);
  const branch = useMemo(() => (tree === undefined ? [] : branchOf(tree).map((one) => one.scene)), [tree]);
  const isOver = scene !== undefined && (scene.terminated || scene.truncated);
  useEffect(() => {
    if (isOver) document.querySelector('.end')?.scrollIntoView({ block: 'nearest' });
  }, [isOver]);
  const pick = (picked: Pick): void => {
    dispatch({ type: 'pick', pick: picked });
    focusComposer();
  };

  return (
    <div class="playground">
      <h1 class="sr-only">Playground</h1>
      {options !== undefined && (
        <Picker
          options={options}
          setup={setup}
          playing={episode}
          onSetup={(next) => dispatch({ type: 'setup', setup: next })}
          onBegin={playing.begin}
        />
      )}
      {trouble !== undefined && <TroubleBox trouble={trouble} onClose={() => dispatch({ type: 'dismiss' })} />}
      {(tree === undefined || scene === undefined || node === undefined || changes === undefined) && (
        <p class="waiting muted">{busy === undefined ? '' : `${busy} …`}</p>
      )}
      <Announcer scene={scene} changes={changes} notice={notice} />
      {tree !== undefined &&
        episode !== undefined &&
        node !== undefined &&
        scene !== undefined &&
        changes !== undefined && (
          <>
            <section class="card status" aria-label="How it stands">
              <GaugeStrip scene={scene} before={before} />
              <div class="row">
                <button
                  type="button"
                  aria-disabled={node.parent === undefined}
                  onClick={() => dispatch({ type: 'undo' })}
                  title="Ctrl+Z"
                >
                  ↶ Undo
                </button>
                <button
                  type="button"
                  aria-disabled={node.next === undefined}
                  onClick={() => dispatch({ type: 'redo' })}
                  title="Ctrl+Shift+Z"
                >
                  ↷ Redo
                </button>
              </div>
            </section>
            <div class="columns">
              <div class="column column-briefing">
                <Card title="Briefing" class="briefing-card">
                  <BriefingView text={scene.briefing} beforeText={before?.briefing} />
                </Card>
              </div>
              <section class="column" aria-label="The world">
                <WorldPanels scene={scene} before={before} onPick={pick} picked={pickedBy(draft, form)} />
              </section>
              <section class="column" aria-label="Play">
                {isOver && (
                  <Card title="The end" class="end">
                    <GradeView scene={scene} />
                  </Card>
                )}
                <Composer scene={scene} form={form} draft={draft} dispatch={dispatch} onStep={playing.step} />
                <Card title="Last step" note={scene.step === 0 ? undefined : `step ${scene.step}`} class="last-step">
                  <ActionView scene={scene} />
                  {!scene.step_ok && (
                    <p class="row mend">
                      <button type="button" onClick={() => dispatch({ type: 'undo' })}>
                        ↶ Take it back
                      </button>
                      <span class="muted small">What you typed is still in the form.</span>
                    </p>
                  )}
                  {changes.all.length > 0 && (
                    <details>
                      <summary>What changed ({changes.all.length})</summary>
                      <ul class="bullets small">
                        {changes.all.map((change) => (
                          <li key={`${change.kind} ${change.id}`}>{sentence(change)}</li>
                        ))}
                      </ul>
                    </details>
                  )}
                  <RewardView scene={scene} />
                </Card>
                <Policies policies={options?.policies ?? []} isOver={isOver} onAsk={playing.askPolicy} />
                <Card title="Potentials">
                  <PotentialChart scenes={branch} current={scene.step} />
                </Card>
                <Card title="Branches" note={`${tree.nodes.length - 1} steps seen`}>
                  <TreeView tree={tree} onGo={(id) => dispatch({ type: 'go', id })} />
                </Card>
                <CopyButtons
                  episode={episode}
                  scenes={pathTo(tree, tree.current).map((one) => one.scene)}
                  onNotice={(told) => dispatch({ type: 'notice', notice: told })}
                  notice={notice}
                />
              </section>
            </div>
          </>
        )}
    </div>
  );
}

function TroubleBox({ trouble: { message, problems }, onClose }: { trouble: Trouble; onClose: () => void }) {
  return (
    <div class="trouble" role="alert">
      <div>
        <p>
          <b>{message}</b>
        </p>
        {problems.length > 0 && (
          <ul class="bullets">
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
      </div>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </div>
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
