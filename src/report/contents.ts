/** The contents of a report, before it becomes a page. */
import type { Manifest } from '../rollout/manifest.ts';
import type { Chart } from './charts/look.ts';
import type { Arm, Figures } from './figures.ts';
import type { Story } from './stories.ts';

/** Charts and stories cover at most this number of tasks, the first ones; tables list more. */
export const MAX_ARMS_SHOWN = 12;
export const MAX_ROWS = 200;

export type ArmStories = {
  readonly arm: Arm;
  /** Best, worst and median episode; only the best if all returns are equal. */
  readonly stories: readonly { readonly kind: 'best' | 'worst' | 'median'; readonly story: Story }[];
};

/** The charts that have data. */
export type Charts = {
  readonly tasks: Chart | undefined;
  readonly returns: Chart | undefined;
  readonly grades: Chart | undefined;
  readonly channels: Chart | undefined;
  readonly courses: readonly Chart[];
  readonly invalid: Chart | undefined;
  readonly groups: Chart | undefined;
  readonly advantages: Chart | undefined;
};

export type Contents = {
  readonly figures: Figures;
  /** The arms that charts and stories cover. */
  readonly shown: readonly Arm[];
  readonly manifest: Manifest | undefined;
  /** Why there is no manifest, or how it contradicts the records; undefined if all is well. */
  readonly manifestProblem: string | undefined;
  readonly charts: Charts;
  readonly stories: readonly ArmStories[];
};
