/** Tells a screen reader what happened: the step, its reward and the changes. */
import type { Scene } from '../../rollout/replay/scene.ts';
import { actionWords } from '../panels/action-words.ts';
import { type Changes, compareScenes, sentence } from '../panels/changes.ts';
import { plain, plural, signed } from '../shared/format.ts';
import { beforeOf, currentNode, type Tree } from './tree.ts';

/** Maximum number of changes that are read out; the others are counted. */
const MOST = 8;

export function Announcer({ tree, notice }: { tree: Tree | undefined; notice: string }) {
  const scene = tree === undefined ? undefined : currentNode(tree).scene;
  const text = tree === undefined || scene === undefined ? '' : describe(scene, compareScenes(beforeOf(tree), scene));
  return (
    <div class="sr-only" aria-live="polite" role="status">
      {notice === '' ? text : notice}
    </div>
  );
}

function describe(scene: Scene, changes: Changes): string {
  const sentences = changes.all.slice(0, MOST).map(sentence);
  if (changes.all.length > MOST) sentences.push(`and ${plural(changes.all.length - MOST, 'more change')}`);
  const how = scene.step_ok ? '' : `, invalid: ${scene.error ?? ''}`;
  const pay = scene.step === 0 ? '' : `, reward ${signed(scene.reward)}`;
  const end = scene.terminated || scene.truncated ? ' The episode is over.' : '';
  const grade = scene.grade === null ? '' : ` Grade ${plain(scene.grade.grade)}.`;
  return `Step ${scene.step}: ${actionWords(scene)}${how}${pay}.${end}${grade} ${sentences.join('. ')}`;
}
