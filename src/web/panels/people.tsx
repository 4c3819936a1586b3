/** The people: their mood, their relationship to the executive, and the work that they accept. */
import { plural } from '../../lib/text.ts';
import type { WorldExport } from '../../world/export.ts';
import type { Mood } from '../../world/schema.ts';
import { words } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import { type PanelProps, Thing } from './thing.tsx';

// A mood as a face; the word is shown beside it.

/** Mouth and brows. */
const LINES: Record<Mood, readonly [mouth: string, brows: string]> = {
  happy: ['M5.5 9.5 Q8 13 10.5 9.5', ''],
  neutral: ['M5.5 10.8 H10.5', ''],
  annoyed: ['M5.5 11.4 Q8 9.8 10.5 10.8', 'M4.2 4.6 H6.6 M9.4 4.6 H11.8'],
  angry: ['M5.5 12 Q8 9 10.5 12', 'M4 4 L6.6 5.2 M12 4 L9.4 5.2'],
  furious: ['M5.3 12.2 Q8 8.2 10.7 12.2 Z', 'M3.6 3.2 L6.8 5.4 M12.4 3.2 L9.2 5.4'],
};

export function Face({ mood }: { mood: Mood }) {
  const [mouth, brows] = LINES[mood];
  return (
    <svg class={`face ${mood}`} viewBox="0 0 16 16" width="22" height="22" aria-hidden="true">
      <circle cx="8" cy="8" r="7.2" />
      <path d={`M5.4 6.6 V7.2 M10.6 6.6 V7.2 ${mouth} ${brows}`} />
    </svg>
  );
}

type Contact = WorldExport['contacts'][number];

export function People(panel: PanelProps) {
  const { world } = panel.scene;
  const upset = world.contacts.filter(({ mood }) => mood !== 'happy' && mood !== 'neutral').length;
  return (
    <Card title="People" note={upset === 0 ? 'none upset' : `${upset} upset`} class="people">
      <ul class="things">
        {world.contacts.map((contact) => (
          <Person
            key={contact.name}
            contact={contact}
            panel={panel}
            held={world.tasks.filter((task) => task.delegated_to === contact.name && task.status !== 'done').length}
          />
        ))}
      </ul>
    </Card>
  );
}

function Person({ contact, panel, held }: { contact: Contact; panel: PanelProps; held: number }) {
  const { name, mood, importance, communication_preference: channel, relationship_type: relationship } = contact;
  const facts = [
    `${words(relationship)}, importance ${importance}/5`,
    `prefers ${channel}`,
    contact.working_hours === undefined ? '' : `works ${contact.working_hours.from}–${contact.working_hours.to}`,
    contact.skills === undefined || contact.skills.length === 0 ? '' : `can do ${contact.skills.join(', ')}`,
    contact.load_limit === undefined ? '' : `takes ${plural(contact.load_limit, 'task')}`,
    held === 0 ? '' : `holds ${held}`,
  ];
  return (
    <Thing
      kind="contact"
      id={name}
      panel={panel}
      class="person"
      title={
        <span class="thing-line">
          <Face mood={mood} />
          <span class="who">{name}</span>
          <span class={`mood ${mood}`}>{mood}</span>
        </span>
      }
    >
      <p class="small muted">{facts.filter((fact) => fact !== '').join(' · ')}</p>
    </Thing>
  );
}
