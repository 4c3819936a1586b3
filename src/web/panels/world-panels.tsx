/** The world beside the briefing: inbox, calendar, people and tasks, with the changes since the scene before. */
import type { Scene } from '../../analysis/replay.ts';
import './world.css';
import { useMemo } from 'preact/hooks';
import { Card } from '../shared/frame.tsx';
import { Calendar } from './calendar.tsx';
import { compareScenes } from './changes.ts';
import { OwedView, owedToDo } from './owed.tsx';
import { Inbox, type OnPick, People, type Pick, Tasks } from './thing.tsx';

// Links to the panels of the world further down, each with a count of what matters in it.

const PANELS = ['Inbox', 'Calendar', 'Tasks', 'People', 'Owed'] as const;

function JumpBar({ scene, hasOwed }: { scene: Scene; hasOwed: boolean }) {
  const { emails, tasks, contacts } = scene.world;
  const counts: Record<(typeof PANELS)[number], string> = {
    Inbox: `${emails.filter(({ read }) => !read).length}`,
    Calendar: scene.clashes.length === 0 ? '' : `⚠ ${scene.clashes.length}`,
    Tasks: `${tasks.filter(({ status }) => status !== 'done').length}`,
    Owed: `${owedToDo(scene.owed?.items ?? []) || ''}`,
    People: `${contacts.filter(({ mood }) => mood !== 'happy' && mood !== 'neutral').length || ''}`,
  };
  return (
    <nav class="jump-bar" aria-label="Panels">
      {PANELS.filter((name) => name !== 'Owed' || hasOwed).map((name) => (
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
  /** The scenes from the beginning up to this one, to show what is owed; undefined if that is not shown here. */
  readonly path?: readonly Scene[] | undefined;
  /** Undefined if things can only be looked at. */
  readonly onPick?: OnPick | undefined;
  readonly picked?: Pick | undefined;
};

export function WorldPanels({ scene, before, path, onPick, picked }: WorldPanelsProps) {
  const changes = useMemo(() => compareScenes(before, scene), [before, scene]);
  const panel = { scene, changes, onPick, picked };
  const hasOwed = path !== undefined && scene.owed !== null;
  return (
    <div class="world">
      <JumpBar scene={scene} hasOwed={hasOwed} />
      <div class="world-panels">
        <Inbox {...panel} />
        <Calendar {...panel} />
        <Tasks {...panel} />
        <People {...panel} />
        {hasOwed && (
          <Card title="What is owed" note="not seen by a policy" class="owed">
            <OwedView scenes={path} />
          </Card>
        )}
      </div>
    </div>
  );
}
