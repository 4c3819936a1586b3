/** The grade of rules v2: how well an episode ended, computed from the final world. */
import { z } from 'zod';
import type { CompiledScenario } from '../../world/compile.ts';
import { CORRECTED, LATE, MET, SPARED } from '../../world/day.ts';
import type { EpisodeState } from '../../world/state.ts';
import { COLLATERAL, worthOf } from './value.ts';

/** The minimum and the maximum grade. */
export const GRADE_RANGE = [0.01, 0.99] as const;
/** The least grade of a success: any grade may be. */
export const successGradeSchema = z.number().min(GRADE_RANGE[0]).max(GRADE_RANGE[1]);
/** V if every obligation is met, every mood is at its best and nothing is damaged. */
const CEILING = 1;

const share = z.number().max(1);

export const gradeSchema = z
  .strictObject({
    grade: z.number().min(GRADE_RANGE[0]).max(GRADE_RANGE[1]).describe('clamp((value - floor) / (oracle - floor))'),
    value: z.number().describe('V = 0.35 conflict + 0.35 relationship + 0.30 task - collateral'),
    floor: z.number().describe('V where nothing is done'),
    oracle: z.number().describe('V of the best plan known; 1 where none is stored'),
    conflict: share.min(-1).describe('Share of clashes and critical answers met, by weight; wrong choices subtract'),
    relationship: share.min(-1).describe('Moods by importance, and the other answers owed; wrong choices subtract'),
    task: share.min(0).describe('Share of tasks met, by weight'),
    collateral: share.min(0).describe('Damage done on the way'),
    met: z.int().min(0).describe('Number of obligations met in time, or that never came up'),
    late: z.int().min(0).describe('Number of obligations met late, or with a correction of a wrong answer'),
    missed: z.int().min(0).describe('Number of the others: missed, spoiled, or answered in part or wrongly'),
  })
  .describe('Grade of a finished episode and its parts');

/** The grade of an episode and the values that it was computed from. */
export type Grade = z.output<typeof gradeSchema>;

/** The grade of a final state. */
export function gradeV2({ day }: CompiledScenario, s: EpisodeState): Grade {
  if (day === undefined || s.active) throw new TypeError('only a finished episode of rules v2 has a grade');
  const value = worthOf(s);
  const oracle = day.oracle ?? CEILING;
  const count = (status: number): number => s.obligation.reduce((sum, one) => sum + Number(one === status), 0);
  const met = count(MET) + count(SPARED);
  const late = count(LATE) + count(CORRECTED);
  return {
    grade: gradeOf(value, day.floor, oracle),
    value,
    floor: day.floor,
    oracle,
    conflict: s.sums[0] ?? 0,
    relationship: s.sums[1] ?? 0,
    task: s.sums[2] ?? 0,
    collateral: s.sums[COLLATERAL] ?? 0,
    met,
    late,
    missed: s.obligation.length - met - late,
  };
}

/** The position of V between doing nothing and the best known plan, in [0.01, 0.99]. */
export function gradeOf(value: number, floor: number, oracle: number): number {
  const [least, most] = GRADE_RANGE;
  if (!(oracle > floor)) return value >= floor ? most : least;
  return Math.min(most, Math.max(least, (value - floor) / (oracle - floor)));
}
