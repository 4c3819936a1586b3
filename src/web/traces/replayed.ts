/** An episode that was recorded, played again by the server: the states that a record does not hold. */

import { answerOf } from '../../rollout/recorded-answer.ts';
import type { EpisodeRecord } from '../../rollout/records.ts';
import type { Scene } from '../../rollout/replay/scene.ts';
import type { EpisodeAnswer, EpisodeRequest } from '../../server/web/api.ts';
import { postJson } from '../shared/api.ts';
import { plain } from '../shared/format.ts';

/** Numbers that went through JSON are the same; those of another way of adding up are not quite. */
const CLOSE = 1e-9;

export type Difference = {
  /** The first step that is not the same, from 1. */
  readonly step: number;
  readonly what: string;
};

/** `scenes[0]` is the beginning, `scenes[k]` what step k led to. */
export type Replayed = { readonly scenes: readonly Scene[]; readonly difference: Difference | undefined };

/** @throws ApiError where the server does not know the task */
export async function replay(record: EpisodeRecord): Promise<Replayed> {
  const { task_id, seed, rules, reward_mode } = record;
  // What it was in a file is for the server to judge.
  const episode = { task_id, seed, rules, reward_mode } as EpisodeRequest['episode'];
  const request: EpisodeRequest = { episode, actions: record.steps.map(answerOf), snapshots: false };
  const { scenes } = await postJson<EpisodeAnswer>('/web/api/episode', request);
  return { scenes, difference: firstDifference(record, scenes) };
}

/** Where the record and its replay part; undefined where they do not. Pure. */
export function firstDifference({ steps }: EpisodeRecord, scenes: readonly Scene[]): Difference | undefined {
  for (const [at, recorded] of steps.entries()) {
    const step = at + 1;
    const before = scenes[at];
    const after = scenes[step];
    if (recorded.observation !== null && before !== undefined && recorded.observation !== before.briefing) {
      return { step, what: 'the briefing reads otherwise' };
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
