/** What every panel of the world is given. */
import type { Scene } from '../../rollout/replay/scene.ts';
import type { Changes } from './changes.ts';
import type { OnPick, Pick } from './pick.ts';

export type PanelProps = {
  readonly scene: Scene;
  /** Against the moment before. */
  readonly changes: Changes;
  /** Left out where nothing can be picked. */
  readonly onPick?: OnPick | undefined;
  /** What was picked last. */
  readonly picked?: Pick | undefined;
};
