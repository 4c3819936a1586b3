/** Episodes as stories, step by step. Answers and rewards come from the record; times and reasons come from replaying it. */

import { type RecordedSpecs, Replay, type Scene } from '../analysis/replay.ts';
import { messageOf } from '../lib/errors.ts';
import { answerOf } from '../records/recorded-answer.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import type { RunManifest } from '../rollout/manifest.ts';
import type { Chart } from './draw.ts';
import type { Arm, ComparedArm, Figures } from './figures.ts';
import type { ArmOwed } from './owed.ts';
import { arrivals, clockOf, describeAction, describeEnd, describeGrade, describeReasons } from './words.ts';

// The contents of a report, before it becomes a page.

/** Charts and stories cover at most this number of tasks, the first ones; tables list more. */
export const MAX_ARMS_SHOWN = 12;
export const MAX_ROWS = 200;

export type ArmStories = {
  readonly arm: Arm;
  /** Best, worst and median episode; only the best if all returns are equal. */
  readonly stories: readonly { readonly kind: 'best' | 'worst' | 'median'; readonly story: Story }[];
};

/** The charts that have data. */
export type Charts = Readonly<
  Record<'tasks' | 'returns' | 'grades' | 'channels' | 'invalid' | 'groups' | 'advantages', Chart | undefined>
> & { readonly courses: readonly Chart[] };

export type Contents = {
  readonly figures: Figures;
  /** The arms that charts and stories cover. */
  readonly shown: readonly ComparedArm[];
  readonly manifest: RunManifest | undefined;
  /** Why there is no manifest, or how it contradicts the records; undefined if all is well. */
  readonly manifestProblem: string | undefined;
  readonly charts: Charts;
  readonly stories: readonly ArmStories[];
  /** Of the arms that charts and stories cover. */
  readonly owed: readonly ArmOwed[];
};

/** Maximum number of steps in a story. */
export const MAX_STEPS_TOLD = 80;

export type Story = ReturnType<typeof tellStory>;
export type StoryStep = Story['steps'][number];

/** @param specs Those of the run. */
export function tellStory(record: EpisodeRecord, specs: RecordedSpecs) {
  const { steps, ...summary } = record;
  const replayed = replay(record, specs);
  const scenes = typeof replayed === 'string' ? undefined : replayed;
  let total = 0;
  const told = steps.slice(0, MAX_STEPS_TOLD).map((step, index) => {
    const { step_ok, error, reward, reward_breakdown } = step;
    const [before, after] = [scenes?.[index], scenes?.[index + 1]];
    total += reward;
    return {
      step: index + 1,
      /** `09:20`, when the policy answered; undefined if the episode could not be replayed. */
      time: before && clockOf(before.time),
      ...describeAction(answerOf(step), step_ok, after?.world),
      ok: step_ok,
      /** What the action did, or why it was invalid. */
      outcome: step_ok ? outcomeOf(after) : (error ?? ''),
      news: before !== undefined && after !== undefined ? arrivals(before, after) : [],
      reward,
      /** Sum of the rewards up to here. */
      total,
      reasons: describeReasons(after?.reasons ?? [], reward_breakdown, after?.world),
    };
  });
  const last = scenes?.at(-1);
  return {
    record: summary,
    steps: told,
    /** Number of steps that the story leaves out. */
    more: steps.length - told.length,
    /** Why the story comes from the record alone, without times and reasons; undefined if the replay agrees with the record. */
    unreplayed: typeof replayed === 'string' ? replayed : undefined,
    end: last === undefined ? endOf(record) : describeEnd(last.end_reason),
    grade: record.grade_parts === null ? [] : describeGrade(record.grade_parts),
    /** The first briefing that the policy read, if it is known. */
    briefing: scenes?.[0]?.briefing ?? steps[0]?.observation ?? undefined,
  };
}

/** Every scene from the reset on, or the reason why there are none. */
function replay(record: EpisodeRecord, specs: RecordedSpecs): readonly Scene[] | string {
  try {
    const episode = new Replay(specs.specOf(record));
    const scenes = [episode.begin()];
    for (const [index, step] of record.steps.entries()) {
      const read = scenes.at(-1)?.briefing;
      if (step.observation !== null && step.observation !== read) return differs(index, 'another briefing');
      const scene = episode.step(answerOf(step));
      if (scene.reward !== step.reward) return differs(index, `a reward of ${scene.reward}, not ${step.reward}`);
      if (scene.step_ok !== step.step_ok || scene.error?.toWellFormed() !== step.error?.toWellFormed())
        return differs(index, 'another outcome');
      scenes.push(scene);
    }
    return scenes;
  } catch (error) {
    return messageOf(error);
  }
}

/** What a valid action did, unless the description of the action says so already. */
function outcomeOf(scene: Scene | undefined): string {
  return scene === undefined || scene.understood?.action_type === 'do_nothing' ? '' : scene.detail;
}

function differs(index: number, how: string): string {
  return `step ${index + 1}, when replayed, has ${how}`;
}

function endOf({ steps }: EpisodeRecord): string {
  const last = steps.at(-1);
  if (last?.truncated === true) return describeEnd('step_limit');
  return last?.terminated === true ? 'The episode ended by itself' : 'The record ends here';
}
