/** The world beside the briefing: inbox, calendar, people, tasks, with what changed since the moment before. */
import './world.css';
import { useMemo } from 'preact/hooks';
import type { Scene } from '../../rollout/replay/scene.ts';
import { Calendar } from './calendar.tsx';
import { compareScenes } from './changes.ts';
import { Gauges } from './gauges.tsx';
import { Inbox } from './inbox.tsx';
import { JumpBar } from './jump-bar.tsx';
import { People } from './people.tsx';
import type { OnPick, Pick } from './pick.ts';
import { Tasks } from './tasks.tsx';

type WorldPanelsProps = {
  readonly scene: Scene;
  /** The moment before; left out at the beginning. */
  readonly before?: Scene | undefined;
  /** Left out where things are only looked at. */
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

/** Time, steps, stress, reward and return as a strip. */
export function GaugeStrip({ scene, before }: { scene: Scene; before?: Scene | undefined }) {
  const changes = useMemo(() => compareScenes(before, scene), [before, scene]);
  return <Gauges scene={scene} changes={changes} />;
}
