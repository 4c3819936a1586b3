/** The graders that openenv.yaml names. `end_state` reads the final world (rules v2); the others are those of rules v1. */
import type { Metadata } from '../sim/observation.ts';
import type { Rules } from '../sim/rules.ts';
import { gradeV1, isV1Grader } from '../sim/v1/grade.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { listTasks } from '../world/tasks.ts';

export const END_STATE = 'end_state';

export type Graded = {
  /** In [0.01, 0.99]; null where no grader certifies the task under these rules. */
  readonly grade: number | null;
  /** What the grade is made of; rules v2. */
  readonly parts: Grade | null;
};

/** What is told of the grade of one episode. */
export type FinalGrade = Pick<Grade, 'grade'> & Partial<Grade>;

/**
 * Grades a finished episode.
 * @param final What its last observation says of the grade, under rules v2.
 */
export function gradeEpisode(
  task: string,
  rules: Rules,
  rewards: readonly number[],
  final: Pick<Metadata, 'grade'> | undefined,
): Graded {
  const entry = listTasks().find(({ id }) => id === task);
  if (rules === 'v2') {
    const parts = (entry?.grader === END_STATE ? final?.grade : undefined) ?? null;
    return { grade: parts?.grade ?? null, parts };
  }
  const grader = entry?.v1_grader;
  const grade = grader !== undefined && isV1Grader(grader) ? gradeV1(grader, { rewards }) : null;
  return { grade, parts: null };
}

/**
 * The grade of a finished episode, with its parts where rules v2 give them; null where it has none.
 * @param task The shipped task that was played; undefined for a scenario of somebody's own.
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
