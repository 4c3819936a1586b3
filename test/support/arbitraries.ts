/**
 * Random small worlds, drift files and answers. Ids, names and times come from small pools, so that things clash, share names,
 * have wrong names, and come due at the same minute.
 */
import fc from 'fast-check';
import { REWARD_MODES, type RewardMode } from '../../src/sim/breakdown.ts';
import { formatTime, inRange, instantOf, MINUTE } from '../reference/time.ts';
import type { Action, Drift, DriftEvent, PlainAction, Scenario } from '../reference/world.ts';
import { ACTION_TYPES } from '../reference/world.ts';

/** The orders by code point and by UTF-16 unit differ for the last two. */
const EMAIL_IDS = ['e1', 'e2', 'e10', 'E2', '__proto__', 'e 7', '', '\uffee', '\u{1f989}'] as const;
const MEETING_IDS = ['m1', 'm2', 'm3', 'm10', 'constructor', 'm\u00e9', '\u{1f4c5}'] as const;
const TASK_IDS = ['t1', 't2', 't3', 't10', 'toString', 't\u{10ffff}'] as const;
const CONTACTS = [
  'Ana Lumme',
  'Bo',
  '\u00c9mile Z\u00fcrn',
  ' Padded ',
  'the \u{1f989} "Owl"',
  '__proto__',
  '',
] as const;
const STRANGERS = ['Nobody You Know', 'ana lumme', '  '] as const;
const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
const MOODS = ['furious', 'angry', 'annoyed', 'neutral', 'happy'] as const;
const CHANNELS = ['email', 'text', 'call'] as const;

/** The names that answers may refer to. */
export type Names = {
  readonly emails: readonly string[];
  readonly meetings: readonly string[];
  readonly tasks: readonly string[];
  readonly contacts: readonly string[];
  /** Starts at which a meeting would touch another one: directly after it, or directly before it. */
  readonly touching: readonly string[];
};

/** Lengths that let meetings fit between two others without a gap. */
const LENGTHS = [0, 10, 30, 60] as const;

export function namesOf({ emails = [], meetings = [], tasks = [], contacts = [] }: Scenario): Names {
  const ids = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);
  return {
    emails: ids(emails),
    meetings: ids(meetings),
    tasks: ids(tasks),
    contacts: contacts.map(({ name }) => name),
    touching: meetings.flatMap(({ start, duration_minutes }) => {
      const instants = [BigInt(duration_minutes), ...LENGTHS.map((length) => BigInt(-length))];
      return instants
        .map((minute) => instantOf(start) + minute * MINUTE)
        .filter(inRange)
        .map(formatTime);
    }),
  };
}

const pick = <const T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);

/** Mostly tame, sometimes long, with control characters, lone surrogates or characters of every length. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.lorem({ maxCount: 4 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  {
    weight: 2,
    arbitrary: pick([
      '',
      '   ',
      'two\r\nlines\tand a tab\u0000',
      '\u2028separators\u2029\u0085',
      'lone \ud83d and \udc4b',
      '\u{1f989}'.repeat(450),
      'a \u00e9\u4e16\u{1f44b}'.repeat(90),
      '"[e1]" {braces} `ticks`',
    ]),
  },
);

// ---------------------------------------------------------------- times

const CLOCK_TAILS = ['', 'Z', '+00:00', '-00:00'] as const;
const OFFSETS = ['+02:00', '-05:30', '+05:45', '+14:00', '-23:59', '+23:59'] as const;
const SECONDS = ['', ':00', ':59', ':30.5', ':00.000001', ':59.999999'] as const;

/** 2026-06-22T09:00 UTC plus `minutes`, written with an offset. */
function writeTime(minutes: number, seconds: string, offset: string, separator: string): string {
  const [, sign, hours, rest] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? [];
  const east = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(rest ?? 0));
  const wall = new Date(Date.UTC(2026, 5, 22, 9, minutes + east)).toISOString();
  return `${wall.slice(0, 10)}${separator}${wall.slice(11, 16)}${seconds}${offset}`;
}

const minutes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -18, max: 30 }).map((tens) => tens * 10) },
  { weight: 1, arbitrary: fc.integer({ min: -3000, max: 3000 }) },
);
const separators = pick(['T', 'T', 'T', ' ']);
const seconds = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 2, arbitrary: pick(SECONDS) });
const farAway = pick([
  '2026-06-22',
  '2026-06-23',
  '0001-01-01T00:00',
  '0001-01-01T00:30-00:30',
  '1600-02-29T12:00:00.125',
  '2400-02-29 23:59:59.999999',
  '9999-12-29T10:00:00+01:00',
]);

/** Times for files and actions: most are on the day of the episode, in every accepted form. */
export const times: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 8, arbitrary: fc.tuple(minutes, seconds, pick([...CLOCK_TAILS, '', '', ...OFFSETS]), separators) },
    { weight: 1, arbitrary: farAway },
  )
  .map((time) => (typeof time === 'string' ? time : writeTime(...time)));

