/** The reward of a step: by channel with the reasons, and all its parts. */

import type { Scene } from '../../analysis/replay.ts';
import { REWARD_PARTS, type RewardPart, rewardParts } from '../../analysis/reward-parts.ts';
import { TERMS } from '../../analysis/terms.ts';
import { signed } from '../../lib/text.ts';
import './step.css';
import { FigureTable } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { tone } from './gauges.tsx';

// Splits a reward by channel. Pure.

type ChannelReward = ReturnType<typeof splitReward>[number];
type Rewarded = Pick<Scene, 'breakdown' | 'reasons' | 'potentials'>;

/** Channels of rules v2 in the order in which they are shown. The first three are always shown. */
const CHANNELS = ['conflict', 'relationship', 'task', 'collateral', 'shaping', 'penalty'] as const;
/** Names of the parts of rules v1 that differ here. */
const V1_NAMES: Partial<Record<RewardPart, string>> = {
  damage: 'catastrophe',
  completion: 'end of the episode',
  invalid: 'invalid step',
  idle: 'doing nothing',
};

/** The parts of the reward; their amounts add up to it. Empty after a reset. */
export function splitReward(scene: Rewarded) {
  if (scene.breakdown === null) return [];
  return scene.potentials === null ? splitV1(scene.breakdown) : splitV2(scene);
}

function splitV2({ reasons }: Rewarded) {
  return CHANNELS.flatMap((channel, at) => {
    const own = reasons.filter((reason) => reason.channel === channel);
    if (own.length === 0 && at > 2) return [];
    const amount = own.reduce((sum, one) => sum + one.amount, 0);
    const listed = own.map(({ obligation, reason, amount: paid }) => ({
      about: aboutOf(obligation),
      reason,
      amount: paid,
    }));
    return [{ channel: channel as string, amount, reasons: listed }];
  });
}

function splitV1(breakdown: NonNullable<Scene['breakdown']>): ReturnType<typeof splitV2> {
  const parts = rewardParts(breakdown);
  return REWARD_PARTS.flatMap((part, at) =>
    parts[part] === 0 && at > 2 ? [] : [{ channel: V1_NAMES[part] ?? part, amount: parts[part], reasons: [] }],
  );
}

/** The price of an invalid step: 0 or less. */
export function priceOf(scene: Pick<Scene, 'breakdown'>): number {
  return scene.breakdown?.invalid_step_adjustment ?? 0;
}

/** `reply:e01` as `reply to e01`. */
export function aboutOf(obligation: string): string {
  const at = obligation.indexOf(':');
  if (at === -1) return obligation;
  const kind = obligation.slice(0, at);
  const rest = obligation.slice(at + 1);
  if (kind === 'reply') return rest === 'not arrived' ? 'a mail that has not arrived' : `reply to ${rest}`;
  if (kind === 'clash')
    return rest === 'not arrived' ? 'a clash that has not arrived' : `clash of ${rest.split('+').join(' and ')}`;
  if (kind === 'mood') return `mood of ${rest}`;
  return `${kind} ${rest}`;
}

export function RewardView({ scene }: { scene: Rewarded & Pick<Scene, 'reward' | 'return'> }) {
  const { breakdown, reward, return: sum } = scene;
  if (breakdown === null) return <p class="muted">No step has been played yet.</p>;
  const { settlement = 0 } = breakdown;
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
      {settlement !== 0 && (
        <p class="small muted">
          {signed(settlement, 3)} of the reward is the settlement. {TERMS.settlement}
        </p>
      )}
      <details>
        <summary>All parts</summary>
        <FigureTable
          caption="All parts of the reward"
          rows={Object.entries(breakdown).map(([name, value]) => ({
            name: words(name),
            cells: [signed(value, 4)],
            class: value === 0 ? 'muted' : '',
          }))}
        />
      </details>
    </div>
  );
}

function Channel({ part: { channel, amount, reasons }, most }: { part: ChannelReward; most: number }) {
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
