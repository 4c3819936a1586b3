/**
 * What a policy sees of an episode, as data. `briefing.ts` writes the same as text: the text shows every field, though some
 * instants only as times of the day, and nothing else. Keys are those of scenario files where a scenario has the same field. Instants are texts in UTC, rounded down to the
 * minute: `2026-06-22T09:20:00`. A field is null if the rules of the episode do not state it.
 */
import { z } from 'zod';
import { ASK_STATES } from '../../world/day.ts';
import {
  CHANNELS,
  CONTACT_RELATIONSHIPS,
  EFFORTS,
  MOODS,
  PRIORITIES,
  SENDER_RELATIONSHIPS,
  TASK_STATUSES,
} from '../../world/schema.ts';

const instant = z.string().describe('UTC, YYYY-MM-DDTHH:MM:SS, rounded down to the minute');
const timeOfDay = z.string().describe('HH:MM');
const ids = z.array(z.string()).readonly();

/** How close the deadline of a task is: `soon` from two hours before it on, `overdue` after it. */
export const URGENCIES = ['later', 'soon', 'overdue'] as const;

const email = z
  .strictObject({
    id: z.string(),
    priority: z.enum(PRIORITIES),
    unread: z.boolean(),
    sender: z.string(),
    sender_relationship: z.enum(SENDER_RELATIONSHIPS),
    subject: z.string().describe('At most 120 code points'),
    body: z.string().describe('The body; under rules v1 its beginning, which ends with `...` if there is more'),
    answered: z.boolean().describe('Whether it was answered in full, or with anything if it asks for nothing'),
    archived: z.boolean().describe('False under rules v1'),
    answers: z
      .array(z.strictObject({ ask: z.string(), state: z.enum(ASK_STATES) }).readonly())
      .readonly()
      .describe('The state of each thing that it asks for, once an answer has said something about it; rules v2'),
  })
  .readonly();

const meeting = z
  .strictObject({
    id: z.string(),
    start: instant,
    end: instant,
    title: z.string().describe('At most 120 code points'),
    priority: z.enum(PRIORITIES),
    location: z.string().nullable(),
    attendees: z.array(z.string()).readonly(),
    movable: z.boolean().nullable().describe('Whether the meeting may be moved; null under rules v1'),
    cancellable: z.boolean().nullable().describe('Whether the meeting may be cancelled; null under rules v1'),
    moved_from: instant.nullable().describe('Its start when the day began, if it was moved since; null under rules v1'),
    clashes_with: ids.describe('Ids of the meetings that share time with this one, travel included; at most 8'),
    further_clashes: z.int().min(0).describe('Number of clashes beyond those that are named'),
  })
  .readonly();

const freeSlot = z
  .strictObject({
    from: instant.nullable().describe('null: the slot has begun'),
    to: instant,
  })
  .readonly();

const contact = z
  .strictObject({
    name: z.string(),
    relationship_type: z.enum(CONTACT_RELATIONSHIPS),
    importance: z.int().min(1).max(5),
    mood: z.enum(MOODS),
    prefers: z.enum(CHANNELS).describe('The channel on which the contact likes to be reached'),
    preferred_before: z
      .enum(CHANNELS)
      .nullable()
      .describe('The channel of the morning, if it is another one now; null under rules v1'),
    unmoved: z.boolean().describe('Whether answers no longer raise the mood of the contact; false under rules v1'),
    takes_work: z.boolean().describe('Whether tasks may be delegated to the contact'),
    max_tasks: z.int().nullable().describe('The number of open tasks that the contact accepts; null under rules v1'),
    skills: z.array(z.string()).readonly().nullable().describe('null under rules v1'),
    works_from: timeOfDay.nullable().describe('null: the contact works at any time'),
    works_to: timeOfDay.nullable(),
    open_tasks: z.int().min(0).describe('Number of open tasks that the contact holds'),
  })
  .readonly();

