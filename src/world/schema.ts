/**
 * The trust boundary: the schemas of scenario files, drift files and actions. TypeScript types, validation messages and the
 * published JSON Schemas are derived from them. Source: rules v1, paragraphs 1 and 2. The additions of rules v2 are optional,
 * and rules v1 ignore them.
 */
import { z } from 'zod';
import { ISO_FORMS, parseTime } from '../lib/time.ts';
import { askSchema, denialSchema } from './asks.ts';
import { checkReferences, MAX_CLASHES, MAX_EVENTS, MAX_SHIFTS, type Reference } from './references.ts';

export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
export const SENDER_RELATIONSHIPS = ['VIP', 'personal', 'professional', 'unknown'] as const;
export const CONTACT_RELATIONSHIPS = [
  'board_member',
  'spouse',
  'investor',
  'direct_report',
  'client',
  'friend',
  'team_member',
] as const;
export const CHANNELS = ['email', 'text', 'call'] as const;
/** From worst to best, so that "one level up" is one index up. */
export const MOODS = ['furious', 'angry', 'annoyed', 'neutral', 'happy'] as const;
export const TASK_STATUSES = ['pending', 'in-progress', 'done', 'overdue'] as const;
export const EFFORTS = ['low', 'medium', 'high'] as const;
/** The outcomes that an event can wait for. */
export const OUTCOMES = ['met', 'missed', 'spoiled'] as const;
/** The maximum length of the body of an email under rules v2, in code points. */
export const MAX_BODY = 800;
/** The maximum length of all texts of a day together under rules v2, in code points. */
export const MAX_TEXTS = 40_000;
export const ACTION_TYPES = [
  'do_nothing',
  'reply_email',
  'archive_email',
  'reschedule_meeting',
  'cancel_meeting',
  'complete_task',
  'delegate_task',
  'send_message',
] as const;

export type Mood = (typeof MOODS)[number];
export type ActionType = (typeof ACTION_TYPES)[number];

const time = z
  .string()
  .refine((text) => parseTime(text) !== undefined, { error: `expected ${ISO_FORMS}` })
  .describe('ISO 8601 date or date-time; without an offset it is UTC');

const clock = time
  .refine((text) => (parseTime(text)?.offsetMinutes ?? 0) === 0, { error: 'expected a time without an offset, or UTC' })
  .describe('ISO 8601 date or date-time, naive or UTC: when the day begins');

/** Facts that are not for this person. */
const deny = z
  .array(denialSchema)
  .min(1)
  .max(6)
  .optional()
  .describe('What this person must not learn (rules v2); telling it does damage, once per fact and person');

const replySchema = z.strictObject({
  by: time.optional().describe('When the answer is due; after that it counts half'),
  channel: z.enum(CHANNELS).optional().describe('The only channel in which the answer counts'),
});

export const emailSchema = z.strictObject({
  id: z.string().describe('Unique among the emails'),
  sender: z.string().describe('A name; need not be a contact'),
  subject: z.string(),
  body: z.string(),
  read: z.boolean().default(false),
  replied: z.boolean().default(false),
  priority: z.enum(PRIORITIES),
  sender_relationship: z.enum(SENDER_RELATIONSHIPS),
  asks: z
    .array(askSchema)
    .min(1)
    .max(6)
    .refine((asks) => new Set(asks.map(({ id }) => id)).size === asks.length, { error: 'expected unique ids' })
    .refine((asks) => asks.some(({ kind }) => kind !== 'apology'), { error: 'expected an ask besides the apology' })
    .optional()
    .describe('What the email asks for (rules v2); an email without asks needs no answer'),
  reply: replySchema.optional().describe('How the answer must come (rules v2)'),
  deny,
  needs: z
    .never({ error: 'expected `asks` instead, since the second edition of rules v2 (docs/SCENARIOS.md)' })
    .optional(),
});

