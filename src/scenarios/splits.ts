/**
 * Splits of tasks, for datasets. Until scenarios are generated, every split contains the shipped tasks as its rows, in the
 * order of openenv.yaml. A result on `test` is therefore not a result on tasks that `train` has not shown.
 */
import { listTasks } from './shipped.ts';

/** The names of the splits. */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** One row of a split. */
export type TaskRow = {
  readonly id: string;
  readonly split: Split;
  /** Index in the split, from 0. */
  readonly index: number;
  readonly difficulty: string;
  /** Rows of one group are variants of one scenario. */
  readonly group: string;
};

/** Whether this is the name of a split. */
export function isSplit(name: string): name is Split {
  return SPLITS.some((split) => split === name);
}

/** Number of rows. */
export function countRows(_split: Split): number {
  return listTasks().length;
}

/** Rows start..stop-1, limited to the existing rows. */
export function taskRows(split: Split, start = 0, stop = countRows(split)): TaskRow[] {
  return listTasks()
    .map(({ id, difficulty }, index) => ({ id, split, index, difficulty, group: id }))
    .slice(Math.max(0, start), Math.max(0, stop));
}
