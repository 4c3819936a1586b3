/** Says to a screen reader what happened: the step, its reward and what changed. */
import type { Scene } from '../../rollout/replay/scene.ts';
import { actionWords } from '../panels/action-words.ts';
import { type Changes, sentence } from '../panels/changes.ts';
import { plain, plural, signed } from '../shared/format.ts';

/** Changes beyond these are counted, not read out. */
const MOST = 8;

type AnnouncerProps = { scene: Scene | undefined; changes: Changes | undefined; notice: string };

export function Announcer({ scene, changes, notice }: AnnouncerProps) {
  const text = scene === undefined || changes === undefined ? '' : tell(scene, changes);
  return (
    <div class="sr-only" aria-live="polite" role="status">
      {notice === '' ? text : notice}
    </div>
  );
}

function tell(scene: Scene, changes: Changes): string {
  const told = changes.all.slice(0, MOST).map(sentence);
  if (changes.all.length > MOST) told.push(`and ${plural(changes.all.length - MOST, 'more change')}`);
  const how = scene.step_ok ? '' : `, invalid: ${scene.error ?? ''}`;
  const head = `Step ${scene.step}: ${actionWords(scene)}${how}${scene.step === 0 ? '' : `, reward ${signed(scene.reward)}`}.`;
  const end = scene.terminated || scene.truncated ? ' The episode is over.' : '';
  const grade = scene.grade === null ? '' : ` Grade ${plain(scene.grade.grade)}.`;
  return `${head}${end}${grade} ${told.join('. ')}`;
}
