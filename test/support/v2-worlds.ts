/** Worlds for rules v2: hand-made ones of a few lines, and random ones with asks, events of all triggers, skills and hours. */
import fc from 'fast-check';
import type { z } from 'zod';
import type {
  contactSchema,
  emailSchema,
  eventSchema,
  meetingSchema,
  ScenarioInput,
  taskSchema,
} from '../../src/world/schema.ts';
import { drifts, scenarios } from './arbitraries.ts';

export type Mail = z.input<typeof emailSchema>;
export type Meet = z.input<typeof meetingSchema>;
export type Person = z.input<typeof contactSchema>;
export type Job = z.input<typeof taskSchema>;
export type Happening = z.input<typeof eventSchema>;

// ---------------------------------------------------------------- by hand

/** `10:30` on the day of the episode. */
export function at(clock: string): string {
  return `2026-06-22T${clock}:00`;
}

/** A day from 09:00 to 17:00 without obligations. */
export function office(parts: Partial<ScenarioInput> = {}): ScenarioInput {
  return { simulation_time: at('09:00'), day_end: at('17:00'), max_episode_steps: 40, ...parts };
}

export function mail(id: string, parts: Partial<Mail> = {}): Mail {
  return {
    id,
    sender: 'Ana Lumme',
    subject: `Question ${id}`,
    body: 'Please answer when you can.',
    priority: 'normal',
    sender_relationship: 'professional',
    ...parts,
  };
}

export type AskInput = NonNullable<Mail['asks']>[number];

/** An ask for the place, which is the lighthouse. */
export const WHERE = {
  id: 'where we meet',
  kind: 'value',
  type: 'name',
  is: ['lighthouse'],
  about: ['meet', 'place'],
  rivals: ['harbour', 'town hall'],
  example: 'We meet at the lighthouse.',
} satisfies AskInput;

/** An ask for the rent, which is 41,500. */
export const RENT = {
  id: 'the rent',
  kind: 'value',
  type: 'money',
  is: ['41,500'],
  about: ['rent'],
  example: 'The rent is 41,500.',
} satisfies AskInput;

/** An ask to decide about the boat, to which yes is right. */
export const BOAT = {
  id: 'the boat',
  kind: 'choice',
  is: 'yes',
  about: ['boat'],
  against: ['train'],
  example: 'Yes, take the boat.',
} satisfies AskInput;

/** An email that asks for the lighthouse. */
export function needy(id: string, parts: Partial<Mail> = {}): Mail {
  return mail(id, { asks: [WHERE], ...parts });
}

export function meet(id: string, start: string, parts: Partial<Meet> = {}): Meet {
  return { id, title: `Meeting ${id}`, start: at(start), duration_minutes: 60, ...parts };
}

export function person(name: string, parts: Partial<Person> = {}): Person {
  return { name, relationship_type: 'client', communication_preference: 'email', importance: 3, ...parts };
}

export function aide(name: string, parts: Partial<Person> = {}): Person {
  return person(name, { relationship_type: 'team_member', ...parts });
}

export function job(id: string, deadline: string, parts: Partial<Job> = {}): Job {
  return { id, description: `Work ${id}`, deadline: at(deadline), owner: 'Zed Unknown', effort: 'low', ...parts };
}

/** An adequate answer to any email of `needy`. */
export const ANSWER = 'Dear Ana, we meet at the lighthouse, thank you.';
export const COURTESY = 'Thank you, we will get back to you.';

/** `list(3, (n) => ...)` calls the function with 0, 1, 2. */
export function list<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

export const IDLE = { action_type: 'do_nothing' } as const;

// ---------------------------------------------------------------- at random

const pick = <const T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);
const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
const CHANNELS = ['email', 'text', 'call'] as const;
const MOODS = ['furious', 'angry', 'annoyed', 'neutral', 'happy'] as const;
const OUTCOMES = ['met', 'missed', 'spoiled'] as const;
const SKILLS = ['law', 'finance', 'travel'] as const;
const PEOPLE = ['Ana Lumme', 'Bo Tarn', 'Cy Dell', 'Di Frey', 'Ed Gorse'] as const;
const STRANGER = 'Zed Unknown';
const PLACES = ['', 'Pier House, Room 1', 'Pier House, Room 2', 'Town Hall', 'video'] as const;

