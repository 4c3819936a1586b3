/**
 * The episodes that a report reads a second time: stories step by step, and how often each obligation was met, late and missed. Answers and
 * rewards come from the record; times, reasons and what was owed come from replaying it.
 */

import { playAnswers } from '../analysis/play-answers.ts';
import { type RecordedSpecs, Replay, type Scene } from '../analysis/replay.ts';
import { messageOf } from '../lib/errors.ts';
import { groupBy } from '../lib/group.ts';
import { readRecordAt } from '../records/read.ts';
import { answerOf } from '../records/recorded-answer.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import type { RunManifest } from '../rollout/manifest.ts';
import type { Owed, OwedItem } from '../sim/v2/owed.ts';
import type { Spec } from '../vector/spec.ts';
import type { Chart } from './draw.ts';
import { type Arm, type ComparedArm, type Figures, knownSpec } from './figures.ts';
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

/** One obligation over the episodes in which it arrived. */
export type OwedRow = ReturnType<typeof rowOf>;

/** The obligations of one arm, those that lost most first. */
export type ArmOwed = {
  readonly arm: Arm;
  /** Number of episodes that were played again with the rewards of their records. */
  readonly episodes: number;
  /** Number of those whose replay differs, which are left out. */
  readonly differing: number;
  readonly rows: readonly OwedRow[];
};

/** Counts the obligations of the sampled episodes of each arm. Arms without obligations (rules v1) are left out. */
export async function owedOf(trajectories: string, arms: readonly Arm[], specs: RecordedSpecs): Promise<ArmOwed[]> {
  const counted: ArmOwed[] = [];
  for (const arm of arms) {
    const spec = knownSpec(specs, arm);
    if (spec?.compiled.day === undefined) continue;
    const items: OwedItem[] = [];
    let episodes = 0;
    for (const place of arm.sample) {
      const owed = owedAtEnd(spec, await readRecordAt(trajectories, place));
      if (owed === undefined) continue;
      episodes++;
      items.push(...owed.items);
    }
    const rows = [...groupBy(items, ({ id }) => id).values()].map(rowOf).sort((a, b) => b.lost - a.lost);
    counted.push({ arm, episodes, differing: arm.sample.length - episodes, rows });
  }
  return counted;
}

/** What was owed at the end of an episode; undefined if its replay has other rewards, or goes on. */
function owedAtEnd(spec: Spec, { steps }: EpisodeRecord): Owed | undefined {
  const { env, isOver, rewards } = playAnswers(spec, steps);
  const isSame = rewards.length === steps.length && steps.every(({ reward }, at) => reward === rewards[at]);
  return isSame && isOver ? env.owed() : undefined;
}

/** @param items The same obligation at the end of each episode in which it arrived. */
function rowOf(items: readonly OwedItem[]) {
  const [{ id, what, most }] = items as [OwedItem];
  const count = (...states: OwedItem['state'][]): number => items.filter(({ state }) => states.includes(state)).length;
  const [came, met, late] = [items.length, count('met'), count('late', 'corrected')];
  const whys = groupBy(
    items.filter(({ state }) => state !== 'met'),
    ({ why }) => why,
  );
  const [first] = [...whys].sort(([, a], [, b]) => b.length - a.length);
  return {
    id,
    what,
    most,
    /** Number of episodes in which it arrived. */
    came,
    met,
    /** Late, or with a correction. */
    late,
    missed: came - met - late,
    /** Mean points that it was worth less than at most. */
    lost: items.reduce((sum, item) => sum + item.most - item.now, 0) / came,
    /** The most frequent reason why it was not met in time, and how often; undefined if it always was. */
    reason: first && { why: first[0], count: first[1].length },
  };
}
