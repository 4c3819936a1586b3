/** Lets the server replay a recorded episode, for the states that a record does not contain. */

import type { Scene } from '../../analysis/replay.ts';
import { fixed } from '../../lib/text.ts';
import { answerOf } from '../../records/recorded-answer.ts';
import type { EpisodeRecord } from '../../records/schema.ts';
import type { EpisodeAnswer, EpisodeRequest, RunInfo } from '../../server/web/api.ts';
import { OwedView } from '../panels/owed.tsx';
import { GradeView } from '../panels/reward.tsx';
import { postJson } from '../shared/api.ts';
import { Card } from '../shared/frame.tsx';

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

/**
 * A recorded step as the panels show a scene, from step 1 on; undefined after the last one. What a record does not contain comes from
 * the replay, if there is one. Reasons explain the reward of the replay, so they are left out if the record has another one.
 */
export function stepOf(record: EpisodeRecord, step: number, scene: Scene | undefined) {
  const recorded = record.steps[step - 1];
  if (recorded === undefined) return undefined;
  const { action, reward, reward_breakdown, step_ok, error } = recorded;
  const read = action === null ? null : answerOf({ completion: null, action, extra_json: null });
  const explained = scene !== undefined && Math.abs(scene.reward - reward) < CLOSE ? scene : undefined;
  return {
    step,
    time: scene?.time ?? '',
    action: answerOf(recorded),
    understood: scene === undefined ? (read as Scene['understood']) : scene.understood,
    step_ok,
    error,
    detail: scene?.detail ?? '',
    events: scene?.events ?? [],
    reward,
    return: returnsOf(record)[step] ?? 0,
    breakdown: reward_breakdown,
    reasons: explained?.reasons ?? [],
    potentials: explained?.potentials ?? null,
  };
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