/** Facts that emails may ask for; no visible text of a random world contains one. */
export const SECRETS = ['quartz lantern', '48,250', 'velvet otter', '17 November', 'platform ninety'] as const;
export const WRONG = ['copper badger', '99,125'] as const;

/** Times in steps of ten minutes, from an hour before the day begins until after it ends. */
const slots = fc.integer({ min: -6, max: 54 }).map((tens) => {
  const minutes = 9 * 60 + tens * 10;
  return at(`${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`);
});
const soon = fc.integer({ min: 0, max: 24 }).map((tens) => {
  const minutes = 9 * 60 + tens * 10;
  return at(`${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`);
});

function secretAsk(secret: (typeof SECRETS)[number], index: number): AskInput {
  const type = /^\d+,/.test(secret) ? 'money' : /^\d/.test(secret) ? 'day' : 'name';
  const rivals = type === 'name' ? [WRONG[0]] : [];
  return { id: `fact ${index + 1}`, kind: 'value', type, is: [secret], rivals, example: `It is ${secret}.` };
}

const DENIED: NonNullable<Mail['deny']> = [{ id: 'the badger', type: 'name', is: [WRONG[0]] }];

/** What an email asks, and how it wants the answer. */
const owed = fc.record(
  {
    asks: fc
      .record({ secrets: fc.uniqueArray(pick(SECRETS), { maxLength: 2 }), choice: fc.boolean() })
      .map(({ secrets, choice }) => [...secrets.map(secretAsk), ...(choice || secrets.length === 0 ? [BOAT] : [])]),
    reply: fc.record({ channel: pick(CHANNELS), by: soon }, { requiredKeys: [] }),
    deny: fc.constant(DENIED),
  },
  { requiredKeys: ['asks'] },
);
type Owed = Pick<Mail, 'asks' | 'reply' | 'deny'>;

function mails(id: string): fc.Arbitrary<Mail> {
  const plain = fc.record(
    {
      id: fc.constant(id),
      sender: pick([...PEOPLE, STRANGER]),
      subject: fc.constant(`Subject ${id}`),
      body: pick(['Please tell me.', 'When do we meet, and where?', 'For your information.']),
      priority: pick(PRIORITIES),
      sender_relationship: pick(['VIP', 'personal', 'professional', 'unknown']),
      read: fc.boolean(),
      replied: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    },
    { requiredKeys: ['id', 'sender', 'subject', 'body', 'priority', 'sender_relationship'] },
  );
  return fc.tuple(plain, fc.option(owed, { freq: 3 })).map(([email, more]) => ({ ...email, ...more }));
}

function meets(id: string): fc.Arbitrary<Meet> {
  return fc.record(
    {
      id: fc.constant(id),
      title: fc.constant(`Title ${id}`),
      start: slots,
      duration_minutes: pick([20, 30, 60, 90]),
      attendees: fc.uniqueArray(pick([...PEOPLE, STRANGER]), { maxLength: 3 }),
      location: pick(PLACES),
      priority: pick(PRIORITIES),
      cancelled: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      movable: fc.boolean(),
      cancellable: fc.boolean(),
    },
    { requiredKeys: ['id', 'title', 'start', 'duration_minutes'] },
  );
}

function people(name: string): fc.Arbitrary<Person> {
  return fc.record(
    {
      name: fc.constant(name),
      relationship_type: pick(['client', 'direct_report', 'team_member', 'friend', 'investor']),
      communication_preference: pick(CHANNELS),
      importance: fc.integer({ min: 1, max: 5 }),
      mood: pick(MOODS),
      ...abilities,
    },
    { requiredKeys: ['name', 'relationship_type', 'communication_preference', 'importance'] },
  );
}

