/** Results of episodes in a message from a worker: a row of numbers for each, and the errors of the failed ones. */
import type { Grade } from '../../sim/v2/grade.ts';
import { gradeSchema } from '../../sim/v2/grade.ts';
import type { EpisodeResult } from '../episode-summary.ts';

export type PackedResults = {
  /** A row holds return, grade, length, invalid steps and the parts of the grade; NaN means null. */
  readonly rows: Float64Array;
  /** Row and error of each failed episode. */
  readonly errors: readonly (readonly [number, string])[];
};

const PARTS = Object.keys(gradeSchema.shape) as (keyof Grade)[];
const FIXED = 4;
const WIDTH = FIXED + PARTS.length;

export function packResults(results: readonly EpisodeResult[]): PackedResults {
  const rows = new Float64Array(results.length * WIDTH);
  const errors: [number, string][] = [];
  for (const [row, result] of results.entries()) {
    const at = row * WIDTH;
    rows[at] = result.return ?? Number.NaN;
    rows[at + 1] = result.grade ?? Number.NaN;
    rows[at + 2] = result.length;
    rows[at + 3] = result.invalid_steps;
    for (let part = 0; part < PARTS.length; part++) {
      rows[at + FIXED + part] = result.grade_parts?.[PARTS[part] ?? 'grade'] ?? Number.NaN;
    }
    if (result.error !== null) errors.push([row, result.error]);
  }
  return { rows, errors };
}

export function unpackResults({ rows, errors }: PackedResults): EpisodeResult[] {
  const failed = new Map(errors);
  return Array.from({ length: rows.length / WIDTH }, (_, row) => {
    const [paid = Number.NaN, grade = Number.NaN, length = 0, invalid = 0] = rows.subarray(row * WIDTH);
    const parts = rows.subarray(row * WIDTH + FIXED, (row + 1) * WIDTH);
    return {
      error: failed.get(row) ?? null,
      return: orNull(paid),
      grade: orNull(grade),
      grade_parts: Number.isNaN(parts[0]) ? null : partsOf(parts),
      length,
      invalid_steps: invalid,
    };
  });
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** The parts of a grade, in the order of the schema and of the file. */
function partsOf(values: Float64Array): Grade {
  return Object.fromEntries(PARTS.map((part, index) => [part, values[index] ?? 0])) as Grade;
}
