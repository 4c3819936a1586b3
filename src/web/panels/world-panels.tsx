/** The world beside the briefing: inbox, calendar, people and tasks, with the changes since the scene before. */
import './world.css';
import { useMemo } from 'preact/hooks';
import type { Scene } from '../../rollout/replay/scene.ts';
import { Calendar } from './calendar.tsx';
import { compareScenes } from './changes.ts';

export { GaugeStrip } from './gauges.tsx';

import { Inbox } from './inbox.tsx';
import { JumpBar } from './jump-bar.tsx';
import { People } from './people.tsx';
import type { OnPick, Pick } from './pick.ts';
import { Tasks } from './tasks.tsx';

type WorldPanelsProps = {
  readonly scene: Scene;
  /** The scene before; undefined at the beginning. */
  readonly before?: Scene | undefined;
  /** Undefined if things can only be looked at. */
  readonly onPick?: OnPick | undefined;
  readonly picked?: Pick | undefined;
};

export function WorldPanels({ scene, before, onPick, picked }: WorldPanelsProps) {
  const changes = useMemo(() => compareScenes(before, scene), [before, scene]);
  const panel = { scene, changes, onPick, picked };
  return (
    <div class="world">
      <JumpBar scene={scene} />
      <div class="world-panels">
        <Inbox {...panel} />
        <Calendar {...panel} />
        <Tasks {...panel} />
        <People {...panel} />
      </div>
    </div>
  );
}
