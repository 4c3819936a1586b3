/** The properties that every panel of the world receives. */
import type { Scene } from '../../rollout/replay/scene.ts';
import type { Changes } from './changes.ts';
import type { OnPick, Pick } from './pick.ts';

export type PanelProps = {
  readonly scene: Scene;
  /** Changes since the scene before. */
  readonly changes: Changes;
  /** Undefined if things cannot be picked. */
  readonly onPick?: OnPick | undefined;
  /** The thing that was picked last. */
  readonly picked?: Pick | undefined;
};
