/** The people: their mood, their relationship to the executive, and the work that they accept. */
import type { WorldExport } from '../../world/export.ts';
import { Card } from '../shared/card.tsx';
import { plural, words } from '../shared/format.ts';
import { Face } from './face.tsx';
import { Thing } from './thing.tsx';
import type { PanelProps } from './world.ts';

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
