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