const task = z
  .strictObject({
    id: z.string(),
    due: instant,
    due_before: instant
      .nullable()
      .describe('The deadline of the morning, if it is another one now; null under rules v1'),
    urgency: z.enum(URGENCIES),
    description: z.string().describe('At most 240 code points'),
    owner: z.string(),
    effort: z.enum(EFFORTS),
    takes_minutes: z.number().nullable().describe('Minutes that the executive needs for it; null under rules v1'),
    priority: z.enum(PRIORITIES).nullable().describe('null under rules v1'),
    skill: z.string().nullable().describe('The skill that the task needs; null if it needs none, and under rules v1'),
    status: z.enum(TASK_STATUSES),
    delegated_to: z.string().nullable(),
    delegated_until: timeOfDay.nullable().describe('Until when the delegate works on it, if the delegate does'),
  })
  .readonly();

const inbox = z
  .strictObject({
    unread: z.int().min(0),
    unanswered: z.int().min(0).describe('Emails that were read, and neither answered nor archived'),
    dealt_with: z.int().min(0).nullable().describe('Emails that were answered or archived; null under rules v1'),
    emails: z
      .array(email)
      .readonly()
      .describe(
        'Each by priority and id: unread emails, those that were read, and under rules v2 those that are dealt with',
      ),
  })
  .readonly();

const calendar = z
  .strictObject({
    clashes: z.int().min(0).describe('Pairs of meetings that share time, past meetings included'),
    meetings: z.array(meeting).readonly().describe('Meetings that are not over, by their start'),
    free: z.array(freeSlot).readonly().nullable().describe('Until the day ends; null under rules v1'),
    travel_minutes: z.number().nullable().describe('From one place to another; null if that takes no time'),
  })
  .readonly();

const people = z
  .strictObject({
    executive: z.string().nullable(),
    contacts: z.array(contact).readonly().describe('By importance, highest first'),
  })
  .readonly();

const tasks = z
  .strictObject({
    overdue: z.int().min(0).describe('Number of open tasks past their deadline'),
    open: z.array(task).readonly().describe('Tasks that are not done, by their deadline'),
  })
  .readonly();

/**
 * The schema (zod) of an observation, for observations that were stored or sent as JSON.
 * @example
 * const observation = observationSchema.parse(JSON.parse(text));
 */
export const observationSchema = z
  .strictObject({
    time: instant,
    day_ends: instant.nullable().describe('null under rules v1'),
    step: z.int().min(0).describe('Steps played'),
    max_steps: z.int().min(1),
    steps_left: z.int().min(0).describe('0 when the episode is over'),
    stress: z.number().min(0).max(100),
    active: z.boolean().describe('False when the episode is over'),
    step_ok: z.boolean().describe('Whether the last action was valid; true after a reset'),
    note: z.string().describe('What the last action did, or why it failed: one line; empty after a reset'),
    news: z.string().describe('What happened meanwhile: one line; empty under rules v1'),
    inbox,
    calendar,
    people,
    tasks,
  })
  .readonly();

/** What a policy sees of an episode. It is immutable: its sections and everything in them are frozen. */
export type Observation = z.output<typeof observationSchema>;
/** Everything but the sections. */
export type ObservedHead = Omit<Observation, 'inbox' | 'calendar' | 'people' | 'tasks'>;
export type ObservedInbox = Observation['inbox'];
export type ObservedCalendar = Observation['calendar'];
export type ObservedPeople = Observation['people'];
export type ObservedTasks = Observation['tasks'];
export type ObservedEmail = ObservedInbox['emails'][number];
export type ObservedMeeting = ObservedCalendar['meetings'][number];
export type ObservedContact = ObservedPeople['contacts'][number];
export type ObservedTask = ObservedTasks['open'][number];
export type FreeSlot = NonNullable<ObservedCalendar['free']>[number];

/** The schemas of the things that the sections list. */
export const observedThings = { email, meeting, contact, task } as const;

/** The JSON Schema (draft 2020-12) of an observation. */
export function observationJsonSchema(): Record<string, unknown> {
  return { title: 'Ghostexec observation', ...z.toJSONSchema(observationSchema) };
}