const abilities = {
  skills: fc.uniqueArray(pick(SKILLS), { maxLength: 3 }),
  load_limit: fc.integer({ min: 0, max: 3 }),
  working_hours: pick([
    { from: '08:00', to: '12:00' },
    { from: '09:00', to: '17:30' },
    { from: '10:30', to: '16:00' },
  ]),
  response_minutes: pick([1, 10, 45, 200]),
} as const;

function jobs(id: string): fc.Arbitrary<Job> {
  return fc.record(
    {
      id: fc.constant(id),
      description: fc.constant(`Description ${id}`),
      deadline: slots,
      owner: pick([...PEOPLE, STRANGER]),
      status: pick(['pending', 'pending', 'pending', 'in-progress', 'done', 'overdue']),
      effort: pick(['low', 'medium', 'high']),
      delegated_to: fc.option(pick([...PEOPLE, STRANGER]), { freq: 3 }),
      priority: pick(PRIORITIES),
      skill: pick(SKILLS),
    },
    { requiredKeys: ['id', 'description', 'deadline', 'owner', 'effort'] },
  );
}

const effects = {
  comment: pick(['The boiler stopped.', 'A train is late.', null]),
  shift_all_meetings_hours: pick([1, -1, 2]),
  set_contact_preference: fc.record({ name: pick([...PEOPLE, STRANGER]), communication_preference: pick(CHANNELS) }),
  set_task_deadline: fc.record({ task_id: pick(['t1', 't2', 'none']), deadline: slots }),
  suppress_reply_relationship_for_senders: fc.uniqueArray(pick(PEOPLE), { maxLength: 2 }),
  set_contact_mood: fc.record({ name: pick([...PEOPLE, STRANGER]), mood: pick([...MOODS, 'ecstatic']) }),
} as const;

const triggers = fc.oneof(
  fc.record({ at: slots }),
  fc.record({ after_step: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    when: fc.record({ obligation: fc.nat(1_000), is: pick(OUTCOMES) }),
    delay_minutes: pick([0, 0, 5, 30, 120]),
  }),
);

/** Events whose emails are x1, x2 and meetings n1, n2. `when` gives an obligation by number until the obligations are known. */
const happenings = fc.array(
  fc.record({
    trigger: triggers,
    announced: fc.boolean(),
    emails: fc.array(mails('x'), { maxLength: 2 }),
    meetings: fc.array(meets('n'), { maxLength: 1 }),
    effects: fc.record(effects, { requiredKeys: [] }),
  }),
  { maxLength: 5 },
);

type Parts = Pick<ScenarioInput, 'emails' | 'meetings' | 'tasks'>;

function eventsOf({ emails = [], meetings = [], tasks = [] }: Parts): fc.Arbitrary<Happening[]> {
  return happenings.map((list) => {
    let mailNumber = 0;
    let meetingNumber = 0;
    const named = list.map(({ trigger, ...rest }) => ({
      trigger,
      ...rest,
      emails: rest.emails.map((one) => ({ ...one, id: `x${++mailNumber}`, subject: `Subject x${mailNumber}` })),
      meetings: rest.meetings.map((one) => ({ ...one, id: `n${++meetingNumber}`, title: `Title n${meetingNumber}` })),
    }));
    const allMeetings = [...meetings, ...named.flatMap((one) => one.meetings)].map(({ id }) => id);
    const candidates = [
      ...[...emails, ...named.flatMap((one) => one.emails)].map(({ id }) => `reply:${id}`),
      ...tasks.map(({ id }) => `task:${id}`),
      ...allMeetings.flatMap((a, first) =>
        allMeetings.slice(first + 1).flatMap((b) => (`${a}${b}`.includes('+') ? [] : [`clash:${b}+${a}`])),
      ),
    ];
    return named.flatMap(({ trigger, effects: what, ...rest }): Happening[] => {
      if (!('when' in trigger)) return [{ ...trigger, ...what, ...rest }];
      const obligation = candidates[trigger.when.obligation % candidates.length];
      if (obligation === undefined) return [];
      return [{ ...trigger, when: { ...trigger.when, obligation }, ...what, ...rest }];
    });
  });
}

