/** The reward of a step: by channel with the reasons, and all its parts. */
import './step.css';
import type { Scene } from '../../rollout/replay/scene.ts';
import { signed, words } from '../shared/format.ts';
import { tone } from './gauges.tsx';
import { type Part, splitReward } from './reward-split.ts';

export function RewardView({ scene }: { scene: Scene }) {
  const { breakdown, reward, return: sum } = scene;
  if (breakdown === null) return <p class="muted">No step has been played yet.</p>;
  const parts = splitReward(scene);
  const most = Math.max(0.01, ...parts.map(({ amount }) => Math.abs(amount)));
  return (
    <div class="reward">
      <p class="reward-head">
        <span>
          Reward <b class={`big ${tone(reward)}`}>{signed(reward, 3)}</b>
        </span>
        <span class="muted">
          Return <b class={tone(sum)}>{signed(sum, 3)}</b>
        </span>
      </p>
      <ul class="channels">
        {parts.map((part) => (
          <Channel key={part.channel} part={part} most={most} />
        ))}
      </ul>
      <details>
        <summary>All parts</summary>
        <table class="parts">
          <caption class="sr-only">All parts of the reward</caption>
          <tbody>
            {Object.entries(breakdown).map(([name, value]) => (
              <tr key={name} class={value === 0 ? 'muted' : ''}>
                <th scope="row">{words(name)}</th>
                <td>{signed(value, 4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

function Channel({ part: { channel, amount, reasons }, most }: { part: Part; most: number }) {
  const share = (Math.abs(amount) / most) * 50;
  const side = amount < 0 ? { right: '50%' } : { left: '50%' };
  return (
    <li class={amount === 0 ? 'quiet-channel' : ''}>
      <span class="channel-name">{channel}</span>
      <span class="channel-bar" aria-hidden="true">
        <span class={amount < 0 ? 'bar loss' : 'bar gain'} style={{ ...side, width: `${share}%` }} />
      </span>
      <span class={`channel-amount ${tone(amount)}`}>{signed(amount, 3)}</span>
      {reasons.length > 0 && (
        <ul class="reasons">
          {reasons.map(({ about, reason, amount: part }) => (
            <li key={`${about} ${reason}`}>
              <span>
                {about}: {reason}
              </span>
              <span class={tone(part)}>{signed(part, 3)}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
