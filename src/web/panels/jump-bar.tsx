/** Links to the panels of the world further down, each with a count of what matters in it. */
import type { Scene } from '../../rollout/replay/scene.ts';

const PANELS = ['Inbox', 'Calendar', 'Tasks', 'People'] as const;

export function JumpBar({ scene }: { scene: Scene }) {
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