function several<T>(make: (id: string) => fc.Arbitrary<T>, ids: readonly string[]): fc.Arbitrary<T[]> {
  return fc
    .integer({ min: 0, max: ids.length })
    .chain((length) => (length === 0 ? fc.constant([]) : fc.tuple(...ids.slice(0, length).map(make))));
}

const frames = fc.record(
  {
    simulation_time: fc.constant(at('09:00')),
    stress: fc.integer({ min: 0, max: 100 }),
    day_end: pick([at('17:00'), at('12:00'), at('16:10')]),
    travel_minutes: pick([0, 10, 25]),
    executive: fc.constant('Exa Cutive'),
    max_episode_steps: pick([8, 15, 30, 60]),
  },
  { requiredKeys: ['simulation_time', 'stress', 'max_episode_steps'] },
);

/** Random worlds with tame texts and whole minutes. */
export const worlds: fc.Arbitrary<ScenarioInput> = fc
  .record({
    frame: frames,
    emails: several(mails, ['e1', 'e2', 'e3', 'e4', 'e5']),
    meetings: several(meets, ['m1', 'm2', 'm3', 'm4', 'm5']),
    contacts: several(people, PEOPLE),
    tasks: several(jobs, ['t1', 't2', 't3', 't4']),
  })
  .chain(({ frame, ...parts }) => eventsOf(parts).map((events) => ({ ...frame, ...parts, events })));

/** A world with some of its events only. Events that wait for an obligation that no longer arises are removed too. */
export function keepEvents(world: ScenarioInput, keep: (event: Happening) => boolean): ScenarioInput {
  let events = (world.events ?? []).filter(keep);
  for (let before = -1; before !== events.length; ) {
    before = events.length;
    const there = everythingIn({ ...world, events });
    const ids = new Set([...there.emails, ...there.meetings, ...(world.tasks ?? [])].map(({ id }) => id));
    events = events.filter(({ when }) => {
      const [kind = '', subject = ''] = when?.obligation.split(/:(.*)/s) ?? [];
      return when === undefined || (kind === 'clash' ? subject.split('+') : [subject]).every((id) => ids.has(id));
    });
  }
  return { ...world, events };
}

type Extras = {
  readonly owed: readonly (Owed | null)[];
  readonly meetings: readonly Partial<Pick<Meet, 'movable' | 'cancellable'>>[];
  readonly contacts: readonly Partial<Pick<Person, keyof typeof abilities>>[];
  readonly tasks: readonly Partial<Pick<Job, 'priority' | 'skill'>>[];
  readonly frame: Pick<ScenarioInput, 'day_end' | 'travel_minutes'>;
  readonly events: Happening[];
};

function exactly<T>(one: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: length, maxLength: length });
}

/** The wild worlds of the tests of rules v1, with the fields that rules v2 add. */
export const wildWorlds: fc.Arbitrary<ScenarioInput> = scenarios.chain((world) => {
  const { emails = [], meetings = [], contacts = [], tasks = [] } = world as ScenarioInput;
  const extras: fc.Arbitrary<Extras> = fc.record({
    owed: exactly(fc.option(owed), emails.length),
    meetings: exactly(
      fc.record({ movable: fc.boolean(), cancellable: fc.boolean() }, { requiredKeys: [] }),
      meetings.length,
    ),
    contacts: exactly(fc.record(abilities, { requiredKeys: [] }), contacts.length),
    tasks: exactly(fc.record({ priority: pick(PRIORITIES), skill: pick(SKILLS) }, { requiredKeys: [] }), tasks.length),
    frame: fc.record({ day_end: slots, travel_minutes: pick([0, 15]) }, { requiredKeys: [] }),
    events: eventsOf({ emails, meetings, tasks }),
  });
  return extras.map((extra) => ({
    ...(world as ScenarioInput),
    ...extra.frame,
    emails: emails.map((email, index) => ({ ...email, ...extra.owed[index] })),
    meetings: meetings.map((one, index) => ({ ...one, ...extra.meetings[index] })),
    contacts: contacts.map((one, index) => ({ ...one, ...extra.contacts[index] })),
    tasks: tasks.map((one, index) => ({ ...one, ...extra.tasks[index] })),
    events: extra.events,
  }));
});

