/** The graders that openenv.yaml names. `end_state` reads the final state (rules v2); all others belong to rules v1. */
import type { Metadata } from '../sim/observation/metadata.ts';
import { gradedBy, type Rules } from '../sim/rules.ts';
import { gradeV1, isV1Grader } from '../sim/v1/grade.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { listTasks } from './shipped.ts';

export const END_STATE = 'end_state';

/** What is reported of the grade of one episode: all its parts under rules v2, none under rules v1. */
export type FinalGrade = Grade | (Pick<Grade, 'grade'> & { readonly value?: undefined });

/**
 * Grades a finished episode. The grade is in [0.01, 0.99], or null if no grader certifies the task under these rules. Only
 * rules v2 give the parts of a grade. A scenario that is not shipped has the grader of rules v2.
 * @param task The name of the task; only that of a shipped task matters.
 * @param final The grade in its last observation, under rules v2.
 */
export function gradeEpisode(
  task: string,
  rules: Rules,
  rewards: readonly number[],
  final: Pick<Metadata, 'grade'> | undefined,
): { grade: number | null; parts: Grade | null } {
  const entry = listTasks().find(({ id }) => id === task);
  if (gradedBy(rules) === 'state') {
    const parts = (entry === undefined || entry.grader === END_STATE ? final?.grade : undefined) ?? null;
    return { grade: parts?.grade ?? null, parts };
  }
  const grader = entry?.v1_grader;
  const grade = grader !== undefined && isV1Grader(grader) ? gradeV1(grader, { rewards }) : null;
  return { grade, parts: null };
}

/**
 * The grade of a finished episode, with its parts if rules v2 give them; null if it has none.
 * @param task The shipped task that was played; undefined for a custom scenario.
 */
export function finalGrade(
  task: string | undefined,
  rules: Rules,
  rewards: readonly number[],
  final: Pick<Metadata, 'grade'>,
): FinalGrade | null {
  if (final.grade !== undefined) return final.grade;
  if (task === undefined) return null;
  const { grade } = gradeEpisode(task, rules, rewards, final);
  return grade === null ? null : { grade };
}
