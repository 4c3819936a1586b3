/** The bounds of the reward of a step under each ruleset, for GET /metadata. */
import type { Rules } from '../../sim/rules.ts';
import * as v1 from '../../sim/v1/constants.ts';
import { REWARD_RANGE } from '../../sim/v2/constants.ts';
import type { Scenario } from '../../world/schema.ts';

type Range = readonly [least: number, greatest: number];

/** The bounds over all steps of all these scenarios. The bounds of rules v2 are the same for every scenario. */
export function rewardRanges(scenarios: readonly Scenario[]): Record<Rules, Range> {
  const ranges = scenarios.map(rangeV1);
  return {
    v1: [Math.min(...ranges.map(([least]) => least)), Math.max(...ranges.map(([, greatest]) => greatest))],
    v2: REWARD_RANGE,
  };
}

/**
 * The bounds of one scenario under rules v1, which state none: every mood and task counts, so the reward of a step depends on their
 * number. These bounds take every channel at its limit at the same time, and are never reached.
 */
export function rangeV1({ contacts, tasks }: Pick<Scenario, 'contacts' | 'tasks'>): Range {
  const important = contacts.filter(({ importance }) => importance >= v1.IMPORTANT).length;
  const others = contacts.length - important;
  const { conflict, relationship, task } = v1.WEIGHTS;
  const answer = v1.VIP_FACTOR * Math.max(...v1.REPLY_BY_PRIORITY);

  const up = {
    people: important * v1.MOOD_ROSE.important + others * v1.MOOD_ROSE.other + answer + v1.VALID_MESSAGE,
    work: tasks.length * v1.TASK_DONE_IN_TIME + v1.TASK_DELEGATED + v1.VALID_DELEGATE + v1.VALID_COMPLETE,
  };
  const down = {
    people:
      important * v1.MOOD_FELL.important + others * v1.MOOD_FELL.other + v1.CASUAL_TO_BOARD + v1.FORMAL_TO_PERSONAL,
    work: tasks.length * v1.TASK_BECAME_OVERDUE,
  };
  const quality = Math.max(...v1.QUALITY.map(({ amount }) => amount));
  const helped = v1.SYNERGY.people.limit + v1.SYNERGY.work.limit + v1.POTENTIAL.limit + v1.SCAFFOLD.limit + quality;
  const hindered = v1.TRADEOFF.people.limit + v1.TRADEOFF.work.limit + v1.POTENTIAL.limit + quality;

  const best = conflict * v1.CONFLICT_LIMIT + relationship * up.people + task * up.work + helped;
  const worst = -conflict * v1.CONFLICT_LIMIT + relationship * down.people + task * down.work - hindered;
  return [
    v1.OUTPUT_SCALE * worst + v1.INVALID_STEP + v1.DO_NOTHING + v1.CATASTROPHE.amount,
    v1.OUTPUT_SCALE * best + v1.COMPLETION.amount,
  ];
}
