/**
 * Documents that are as costly as the limits of the server allow (20,000 values, 1 MiB of JSON). Most are full of one kind of
 * thing, or of things whose work multiplies. Tests send them and the benchmark times them. This file imports nothing, so that
 * both can use it.
 */
export type CostlyDocument = {
  readonly scenario: Readonly<Record<string, unknown>>;
  readonly drift?: Readonly<Record<string, unknown>>;
  /** An action that is also costly; a test plays it once. */
  readonly action?: Readonly<Record<string, unknown>>;
  /** The expected error by ruleset; a ruleset without an entry accepts the document. */
  readonly refused?: { readonly v1?: string; readonly v2?: string };
};

type Thing = Record<string, unknown>;

/** Values available for lists: the scenario's other fields use up fewer than the remaining 20. */
const VALUES = 19_980;
const NINE = '2026-06-22T09:00:00';
const END_OF_TIME = '9999-12-31T23:59:59';
const THANKS = 'Thank you, we will get back to you.';
const MANY_EVENTS = 'events: expected at most 1000 (rules v2)';
const MANY_PAIRS = 'meetings: expected at most 200 pairs that overlap (rules v2)';
const LONG_BODY = 'emails: expected bodies of at most 800 characters (rules v2)';
const LONG_TEXTS = 'emails, meetings, tasks: expected texts of at most 40000 characters in all (rules v2)';
const MANY_SHIFTS = 'events: expected shift_all_meetings_hours to shift at most 50000 meetings in all';

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: Math.floor(count) }, (_, index) => make(index));
}

/** The time that is this number of seconds after nine. */
function after(seconds: number): string {
  return new Date(Date.parse(`${NINE}Z`) + seconds * 1_000).toISOString().slice(0, 19);
}

function day(parts: Thing): Thing {
  return { simulation_time: NINE, ...parts };
}

/** A meeting: 5 values. */
function meet(index: number, start: string, more: Thing = {}): Thing {
  return { id: `m${index}`, title: 't', start, duration_minutes: 1, ...more };
}

/** An email: 7 values. */
function mail(index: number | string, more: Thing = {}): Thing {
  const texts = { id: `e${index}`, sender: 's', subject: 'u', body: 'b' };
  return { ...texts, priority: 'critical', sender_relationship: 'VIP', ...more };
}

/** A small ask. With its list and `reply` it adds 11 values to an email. */
const GO: Thing = { id: 'a', kind: 'act', says: [['go']], example: 'Go.' };
/** An ask with as many phrases as it may have, each of them full of numbers. */
const LONG_ASK: Thing = {
  kind: 'value',
  type: 'money',
  is: many(60, () => `${'1 2 3 4 5 6 7 8 9 '.repeat(6)}12`),
  about: many(60, () => `${'a b c d e f g h i '.repeat(6)}k`),
  example: '12',
};

/** A contact: 5 values. */
function person(index: number, more: Thing = {}): Thing {
  return {
    name: `c${index}`,
    relationship_type: 'client',
    communication_preference: 'email',
    importance: 3,
    ...more,
  };
}

/** A task: 5 values. */
function job(index: number, more: Thing = {}): Thing {
  return { id: `t${index}`, description: 'd', deadline: after(3_600), owner: 'o', ...more };
}

