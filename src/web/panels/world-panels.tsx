/** The world beside the briefing: inbox, calendar, people and tasks, with the changes since the scene before. */
import type { Scene } from '../../analysis/replay.ts';
import './world.css';
import { useMemo } from 'preact/hooks';
import { Calendar } from './calendar.tsx';
import { compareScenes } from './changes.ts';
import { Inbox } from './inbox.tsx';
import { People } from './people.tsx';
import { Tasks } from './tasks.tsx';
import type { OnPick, Pick } from './thing.tsx';

// Links to the panels of the world further down, each with a count of what matters in it.

const PANELS = ['Inbox', 'Calendar', 'Tasks', 'People'] as const;

function JumpBar({ scene }: { scene: Scene }) {
  const { emails, tasks, contacts } = scene.world;
  const counts: Record<(typeof PANELS)[number], string> = {
    Inbox: `${emails.filter(({ read }) => !read).length}`,
    Calendar: scene.clashes.length === 0 ? '' : `⚠ ${scene.clashes.length}`,
    Tasks: `${tasks.filter(({ status }) => status !== 'done').length}`,
    People: `${contacts.filter(({ mood }) => mood !== 'happy' && mood !== 'neutral').length || ''}`,
  };
  return (
    <nav class="jump-bar" aria-label="Panels">
      {PANELS.map((name) => (
        <button key={name} type="button" class="quiet" onClick={({ currentTarget }) => jump(currentTarget, name)}>
          {name}
          {counts[name] !== '' && <span class="muted"> {counts[name]}</span>}
        </button>
      ))}
    </nav>
  );
}

function jump(from: Element, name: string): void {
  from.closest('.world')?.querySelector(`.card.${name.toLowerCase()}`)?.scrollIntoView({ block: 'start' });
}

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