export const meetingSchema = z.strictObject({
  id: z.string().describe('Unique among the meetings'),
  title: z.string(),
  start: time,
  duration_minutes: z.int().min(1).describe('Minutes, at least 1'),
  attendees: z.array(z.string()).default([]).describe('Names; need not be contacts'),
  location: z.string().default(''),
  priority: z.enum(PRIORITIES).default('normal'),
  cancelled: z.boolean().default(false),
  movable: z.boolean().optional().describe('Whether it may be moved (rules v2); unless stated, if it is not critical'),
  cancellable: z
    .boolean()
    .optional()
    .describe('Whether it may be cancelled (rules v2); unless stated, if its priority is normal or low'),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected HH:MM, 00:00 to 23:59' });

export const contactSchema = z.strictObject({
  name: z.string().describe('Unique among the contacts'),
  relationship_type: z.enum(CONTACT_RELATIONSHIPS),
  communication_preference: z.enum(CHANNELS),
  importance: z.int().min(1).max(5).describe('1 (least) to 5 (most)'),
  mood: z.enum(MOODS).default('neutral'),
  skills: z
    .array(z.string())
    .optional()
    .describe('What this person can do (rules v2); matched with the skill of a task'),
  load_limit: z
    .int()
    .min(0)
    .max(50)
    .optional()
    .describe('Open tasks this person can hold (rules v2); unless stated 2 for direct_report and team_member, else 0'),
  working_hours: z
    .strictObject({ from: timeOfDay, to: timeOfDay })
    .refine(({ from, to }) => from < to, { error: 'expected from before to' })
    .optional()
    .describe('UTC, the same every day (rules v2); unless stated, always'),
  response_minutes: z
    .int()
    .min(1)
    .max(1_440)
    .optional()
    .describe('Minutes until this person hands back a task that they cannot take (rules v2); unless stated 20'),
  deny,
});

export const taskSchema = z.strictObject({
  id: z.string().describe('Unique among the tasks'),
  description: z.string(),
  deadline: time,
  owner: z.string().describe('A name; need not be a contact'),
  status: z.enum(TASK_STATUSES).default('pending'),
  effort: z.enum(EFFORTS).default('medium'),
  delegated_to: z.string().nullable().default(null),
  priority: z.enum(PRIORITIES).optional().describe('Rules v2; unless stated normal'),
  skill: z
    .string()
    .optional()
    .describe('The skill that it needs (rules v2); unless stated, every contact with room can do it'),
});

/** The changes of the world that an event of either kind may make. */
const effects = {
  comment: z.string().nullish(),
  shift_all_meetings_hours: z
    .int()
    .nullish()
    .describe(
      `Hours added to the wall-clock start of every meeting; such events times meetings are at most ${MAX_SHIFTS}`,
    ),
  set_contact_preference: z
    .strictObject({ name: z.string(), communication_preference: z.enum(CHANNELS) })
    .nullish()
    .describe('An unknown name changes nothing'),
  set_task_deadline: z
    .strictObject({ task_id: z.string(), deadline: time })
    .nullish()
    .describe('An unknown id changes nothing'),
  suppress_reply_relationship_for_senders: z
    .array(z.string())
    .nullish()
    .describe('From now on replies to these senders move no relationship'),
  set_contact_mood: z
    .strictObject({ name: z.string(), mood: z.string() })
    .nullish()
    .describe('An unknown name or mood changes nothing'),
} as const;

export const eventSchema = z
  .strictObject({
    id: z.string().optional().describe('Unique among the events; unless stated event-N, from 1'),
    at: time.optional().describe('Trigger: simulated time'),
    after_step: z.int().min(1).optional().describe('Trigger: the end of this step'),
    when: z
      .strictObject({
        obligation: z.string().describe('reply:EMAIL, task:TASK or clash:MEETING+MEETING'),
        is: z.enum(OUTCOMES),
      })
      .optional()
      .describe('Trigger: the outcome of an obligation'),
    delay_minutes: z
      .int()
      .min(0)
      .max(1_440)
      .optional()
      .describe('With `when`: minutes until it happens; unless stated 0'),
    announced: z.boolean().default(false).describe('Whether the briefing says that it happened'),
    emails: z.array(emailSchema).optional().describe('Emails that arrive'),
    meetings: z.array(meetingSchema).optional().describe('Invitations that arrive'),
    ...effects,
  })
  .refine(({ at, after_step, when }) => [at, after_step, when].filter((one) => one !== undefined).length === 1, {
    error: 'expected exactly one of at, after_step and when',
  });

/**
 * The schema (zod) of a scenario. `parseScenario` also accepts what the published environment accepts, such as `"30"` for a number.
 * @example
 * const { success, error } = scenarioSchema.safeParse(JSON.parse(text));
 */
export const scenarioSchema = z
  .strictObject({
    simulation_time: clock,
    stress: z.int().min(0).max(100).default(0).describe('Base stress, 0 to 100'),
    active_conflicts: z.array(z.string()).default([]).describe('A log; not read by the rules'),
    action_log: z.array(z.string()).default([]).describe('A log; not read by the rules'),
    episode_active: z.boolean().default(true),
    episode_end_reason: z.string().nullable().default(null),
    max_episode_steps: z.int().min(1).max(10_000).default(48).describe('Step limit of an episode'),
    emails: z.array(emailSchema).default([]),
    meetings: z
      .array(meetingSchema)
      .default([])
      .describe(`Rules v2: at most ${MAX_CLASHES} pairs of them overlap, those of events included`),
    contacts: z.array(contactSchema).default([]),
    tasks: z.array(taskSchema).default([]),
    executive: z.string().optional().describe('Whose day it is (rules v2); the briefing says so'),
    day_end: time.optional().describe('When the day is over (rules v2); unless stated 10 hours after it began'),
    travel_minutes: z
      .int()
      .min(0)
      .max(240)
      .optional()
      .describe('Minutes between two different places (rules v2); unless stated 0'),
    events: z
      .array(eventSchema)
      .optional()
      .describe(`What happens during the day (rules v2); at most ${MAX_EVENTS}, those of the drift included`),
  })
  .superRefine((world, context) => {
    const complain = ({ path, message }: Reference): void => context.addIssue({ code: 'custom', path, message });
    checkReferences(world, complain);
  });

export const driftEventSchema = z.strictObject({
  after_step: z
    .int()
    .describe('The step at whose end the event fires, under rules v1 at its beginning; below 1 it never does'),
  ...effects,
});

/**
 * The schema (zod) of a drift: events that change a scenario while it is played.
 * @example
 * driftSchema.parse({ events: [{ after_step: 2, shift_all_meetings_hours: 1 }] });
 */
export const driftSchema = z.strictObject({
  description: z.string().nullish(),
  events: z.array(driftEventSchema),
});

/** An optional field for which null is accepted too. A transformed schema has no default in a JSON Schema; its input has. */
const orNull = <S extends z.ZodType>(schema: S, published: { default?: string } = {}) =>
  schema
    .nullable()
    .meta(published)
    .transform((value) => value ?? undefined)
    .optional();
/** Optional instead of defaulted: filling in nine defaults would double the cost of reading an action. */
const text = (description: string) => orNull(z.string(), { default: '' }).describe(description);

/**
 * The schema (zod) of an action. null means the same as omitting the field.
 * @example
 * actionSchema.parse({ action_type: 'archive_email', email_id: 'e01' });
 */
export const actionSchema = z.strictObject({
  action_type: orNull(z.enum(ACTION_TYPES), { default: 'do_nothing' }).describe('What to do in this step'),
  email_id: text('reply_email, archive_email: the id of the email'),
  message_body: text('reply_email, send_message: what to write; not blank'),
  meeting_id: text('reschedule_meeting, cancel_meeting: the id of the meeting'),
  new_time: text(`reschedule_meeting: the new start, ${ISO_FORMS}`),
  reason: text('reschedule_meeting, cancel_meeting: why'),
  task_id: text('complete_task, delegate_task: the id of the task'),
  contact_name: text('delegate_task, send_message: the name of the contact'),
  channel: orNull(z.enum(CHANNELS)).describe(
    `reply_email, send_message: how it is sent (rules v2), one of ${CHANNELS.join(', ')}; unless stated email, and for a message text`,
  ),
  message: text('A note to oneself; it changes nothing'),
  metadata: orNull(z.record(z.string(), z.unknown())).describe('Accepted and ignored'),
});

/** A scenario with every default filled in. */
export type Scenario = z.output<typeof scenarioSchema>;
/** A scenario as a file may state it, without defaults. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type Email = z.output<typeof emailSchema>;
export type Contact = z.output<typeof contactSchema>;
export type Meeting = z.output<typeof meetingSchema>;
export type ScenarioEvent = z.output<typeof eventSchema>;
/** A drift file with every default filled in. */
export type Drift = z.output<typeof driftSchema>;
/** A drift as a file may state it, without defaults. */
export type DriftInput = z.input<typeof driftSchema>;
export type DriftEvent = z.output<typeof driftEventSchema>;
/** An action. A missing field means an empty string, a missing type means `do_nothing`. */
export type Action = z.output<typeof actionSchema>;

const PUBLISHED = { scenario: scenarioSchema, drift: driftSchema, action: actionSchema } as const;

/**
 * The JSON Schema (draft 2020-12) of the input that a file or a policy may contain.
 * @example
 * jsonSchemaOf('action').title; // 'Ghostexec action'
 */
export function jsonSchemaOf(name: keyof typeof PUBLISHED): Record<string, unknown> {
  return { title: `Ghostexec ${name}`, ...z.toJSONSchema(PUBLISHED[name], { io: 'input' }) };
}
