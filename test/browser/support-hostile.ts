/** A scenario whose texts are all markup that would run if a page treated it as HTML. */
import type { ScenarioInput } from '../../src/world/schema.ts';

export const MARKUP =
  '</textarea></title></script><img src=x onerror="window.hacked=1"><svg onload="window.hacked=1"><script>window.hacked=1</script><b>"\'&amp;`{{1}}';

const mark = (name: string): string => `${name} ${MARKUP}`;

export function hostileScenario(): ScenarioInput {
  const person = mark('person');
  return {
    simulation_time: '2026-03-03T09:00:00',
    day_end: '2026-03-03T17:00:00',
    executive: mark('executive'),
    max_episode_steps: 6,
    stress: 20,
    emails: ['one', 'two'].map((name) => ({
      id: mark(`e-${name}`),
      sender: person,
      subject: mark('subject'),
      body: mark('body'),
      priority: 'critical',
      sender_relationship: 'VIP',
    })),
    meetings: ['one', 'two'].map((name) => ({
      id: mark(`m-${name}`),
      title: mark('title'),
      start: '2026-03-03T11:00:00',
      duration_minutes: 60,
      attendees: [person],
      location: mark('location'),
    })),
    contacts: [
      {
        name: person,
        relationship_type: 'client',
        communication_preference: 'email',
        importance: 4,
        skills: [mark('skill')],
        load_limit: 3,
      },
    ],
    tasks: [
      {
        id: mark('t-one'),
        description: mark('description'),
        deadline: '2026-03-03T15:00:00',
        owner: mark('owner'),
        skill: mark('skill'),
      },
    ],
    events: [
      {
        id: mark('event'),
        after_step: 2,
        announced: true,
        comment: mark('comment'),
        set_contact_mood: { name: person, mood: 'furious' },
      },
    ],
  };
}
