/** Everything that a report says, before it is put on a page. */
import type { Manifest } from '../rollout/manifest.ts';
import type { Chart } from './charts/look.ts';
import type { Arm, Figures } from './figures.ts';
import type { Story } from './stories.ts';

/** Charts and stories are of so many tasks at the most, the first ones; tables name more. */
export const MAX_ARMS_SHOWN = 12;
export const MAX_ROWS = 200;

export type ArmStories = {
  readonly arm: Arm;
  /** Best, worst and median; one alone where all returns are equal. */
  readonly stories: readonly { readonly kind: 'best' | 'worst' | 'median'; readonly story: Story }[];
};

/** Those that there is something to draw for. */
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
  /** Those of the figures' arms that charts and stories are of. */
  readonly shown: readonly Arm[];
  readonly manifest: Manifest | undefined;
  /** Why there is no manifest, or what is odd about it. */
  readonly manifestProblem: string | undefined;
  readonly charts: Charts;
  readonly stories: readonly ArmStories[];
};
