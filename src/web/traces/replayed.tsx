/** Lets the server replay a recorded episode, for the states that a record does not contain. */

import type { Scene } from '../../analysis/replay.ts';
import { fixed, signed } from '../../lib/text.ts';
import { answerOf } from '../../records/recorded-answer.ts';
import type { EpisodeRecord, StepRecord } from '../../records/schema.ts';
import type { EpisodeAnswer, EpisodeRequest, RunInfo } from '../../server/web/api.ts';
import { ActionView, StepBadge, stepLookOf } from '../panels/action.tsx';
import { GradeView } from '../panels/grade.tsx';
import { OwedView } from '../panels/owed.tsx';
import { RewardView } from '../panels/reward.tsx';
import { postJson } from '../shared/api.ts';
import { FigureTable } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import { toneClass } from './notes.tsx';

/** Maximum difference of rewards. JSON keeps numbers exact, but sums in another order may differ slightly. */
const CLOSE = 1e-9;

/** `scenes[0]` is the scene at the beginning, `scenes[k]` the scene after step k. */
export type ReplayedEpisode = {
  readonly scenes: readonly Scene[];
  readonly difference: ReturnType<typeof firstDifference>;
};

/** What a recorded episode plays. A scenario that is not shipped is in the plan of its run. */
export function askedFor({ task_id, seed, rules, reward_mode }: EpisodeRecord, run: RunInfo | undefined): object {
  const own: unknown = Object(Object(Object(run?.manifest).plan).scenarios)[task_id];
  const { scenario, drift = 'none' } = Object(own);
  return { task_id, seed, rules, reward_mode, ...(scenario === undefined ? {} : { scenario, drift }) };
}

/** Replays an episode on the server. @throws ApiError if the server does not know the task */
export async function replayRecord(record: EpisodeRecord, run: RunInfo | undefined): Promise<ReplayedEpisode> {
  // The values come from a file and are not checked here; the server checks them.
  const episode = askedFor(record, run) as EpisodeRequest['episode'];
  const request: EpisodeRequest = { episode, actions: record.steps.map(answerOf), snapshots: false };
  const { scenes } = await postJson<EpisodeAnswer>('/web/api/episode', request);
  return { scenes, difference: firstDifference(record, scenes) };
}

/** The first step, from 1, at which a replay differs from its record, and how; undefined if there is none. */
function firstDifference({ steps }: EpisodeRecord, scenes: readonly Scene[]) {
  for (const [at, recorded] of steps.entries()) {
    const step = at + 1;
    const before = scenes[at];
    const after = scenes[step];
    if (recorded.observation !== null && before !== undefined && recorded.observation !== before.briefing) {
      return { step, what: 'the briefing differs' };
    }
    if (after === undefined) return { step, what: 'the episode was over before it' };
    if (Math.abs(recorded.reward - after.reward) > CLOSE) {
      return { step, what: `the reward was ${fixed(recorded.reward, 4)}, and is ${fixed(after.reward, 4)}` };
    }
    if (recorded.step_ok !== after.step_ok) {
      return { step, what: recorded.step_ok ? 'the action was valid' : 'the action was invalid' };
    }
    if (recorded.terminated !== after.terminated || recorded.truncated !== after.truncated) {
      return { step, what: 'the episode ended at another step' };
    }
  }
  return undefined;
}

/** Sum of the rewards up to each step; 0 before the first. */
export function returnsOf({ steps }: EpisodeRecord): number[] {
  let sum = 0;
  return [0, ...steps.map(({ reward }) => (sum += reward))];
}

/** The briefing before step `at` + 1, and where it comes from; undefined if there is none. */
export function briefingAt({ steps }: EpisodeRecord, scenes: readonly Scene[] | undefined, at: number) {
  const recorded = steps[at]?.observation ?? undefined;
  const text = recorded ?? scenes?.[at]?.briefing;
  return text === undefined ? undefined : { text, from: recorded === undefined ? 'from the replay' : 'as recorded' };
}

export const NO_BRIEFING = 'The briefing was not recorded, and there is no replay to take it from.';

type StepProps = {
  readonly recorded: StepRecord;
  readonly scene: Scene | undefined;
};

/** What a policy answered, and what came of it. */
export function AnswerView({ recorded, scene, isRawOpen }: StepProps & { isRawOpen?: boolean }) {
  if (scene === undefined) return <RecordedActionView step={recorded} />;
  const { step_ok, error } = recorded;
  return <ActionView scene={{ ...scene, step_ok, error }} {...(isRawOpen === undefined ? {} : { isRawOpen })} />;
}

/** What a step was worth. The reasons come from the replay, so they explain its reward and not a different one. */
export function WorthView({ recorded, scene }: StepProps) {
  const isSame = scene !== undefined && Math.abs(scene.reward - recorded.reward) < CLOSE;
  return isSame ? <RewardView scene={scene} /> : <RecordedReward step={recorded} />;
}

/** @param props.scenes All scenes, up to the last one. */
export function GradeCard({ scenes }: { scenes: readonly Scene[] }) {
  const scene = scenes.at(-1);
  if (scene === undefined || !isOver(scene)) return null;
  return (
    <Card title="How it ended" class="end">
      <GradeView scene={scene} />
      {scene.owed !== null && <OwedView scenes={scenes} />}
    </Card>
  );
}

export function isOver({ terminated, truncated }: Scene): boolean {
  return terminated || truncated;
}

// A step as it was recorded, for episodes that cannot be replayed.

export function RecordedActionView({ step }: { step: StepRecord }) {
  const { completion, step_ok: isOk, error } = step;
  return (
    <div class={`action ${stepLookOf(isOk, step.reward_breakdown)}`}>
      <p>
        <StepBadge look={stepLookOf(isOk, step.reward_breakdown)} />
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
        Reward <b class={`big ${toneClass(reward)}`}>{signed(reward, 3)}</b>
      </p>
      <FigureTable
        caption="Parts of the reward that are not 0"
        rows={Object.entries(parts).flatMap(([name, value]) =>
          value === 0 ? [] : [{ name: words(name), cells: [signed(value, 4)] }],
        )}
      />
    </div>
  );
}
