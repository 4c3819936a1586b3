/** The controls of the player: the next action, the result of the last one, policies, branches, copies. */
import './tree.css';
import { useEffect, useMemo } from 'preact/hooks';
import { ActionView } from '../panels/action.tsx';
import { compareScenes, sentence } from '../panels/changes.ts';
import { GradeView } from '../panels/grade.tsx';
import { PotentialChart } from '../panels/potentials.tsx';
import { RewardView } from '../panels/reward.tsx';
import { Card } from '../shared/card.tsx';
import { plural } from '../shared/format.ts';
import { Composer } from './composer.tsx';
import { CopyButtons } from './copy.tsx';
import { Policies } from './policies.tsx';
import type { StageProps } from './stage-props.ts';
import { beforeOf, branchOf, currentNode, pathTo, type Tree } from './tree.ts';
import { TreeView } from './tree-view.tsx';

export function PlayColumn({ tree, episode, state, dispatch, playing }: StageProps) {
  const { options, form, draft, picks, notice } = state;
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
        </Card>
      )}
      <Composer scene={scene} form={form} draft={draft} picks={picks} dispatch={dispatch} onStep={playing.step} />
      <Card title="Last step" note={scene.step === 0 ? undefined : `step ${scene.step}`} class="last-step">
        <ActionView scene={scene} />
        <ChangeList tree={tree} />
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
        scenes={pathTo(tree, tree.current).map((one) => one.scene)}
        onNotice={(notice) => dispatch({ type: 'notice', notice })}
        notice={notice}
      />
    </>
  );
}

function ChangeList({ tree }: { tree: Tree }) {
  const { all } = compareScenes(beforeOf(tree), currentNode(tree).scene);
  if (all.length === 0) return null;
  return (
    <details>
      <summary>What changed ({all.length})</summary>
      <ul class="bullets small">
        {all.map((change) => (
          <li key={`${change.kind} ${change.id}`}>{sentence(change)}</li>
        ))}
      </ul>
    </details>
  );
}