const farApart = many(VALUES / 5, (index) => meet(index, after(120 * index)));
const equalMails = many(VALUES / 7, (index) => mail(index));
const due = (seconds: number): Thing => ({ asks: [GO], reply: { by: after(seconds) } });
/** All offsets from UTC, one for each minute: nine o'clock local time, but at different instants. */
const offsets = many(2_850, (index) => {
  const minutes = Math.abs(index - 1_425);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${index < 1_425 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
});

export const COSTLY_DOCUMENTS: Readonly<Record<string, CostlyDocument>> = {
  'meetings one after the other, to the end of time': {
    scenario: day({ meetings: farApart, max_episode_steps: 10_000, day_end: END_OF_TIME }),
  },
  'meetings all at once': {
    scenario: day({ meetings: many(VALUES / 5, (index) => meet(index, NINE, { duration_minutes: 20 })) }),
    refused: { v2: MANY_PAIRS },
  },
  '190 pairs among meetings one after the other': {
    scenario: day({
      meetings: [
        ...many(20, (index) => meet(-1 - index, after(300))),
        ...many(VALUES / 5 - 20, (index) => meet(index, after(600 + 120 * index))),
      ],
      max_episode_steps: 1,
      day_end: after(600_000),
    }),
  },
  'meetings at one place, a long way from any other': {
    scenario: day({
      meetings: many(VALUES / 6, (index) => meet(index, after(60 * index), { location: 'A' })),
      travel_minutes: 240,
      max_episode_steps: 10_000,
      day_end: after(240_000),
    }),
  },
  'meetings that an event puts all at once': {
    scenario: day({
      meetings: offsets.map((offset, index) => meet(index, `2026-06-23T12:00:00${offset}`)),
      events: [{ at: after(600), shift_all_meetings_hours: 0 }],
      max_episode_steps: 10_000,
      day_end: '2026-06-25',
    }),
  },
  'meetings that thousands of events shift': {
    scenario: day({ meetings: farApart }),
    drift: { events: many(VALUES / 3, () => ({ after_step: 1, shift_all_meetings_hours: 1 })) },
    refused: { v1: MANY_SHIFTS, v2: MANY_EVENTS },
  },
  'an attendee thousands of times': {
    scenario: day({
      meetings: [meet(0, after(3_600), { attendees: many(9_000, () => 'c1899') })],
      contacts: many(1_900, (index) => person(index)),
    }),
    action: { action_type: 'cancel_meeting', meeting_id: 'm0', reason: 'there is no need for it' },
  },
  'answers due one after the other': {
    scenario: day({
      emails: many(VALUES / 18 - 1, (index) => mail(index, { sender: 'c0', ...due(7 * index) })),
      contacts: [person(0)],
      max_episode_steps: 1,
    }),
  },
  'emails with long ids that begin alike': {
    scenario: day({ emails: many(VALUES / 7, (index) => mail('a'.repeat(240) + ((index * 7_919) % 10_007))) }),
  },
  'emails full of text': {
    scenario: day({
      emails: many(2_600, (index) =>
        mail(index, { sender: 'S'.repeat(120), subject: 'U'.repeat(60), body: 'B '.repeat(40) }),
      ),
    }),
    refused: { v2: LONG_TEXTS },
  },
  'one long email': {
    scenario: day({ emails: [mail(0, { body: 'word boat 10:30 '.repeat(65_000) })] }),
    action: { action_type: 'reply_email', email_id: 'e0', message_body: THANKS },
    refused: { v2: LONG_BODY },
  },
  'asks with thousands of phrases of numbers': {
    scenario: day({
      emails: many(12, (index) => mail(index, { asks: many(6, (ask) => ({ id: `a${ask}`, ...LONG_ASK })) })),
    }),
    action: { action_type: 'reply_email', email_id: 'e0', message_body: THANKS },
  },
  'tasks due one after the other': {
    scenario: day({
      tasks: many(VALUES / 5, (index) => job(index, { deadline: after(9 * index) })),
      max_episode_steps: 1,
    }),
  },
  'tasks until the end of time': {
    scenario: day({
      tasks: many(VALUES / 5 - 1, (index) => job(index)),
      events: [{ at: '9999-12-31' }],
      max_episode_steps: 10_000,
      day_end: END_OF_TIME,
    }),
  },
  'as many tasks as contacts': {
    scenario: day({
      tasks: many(VALUES / 11, (index) => job(index, { skill: 'k' })),
      contacts: many(VALUES / 11, (index) => person(index)),
    }),
  },
  'a contact with thousands of skills': {
    scenario: day({
      tasks: many(VALUES / 14, (index) => job(index, { skill: `k${index}`, delegated_to: 'c0' })),
      contacts: [person(0, { skills: many(VALUES / 2 - 10, (index) => `s${index}`) })],
    }),
  },
  contacts: { scenario: day({ contacts: many(VALUES / 5, (index) => person(index)) }) },
  'events that do nothing': {
    scenario: day({ events: many(VALUES / 2, (index) => ({ at: after(3 * index) })), max_episode_steps: 1 }),
    refused: { v2: MANY_EVENTS },
  },
  'events one after the other': {
    scenario: day({
      emails: many(2_500, (index) => mail(index, { priority: 'high' })),
      events: many(1_000, (index) => ({ at: after(30 * index) })),
      max_episode_steps: 1,
    }),
  },
  'events that bring meetings': {
    scenario: day({
      meetings: many(2_300, (index) => meet(index, after(120 * index))),
      events: many(1_000, (index) => ({
        at: after(9 * index),
        meetings: [meet(10_000 + index, after(400_000 + 60 * index))],
      })),
      max_episode_steps: 1,
    }),
  },
  'events that wait for one another': {
    scenario: day({
      emails: [mail('-1', due(0))],
      tasks: many(700, (index) => job(index)),
      events: many(600, (index) => ({
        when: { obligation: `reply:e${index - 1}`, is: 'missed' },
        emails: [mail(index, due(0))],
      })),
      max_episode_steps: 10_000,
    }),
  },
  'drift that silences one sender thousands of times': {
    scenario: day({ emails: equalMails }),
    drift: { events: many(VALUES / 4, () => ({ after_step: 1, suppress_reply_relationship_for_senders: ['s'] })) },
    refused: { v2: MANY_EVENTS },
  },
  'drift that silences all senders a thousand times': {
    scenario: day({ emails: many(VALUES / 7, (index) => mail(index, { sender: `s${index % 16}` })) }),
    drift: {
      events: many(999, () => ({
        after_step: 1,
        suppress_reply_relationship_for_senders: many(16, (index) => `s${index}`),
      })),
    },
  },
  'deadlines that drift moves': {
    scenario: day({ tasks: many(VALUES / 5, (index) => job(index)) }),
    drift: {
      events: many(VALUES / 5, (index) => ({
        after_step: 1,
        set_task_deadline: { task_id: `t${index}`, deadline: after(60 * index) },
      })),
    },
    refused: { v2: MANY_EVENTS },
  },
  'a clock that stands still': {
    scenario: {
      simulation_time: '9999-12-31T23:50:00',
      day_end: END_OF_TIME,
      emails: many(VALUES / 18 - 2, (index) => mail(index, { asks: [GO], reply: { by: '9999-12-31T23:50:00' } })),
      events: [{ at: END_OF_TIME }],
      max_episode_steps: 10_000,
    },
  },
  'something of everything': {
    scenario: day({
      emails: many(220, (index) => mail(index, { sender: `c${index}`, ...due(7 * index) })),
      meetings: many(500, (index) => meet(index, after(120 * index), { attendees: [`c${index}`] })),
      contacts: many(600, (index) => person(index, { skills: ['a', 'b'] })),
      tasks: many(500, (index) => job(index, { deadline: after(31 * index), skill: 'b', delegated_to: `c${index}` })),
      events: many(180, (index) => ({ at: after(11 * index), announced: true, emails: [mail(`x${index}`)] })),
      max_episode_steps: 10_000,
      day_end: after(1_200_000),
    }),
  },
};