export { drifts };

// ---------------------------------------------------------------- actions

/** An answer to everything that the email asks. */
export function answerTo({ subject, asks = [] }: Mail): string {
  return `Thank you for "${subject}". ${asks.map(({ example }) => example).join(' ')}`;
}

const BODIES = [
  '.',
  '',
  COURTESY,
  'You are an idiot, who cares.',
  `It is about the ${WRONG[0]}, thank you.`,
  'It is the quartz lantern.',
  'No, take the train.',
] as const;

/** Every email and meeting of a world, including those that events bring. */
export function everythingIn({ emails = [], meetings = [], events = [] }: ScenarioInput): {
  emails: Mail[];
  meetings: Meet[];
} {
  return {
    emails: [...emails, ...events.flatMap((event) => event.emails ?? [])],
    meetings: [...meetings, ...events.flatMap((event) => event.meetings ?? [])],
  };
}

/** Actions for a world: most of them name existing things, and many are useful. */
export function actionsIn(world: ScenarioInput): fc.Arbitrary<Record<string, unknown>> {
  const { emails, meetings } = everythingIn(world);
  const ids = (list: readonly { id: string }[]): fc.Arbitrary<string> => pick([...list.map(({ id }) => id), 'none']);
  const names = pick([...(world.contacts ?? []).map(({ name }) => name), 'Nobody Here']);
  const answers = emails.map((email) => ({ email, body: answerTo(email) }));
  const bodies = pick([...answers.map(({ body }) => body), ...BODIES]);
  const channel = fc.option(pick(CHANNELS), { nil: undefined, freq: 2 });
  const right = answers.map(({ email, body }) => ({
    email_id: email.id,
    message_body: body,
    ...(email.reply?.channel === undefined ? {} : { channel: email.reply.channel }),
  }));
  const kinds: { weight: number; arbitrary: fc.Arbitrary<Record<string, unknown>> }[] = [
    { weight: 2, arbitrary: fc.constant({ ...IDLE }) },
    {
      weight: 2,
      arbitrary: fc.record({ email_id: ids(emails), message_body: bodies, channel }).map(as('reply_email')),
    },
    { weight: 1, arbitrary: fc.record({ contact_name: names, message_body: bodies, channel }).map(as('send_message')) },
    { weight: 1, arbitrary: fc.record({ email_id: ids(emails) }).map(as('archive_email')) },
    { weight: 2, arbitrary: fc.record({ meeting_id: ids(meetings), new_time: slots }).map(as('reschedule_meeting')) },
    {
      weight: 1,
      arbitrary: fc
        .record({ meeting_id: ids(meetings), reason: pick(['', 'a clash', 'It is 48,250, so I cannot come.']) })
        .map(as('cancel_meeting')),
    },
    { weight: 1, arbitrary: fc.record({ task_id: ids(world.tasks ?? []) }).map(as('complete_task')) },
    {
      weight: 2,
      arbitrary: fc.record({ task_id: ids(world.tasks ?? []), contact_name: names }).map(as('delegate_task')),
    },
  ];
  if (right.length > 0) kinds.push({ weight: 3, arbitrary: pick(right).map(as('reply_email')) });
  return fc.oneof(...kinds);
}

function as(action_type: string): (fields: object) => Record<string, unknown> {
  return (fields) => ({
    action_type,
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  });
}

/** A world and the actions in it. */
export type Story = { readonly world: ScenarioInput; readonly actions: readonly Record<string, unknown>[] };

export function storiesIn(from: fc.Arbitrary<ScenarioInput>, length = 24): fc.Arbitrary<Story> {
  return from.chain((world) =>
    fc.record({
      world: fc.constant(world),
      actions: fc.array(actionsIn(world), { minLength: 1, maxLength: length, size: 'max' }),
    }),
  );
}
