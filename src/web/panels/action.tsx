/** The answer of a step, and its result. */

import type { Scene } from '../../analysis/replay.ts';
import { TERMS } from '../../analysis/terms.ts';
import { signed } from '../../lib/text.ts';
import type { Breakdown } from '../../sim/breakdown.ts';
import { FieldList } from '../shared/fields.tsx';
import { when, words } from '../shared/format.ts';
import './step.css';
import { priceOf } from './reward.tsx';

// An action in a few words. Pure.

/** `reply e01`, `delegate t03 to Ada Bell`, `raw text`; short enough for a line of a list. */
export function actionWords({
  action,
  understood,
  step,
  time,
}: Pick<Scene, 'action' | 'understood' | 'step' | 'time'>): string {
  if (step === 0) return 'the day begins';
  if (understood === null) return typeof action === 'string' ? 'unreadable completion' : 'unreadable action';
  const text = (name: string): string => {
    const value = understood[name];
    return typeof value === 'string' && value !== '' ? value : '…';
  };
  switch (understood.action_type) {
    case 'reply_email':
      return `reply to ${text('email_id')}`;
    case 'archive_email':
      return `archive ${text('email_id')}`;
    case 'reschedule_meeting':
      return `move ${text('meeting_id')} to ${when(text('new_time'), time)}`;
    case 'cancel_meeting':
      return `cancel ${text('meeting_id')}`;
    case 'complete_task':
      return `complete ${text('task_id')}`;
    case 'delegate_task':
      return `delegate ${text('task_id')} to ${text('contact_name')}`;
    case 'send_message':
      return `message to ${text('contact_name')}`;
    default:
      return 'do nothing';
  }
}

type ShownAction = Pick<
  Scene,
  'action' | 'understood' | 'step' | 'time' | 'step_ok' | 'error' | 'detail' | 'events' | 'breakdown'
>;

/** @param props.isRawOpen Whether the completion itself is open. */
export function ActionView({ scene, isRawOpen = false }: { scene: ShownAction; isRawOpen?: boolean }) {
  const { action, understood, step_ok: isOk, error, detail, events, step } = scene;
  if (step === 0) return <p class="muted">No step has been played yet: the day begins.</p>;
  const fields = Object.entries(understood ?? {}).flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return name === 'action_type' ? [] : [[words(name), text] as const];
  });
  return (
    <div class={`action ${stepLookOf(isOk, scene.breakdown)}`}>
      <p class="action-head">
        <b>{sentenceCase(actionWords(scene))}</b> <StepBadge look={stepLookOf(isOk, scene.breakdown)} />
      </p>
      {isOk ? <p class="detail">{detail}</p> : <InvalidNote scene={scene} error={error} />}
      {fields.length > 0 && <FieldList rows={fields} />}
      {typeof action === 'string' && (
        <details open={isRawOpen}>
          <summary>The original completion</summary>
          <pre class="raw">{action}</pre>
        </details>
      )}
      {typeof action !== 'string' && understood === null && <pre class="raw">{JSON.stringify(action, null, 2)}</pre>}
      {events.length > 0 && (
        <p class="small">
          <b>Meanwhile:</b> {events.map(({ id, announced }) => `${id}${announced ? '' : ' (silent)'}`).join(', ')}
          {events.some(({ announced }) => !announced) && <span class="muted">. {TERMS.silent}</span>}
        </p>
      )}
    </div>
  );
}

/** The looks of a step: it furthered something, it was valid and furthered nothing that is owed, or it was invalid. */
type StepLook = 'ok' | 'vain' | 'invalid';
const BADGES = {
  ok: { class: 'badge ok', text: '✓ valid' },
  vain: { class: 'badge high', text: '○ valid, but furthered nothing' },
  invalid: { class: 'badge bad', text: '✗ invalid' },
} as const;

export function stepLookOf(isOk: boolean, breakdown: Breakdown | null): StepLook {
  if (!isOk) return 'invalid';
  return (breakdown?.do_nothing_floor ?? 0) < 0 ? 'vain' : 'ok';
}

function StepBadge({ look }: { look: StepLook }) {
  return <span class={BADGES[look].class}>{BADGES[look].text}</span>;
}

function InvalidNote({ scene, error }: { scene: ShownAction; error: string | null }) {
  const price = priceOf(scene);
  return (
    <p class="detail">
      {error ?? 'That could not be done.'}{' '}
      {price !== 0 && <span class="muted">The invalid action cost {signed(price)}.</span>}
    </p>
  );
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
