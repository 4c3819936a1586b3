/** The answer of a step, and its result. */
import './step.css';
import type { Scene } from '../../rollout/replay/scene.ts';
import { signed, words } from '../shared/format.ts';
import { actionWords } from './action-words.ts';
import { priceOf } from './reward-split.ts';

export function ActionView({ scene }: { scene: Scene }) {
  const { action, understood, step_ok: isOk, error, detail, events, step } = scene;
  if (step === 0) return <p class="muted">No step has been played yet: the day begins.</p>;
  const fields = Object.entries(understood ?? {}).filter(([name]) => name !== 'action_type');
  return (
    <div class={`action ${isOk ? 'ok' : 'invalid'}`}>
      <p class="action-head">
        <b>{sentenceCase(actionWords(scene))}</b>{' '}
        <span class={isOk ? 'badge ok' : 'badge bad'}>{isOk ? '✓ valid' : '✗ invalid'}</span>
      </p>
      {isOk ? <p class="detail">{detail}</p> : <InvalidNote scene={scene} error={error} />}
      {fields.length > 0 && (
        <dl class="fields">
          {fields.map(([name, value]) => (
            <div key={name} class="fields-row">
              <dt>{words(name)}</dt>
              <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {typeof action === 'string' && (
        <details>
          <summary>The original completion</summary>
          <pre class="raw">{action}</pre>
        </details>
      )}
      {typeof action !== 'string' && understood === null && <pre class="raw">{JSON.stringify(action, null, 2)}</pre>}
      {events.length > 0 && (
        <p class="small">
          <b>Meanwhile:</b> {events.map(({ id, announced }) => `${id}${announced ? '' : ' (silent)'}`).join(', ')}
        </p>
      )}
    </div>
  );
}

function InvalidNote({ scene, error }: { scene: Scene; error: string | null }) {
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