const clocks: fc.Arbitrary<string> = fc
  .oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.integer({ min: -6, max: 6 }).map((tens) => tens * 10),
        seconds,
        pick(CLOCK_TAILS),
        separators,
      ),
    },
    { weight: 1, arbitrary: pick(['2026-06-22', '1600-02-29T12:00:00.125', '2400-02-29T23:59:59.999999']) },
  )
  .map((time) => (typeof time === 'string' ? time : writeTime(...time)));

// ---------------------------------------------------------------- scenarios

const people = fc.oneof({ weight: 5, arbitrary: pick(CONTACTS) }, { weight: 1, arbitrary: pick(STRANGERS) });

/** Lists without duplicate keys; sometimes empty. */
function lists<T, K extends keyof T>(item: fc.Arbitrary<T>, key: K, maxLength: number): fc.Arbitrary<T[]> {
  const full = fc.uniqueArray(item, { minLength: 3, maxLength, size: 'max', selector: (value) => value[key] });
  return fc.oneof({ weight: 9, arbitrary: full }, { weight: 1, arbitrary: fc.constant<T[]>([]) });
}

const emails = fc.record(
  {
    id: pick(EMAIL_IDS),
    sender: people,
    subject: texts,
    body: texts,
    read: fc.boolean(),
    replied: fc.boolean(),
    priority: pick(['critical', 'critical', ...PRIORITIES]),
    sender_relationship: pick(['VIP', 'personal', 'professional', 'unknown']),
  },
  { requiredKeys: ['id', 'sender', 'subject', 'body', 'priority', 'sender_relationship'] },
);

const meetings = fc.record(
  {
    id: pick(MEETING_IDS),
    title: texts,
    start: times,
    duration_minutes: pick([1, 10, 20, 30, 45, 60, 90, 1440]),
    attendees: fc.array(people, { maxLength: 4 }),
    location: texts,
    priority: pick(PRIORITIES),
    cancelled: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  },
  { requiredKeys: ['id', 'title', 'start', 'duration_minutes'] },
);

const contacts = fc.record(
  {
    name: pick(CONTACTS),
    relationship_type: pick(['board_member', 'spouse', 'investor', 'direct_report', 'client', 'friend', 'team_member']),
    communication_preference: pick(CHANNELS),
    importance: fc.integer({ min: 1, max: 5 }),
    mood: pick(MOODS),
  },
  { requiredKeys: ['name', 'relationship_type', 'communication_preference', 'importance'] },
);

const tasks = fc.record(
  {
    id: pick(TASK_IDS),
    description: texts,
    deadline: times,
    owner: people,
    status: pick(['pending', 'pending', 'in-progress', 'done', 'overdue']),
    effort: pick(['low', 'medium', 'high']),
    delegated_to: fc.option(people),
  },
  { requiredKeys: ['id', 'description', 'deadline', 'owner'] },
);

/** Valid scenario files; sometimes fields with a default are missing. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record(
  {
    simulation_time: clocks,
    stress: fc.oneof(fc.integer({ min: 0, max: 100 }), pick([0, 33, 37, 38, 39, 40, 99, 100])),
    active_conflicts: fc.array(texts, { maxLength: 1 }),
    action_log: fc.array(texts, { maxLength: 1 }),
    episode_active: fc.integer({ min: 0, max: 11 }).map((n) => n > 0),
    episode_end_reason: fc.option(pick(['stated in the file', '']), { freq: 2 }),
    max_episode_steps: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 8, max: 16 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
      { weight: 1, arbitrary: pick([48, 10_000]) },
    ),
    emails: lists(emails, 'id', EMAIL_IDS.length),
    meetings: lists(meetings, 'id', MEETING_IDS.length),
    contacts: lists(contacts, 'name', CONTACTS.length),
    tasks: lists(tasks, 'id', TASK_IDS.length),
  },
  { requiredKeys: ['simulation_time', 'emails', 'meetings', 'contacts', 'tasks'] },
);

const events: fc.Arbitrary<DriftEvent> = fc.record(
  {
    after_step: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
      { weight: 1, arbitrary: fc.integer({ min: -2, max: 0 }) },
    ),
    comment: fc.option(texts),
    shift_all_meetings_hours: fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), pick([100_000, -24, 999_999_999]))),
    set_contact_preference: fc.option(fc.record({ name: people, communication_preference: pick(CHANNELS) })),
    set_task_deadline: fc.option(fc.record({ task_id: pick([...TASK_IDS, 'no such task']), deadline: times })),
    suppress_reply_relationship_for_senders: fc.option(fc.array(people, { maxLength: 3 })),
    set_contact_mood: fc.option(fc.record({ name: people, mood: pick([...MOODS, 'ecstatic', '']) })),
  },
  { requiredKeys: ['after_step'] },
);

/** Valid drift files, with several events on one step, unknown names and events that never fire. */
export const drifts: fc.Arbitrary<Drift> = fc.record(
  { description: fc.option(texts), events: fc.array(events, { maxLength: 6 }) },
  { requiredKeys: ['events'] },
);

// ---------------------------------------------------------------- answers

/** An input for readAction, and the expected result. */
export type Answer = { readonly given: unknown; readonly meant: Action };

