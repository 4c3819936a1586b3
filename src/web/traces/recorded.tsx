/** A step as it was recorded, for episodes that cannot be replayed. */
import { answerOf } from '../../rollout/recorded-answer.ts';
import type { StepRecord } from '../../rollout/records.ts';
import { signed, words } from '../shared/format.ts';
import { toneOf } from './values.ts';

export function RecordedAction({ step }: { step: StepRecord }) {
  const { completion, step_ok: isOk, error } = step;
  return (
    <div class={`action ${isOk ? 'ok' : 'invalid'}`}>
      <p>
        <span class={isOk ? 'badge ok' : 'badge bad'}>{isOk ? '✓ valid' : '✗ invalid'}</span>
      </p>
      {error !== null && <p class="detail">{error}</p>}
      <pre class="raw">{completion ?? JSON.stringify(answerOf(step), null, 2)}</pre>
    </div>
  );
}

export function RecordedReward({ step: { reward, reward_breakdown: parts } }: { step: StepRecord }) {
  return (
    <div class="reward">
      <p>
        Reward <b class={`big ${toneOf(reward)}`}>{signed(reward, 3)}</b>
      </p>
      <table class="parts">
        <caption class="sr-only">Parts of the reward that are not 0</caption>
        <tbody>
          {Object.entries(parts)
            .filter(([, value]) => value !== 0)
            .map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{words(name)}</th>
                <td>{signed(value, 4)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
