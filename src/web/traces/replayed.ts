/** Lets the server replay a recorded episode, for the states that a record does not contain. */

import { answerOf } from '../../rollout/recorded-answer.ts';
import type { EpisodeRecord } from '../../rollout/records.ts';
import type { Scene } from '../../rollout/replay/scene.ts';
import type { EpisodeAnswer, EpisodeRequest } from '../../server/web/api.ts';
import { postJson } from '../shared/api.ts';
import { plain } from '../shared/format.ts';

/** Maximum difference of rewards. JSON keeps numbers exact, but sums in another order may differ slightly. */
const CLOSE = 1e-9;

export type Difference = {
  /** The first step that differs, from 1. */
  readonly step: number;
  readonly what: string;
};

/** `scenes[0]` is the scene at the beginning, `scenes[k]` the scene after step k. */
export type Replayed = { readonly scenes: readonly Scene[]; readonly difference: Difference | undefined };

/** Replays an episode on the server. @throws ApiError if the server does not know the task */
export async function replay(record: EpisodeRecord): Promise<Replayed> {
  const { task_id, seed, rules, reward_mode } = record;
  // The values come from a file and are not checked here; the server checks them.
  const episode = { task_id, seed, rules, reward_mode } as EpisodeRequest['episode'];
  const request: EpisodeRequest = { episode, actions: record.steps.map(answerOf), snapshots: false };
  const { scenes } = await postJson<EpisodeAnswer>('/web/api/episode', request);
  return { scenes, difference: firstDifference(record, scenes) };
}

/** The first difference between a record and its replay; undefined if there is none. */
export function firstDifference({ steps }: EpisodeRecord, scenes: readonly Scene[]): Difference | undefined {
  for (const [at, recorded] of steps.entries()) {
    const step = at + 1;
    const before = scenes[at];
    const after = scenes[step];
    if (recorded.observation !== null && before !== undefined && recorded.observation !== before.briefing) {
      return { step, what: 'the briefing differs' };
    }
    if (after === undefined) return { step, what: 'the episode was over before it' };
    if (Math.abs(recorded.reward - after.reward) > CLOSE) {
      return { step, what: `the reward was ${plain(recorded.reward, 4)}, and is ${plain(after.reward, 4)}` };
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
