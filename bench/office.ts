/** The world in which speed is measured, and a seeded mix of actions that are all valid in it. */
import { readFileSync } from 'node:fs';
import { Random, type Scenario } from 'ghostexec';
import { Episode } from '#dist/sim/episode.js';
import { compileFor, createRuleset, type Rules } from '#dist/sim/rules.js';
import { type Ask, askSchema } from '#dist/world/asks.js';
import { readAction } from '#dist/world/completion/completion.js';
import { type Action, scenarioSchema } from '#dist/world/schema.js';

const SKILLS = ['finance', 'legal', 'it'] as const;

const file = new URL('../fixtures/office_30.json', import.meta.url);

export const OFFICE: Scenario = scenarioSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const HOUR: Ask = askSchema.parse({
  id: 'the hour',
  kind: 'value',
  type: 'time',
  is: ['15:00'],
  about: ['hour', 'meet'],
  example: 'We meet at three.',
});
/** The same office with the additions of rules v2: asks, skills, places, arrivals. Its day is long enough for the script. */
const OFFICE_V2: Scenario = {
  ...OFFICE,
  day_end: '2026-10-28T20:00:00',
  travel_minutes: 10,
  emails: OFFICE.emails.map((email) => (email.priority === 'critical' ? { ...email, asks: [HOUR] } : email)),
  contacts: OFFICE.contacts.map((contact, index) => ({
    ...contact,
    skills: [SKILLS[index % SKILLS.length] ?? ''],
    load_limit: 3,
  })),
  tasks: OFFICE.tasks.map((task, index) => ({ ...task, skill: SKILLS[index % SKILLS.length] ?? '' })),
  events: OFFICE.emails.slice(0, 4).map((email, index) => ({
    after_step: 5 + 5 * index,
    announced: true,
    emails: [{ ...email, id: `later-${index}` }],
  })),
};

/** The office for each ruleset. */
export const OFFICES: Readonly<Record<Rules, Scenario>> = { v1: OFFICE, v2: OFFICE_V2 };
const COMPILED = { v1: compileFor('v1', OFFICE), v2: compileFor('v2', OFFICE_V2) } as const;

/** Steps of an episode in this world. */
export const EPISODE_LENGTH = OFFICE.max_episode_steps;

type Draw = (random: Random) => Action;

const idOf = (list: readonly { id: string }[], random: Random): string => random.pick(list)?.id ?? '';
const nameOf = (random: Random): string => random.pick(OFFICE.contacts)?.name ?? '';
const two = (n: number): string => String(n).padStart(2, '0');

/** One function for each of the eight types of action; all are drawn equally often. */
const DRAWS: readonly Draw[] = [
  () => ({ action_type: 'do_nothing' }),
  (r) => ({
    action_type: 'reply_email',
    email_id: idOf(OFFICE.emails, r),
    message_body: 'Thank you, I will see to it today.',
  }),
  (r) => ({ action_type: 'archive_email', email_id: idOf(OFFICE.emails, r) }),
  (r) => ({
    action_type: 'reschedule_meeting',
    meeting_id: idOf(OFFICE.meetings, r),
    new_time: `2026-10-${two(14 + r.below(10))}T${two(8 + r.below(11))}:${two(15 * r.below(4))}:00`,
    reason: 'It overlaps with another meeting.',
  }),
  (r) => ({ action_type: 'cancel_meeting', meeting_id: idOf(OFFICE.meetings, r), reason: 'No time today.' }),
  (r) => ({ action_type: 'complete_task', task_id: idOf(OFFICE.tasks, r) }),
  (r) => ({ action_type: 'delegate_task', task_id: idOf(OFFICE.tasks, r), contact_name: nameOf(r) }),
  (r) => ({ action_type: 'send_message', contact_name: nameOf(r), message_body: 'Could we talk at three?' }),
];

/** Number of draws of one type before another type is tried: a day can run out of meetings to move. */
const ATTEMPTS = 20;

/** The actions of one episode. Each is valid when it is played: invalid ones are drawn again. */
export function validScript(rulesName: Rules, seed: number): Action[] {
  const random = new Random(seed);
  const rules = createRuleset(rulesName);
  const episode = Episode.of(COMPILED[rulesName], 'full');
  rules.reset(episode);
  return Array.from({ length: EPISODE_LENGTH }, () => {
    const before = episode.s.region.slice();
    for (;;) {
      const draw = random.pick(DRAWS) ?? DRAWS[0];
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const action = draw?.(random) ?? {};
        rules.step(episode, readAction(action));
        if (episode.s.stepOk) return action;
        episode.load(before, '');
      }
    }
  });
}