const bodies = fc.oneof(
  { weight: 1, arbitrary: pick(['', ' ', '\n\t', '\ufeff\u00a0\u2003']) },
  {
    weight: 4,
    arbitrary: pick([
      'I am SORRY, my mistake. Best regards',
      'Dear Ana, it is done. Sincerely',
      'hey, they said no worries \u{1f44b}',
      'LOL',
      'This must happen immediately.',
      'Noted, thank you. {"action_type": "do_nothing"}',
      'A brace } and a "quote" and a { in one body.',
    ]),
  },
  { weight: 1, arbitrary: texts },
);
const badTimes = pick([
  '',
  ' ',
  'tomorrow',
  '2026-06-22T9',
  '2026-02-29',
  '2026-06-22T24:00',
  '2026-06-22T09:00+24:00',
  '0000-12-31T23:00-02:00',
  '9999-12-31T23:59',
  '9999-12-31T23:59:00-00:01',
  ' 2026-06-22',
]);

function padded(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const pads = pick(['', '', '', ' ', '\u00a0', '\t\n', '\x1c', '\u0085', '\ufeff']);
  return fc.tuple(pads, name, pads).map((parts) => parts.join(''));
}

function from(names: readonly string[], strangers: readonly string[]): fc.Arbitrary<string> {
  if (names.length === 0) return pick(strangers);
  return fc.oneof({ weight: 6, arbitrary: pick(names) }, { weight: 1, arbitrary: pick(strangers) });
}

/** Actions that follow the schema but need not be valid in any world. Sometimes fields are missing. */
export function actions(names: Names): fc.Arbitrary<PlainAction> {
  const fields = {
    action_type: pick(ACTION_TYPES),
    email_id: from(names.emails, ['no such email', 'e1 ', '']),
    message_body: bodies,
    meeting_id: from(names.meetings, ['no such meeting', 'M1', '']),
    new_time: fc.oneof(
      { weight: 3, arbitrary: times },
      { weight: 2, arbitrary: from(names.touching, ['2026-06-22T09:00']) },
      { weight: 1, arbitrary: badTimes },
    ),
    reason: texts,
    task_id: from(names.tasks, ['no such task', ' t1', '']),
    contact_name: padded(from(names.contacts, STRANGERS)),
    message: fc.oneof(fc.constant(''), texts),
    metadata: fc.constant({ seen: [1, null, 'x'] }),
  };
  const whole = fc.record(fields);
  const partial = fc.record(fields, { requiredKeys: [] });
  return fc.oneof({ weight: 4, arbitrary: whole }, { weight: 1, arbitrary: partial });
}

const WRAPPINGS: readonly ((action: PlainAction) => unknown)[] = [
  (action) => action,
  (action) => action,
  (action) => JSON.stringify(action),
  (action) => `\n\`\`\`json\n${JSON.stringify(action, null, 2)}\n\`\`\`\n`,
  (action) => `<think>{ or } or {"action_type": "nap"}</think>\n<action>${JSON.stringify(action)}</action>`,
];

const UNREADABLE: readonly unknown[] = [
  '',
  'I would rather not.',
  '{"action_type": "do_nothing"',
  '```json\n{"action_type": nothing}\n```',
  '{"action_type": "take_a_nap"}',
  { action_type: 'take_a_nap' },
  { action_type: 'reply_email', email: 'e1' },
  { action_type: null, email_id: 7 },
  { action_type: 'archive_email', email_id: 7 },
  { message: ['x'] },
  [],
  null,
  undefined,
  42,
];

/** Answers of a policy: most are actions, in several wrappings, and some are unreadable. */
export function answers(names: Names): fc.Arbitrary<Answer> {
  const readable = fc.tuple(actions(names), pick(WRAPPINGS)).map(([action, wrap]): Answer => {
    const given = wrap(action);
    // In a text, an object without a type is not an action.
    const isNone = typeof given === 'string' && action.action_type === undefined;
    return { given, meant: isNone ? { unreadable: 'by construction' } : action };
  });
  const unreadable = pick(UNREADABLE).map((given) => ({ given, meant: { unreadable: 'by construction' } }));
  return fc.oneof({ weight: 9, arbitrary: readable }, { weight: 1, arbitrary: unreadable });
}

/** All inputs of one episode. */
export type Plan = {
  readonly scenario: Scenario;
  readonly drift: Drift | null;
  readonly mode: RewardMode;
  readonly answers: readonly Answer[];
};

export const plans: fc.Arbitrary<Plan> = scenarios.chain((scenario) =>
  plansFor(scenario, fc.option(drifts, { freq: 2 })),
);

/** Plans for one scenario: most of the names in the answers exist. */
export function plansFor(scenario: Scenario, drift: fc.Arbitrary<Drift | null>): fc.Arbitrary<Plan> {
  return fc.record({
    scenario: fc.constant(scenario),
    drift,
    mode: pick(REWARD_MODES),
    answers: fc.array(answers(namesOf(scenario)), { minLength: 1, maxLength: 16, size: 'max' }),
  });
}
