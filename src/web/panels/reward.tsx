/** The reward of a step, by channel with the reasons and with all its parts, and the grade of a finished episode. */
import type { Scene } from '../../analysis/replay.ts';
import { REWARD_PARTS, rewardParts } from '../../analysis/reward-parts.ts';
import { END_TERMS, TERMS } from '../../analysis/terms.ts';
import { fixed, signed } from '../../lib/text.ts';
import type { Grade } from '../../sim/v2/grade.ts';
import { FigureTable } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { tone } from './gauges.tsx';
import './step.css';

// Splits a reward by channel. Pure.

type ChannelReward = ReturnType<typeof splitReward>[number];
type Rewarded = Pick<Scene, 'breakdown' | 'reasons' | 'potentials'>;

/** Channels of rules v2 in the order in which they are shown. The first three are always shown. */
const CHANNELS = ['conflict', 'relationship', 'task', 'collateral', 'shaping', 'penalty'] as const;

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
    parts[part] === 0 && at > 2 ? [] : [{ channel: part, amount: parts[part], reasons: [] }],
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

export function GradeView({ scene }: { scene: Scene }) {
  const { grade, terminated, truncated, end_reason: reason } = scene;
  if (!terminated && !truncated) return null;
  return (
    <div class="grade">
      <p>
        <b>The episode is over.</b> {reason !== null && `${END_TERMS[reason] ?? words(reason)}.`}
      </p>
      {grade === null ? (
        <p class="muted">No grader certifies this episode, so it has a return but no grade.</p>
      ) : (
        <>
          <p class="grade-figure">
            <b class="big">{fixed(grade.grade)}</b>{' '}
            <span class="muted">grade, from 0.01 (doing nothing) to 0.99 (the best known plan)</span>
          </p>
          {grade.value !== undefined && <GradeParts grade={grade} />}
        </>
      )}
    </div>
  );
}

function GradeParts({ grade }: { grade: Grade }) {
  const { conflict, relationship, task, met, late, missed, value, floor, oracle, collateral } = grade;
  const rows: [name: string, share: number, meaning: string][] = [
    ['Conflict', conflict, 'of clashes and critical answers met, by weight'],
    ['Relationship', relationship, 'for moods and the other answers'],
    ['Task', task, 'of tasks met, by weight'],
  ];
  return (
    <>
      <p>
        Obligations: <b>{met}</b> met in time, <b>{late}</b> late or corrected, <b>{missed}</b> missed: not done, or
        done in part or wrongly.
      </p>
      <ul class="shares">
        {rows.map(([name, share, meaning]) => (
          <li key={name}>
            <b>{name}</b> {Math.round(share * 100)}% <span class="muted small">{meaning}</span>
            <div class="meter" aria-hidden="true">
              <div style={{ width: `${share * 100}%` }} />
            </div>
          </li>
        ))}
      </ul>
      <p class="small muted">
        {collateral > 0 ? `Damage done on the way costs ${fixed(collateral, 3)}. ` : 'No damage was done. '}
        {TERMS.V} This day was worth {fixed(value, 3)}; doing nothing is worth {fixed(floor, 3)}, and the best known
        plan {fixed(oracle, 3)}.
      </p>
    </>
  );
}
