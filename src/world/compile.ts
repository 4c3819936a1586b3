/** A compiled scenario with its drift: immutable, and shared by all episodes of a shard. */
import { createHash } from 'node:crypto';
import { groupBy } from '../lib/group.ts';
import { compareCodePoints } from '../lib/text.ts';
import { MINUTE, utcOf } from '../lib/time.ts';
import type { CompiledDriftEvent, Day } from './day.ts';
import { refuseManyShifts } from './references.ts';
import { CHANNELS, type Drift, MOODS, PRIORITIES, type Scenario, TASK_STATUSES } from './schema.ts';
import { AS_IN_FILE, EpisodeState, layoutState, NO_CONTACT, READ, REPLIED, type StateLayout } from './state.ts';

/** A scenario, its drift, and everything that is derived from them once. */
export type CompiledScenario = {
  /** SHA-256 of scenario and drift with all defaults filled in. Scenarios with equal hashes play alike. */
  readonly hash: string;
  readonly world: Scenario;
  readonly drift: Drift | undefined;
  readonly layout: StateLayout;
  readonly emailIndex: ReadonlyMap<string, number>;
  readonly meetingIndex: ReadonlyMap<string, number>;
  readonly contactIndex: ReadonlyMap<string, number>;
  readonly taskIndex: ReadonlyMap<string, number>;
  /** The contact who sent each email, or -1. */
  readonly emailSender: Int32Array;
  /** Critical emails, in file order. */
  readonly criticalEmails: readonly number[];
  /** All emails by priority, then by id in code point order. */
  readonly emailsByPriority: readonly number[];
  /** Start of each meeting as the file states it, an instant in microseconds. */
  readonly meetingStart: Float64Array;
  /** Microseconds. */
  readonly meetingDuration: Float64Array;
  /** The attendees of each meeting who are contacts, as often as they are listed. */
  readonly meetingAttendees: readonly (readonly number[])[];
  readonly importance: Uint8Array;
  /** Every deadline that a task can have: first those of the file, task by task, then those that drift sets. */
  readonly deadlines: readonly { readonly text: string; readonly utc: number }[];
  /** The instants of these deadlines, in microseconds. */
  readonly deadlineInstants: Float64Array;
  readonly driftByStep: ReadonlyMap<number, readonly CompiledDriftEvent[]>;
  /** The place of each meeting, or -1 if it has none. Meetings at the same place have the same number. */
  readonly places: Int32Array;
  /** Travel time from one place to another, in microseconds; 0 under rules v1. */
  readonly travel: number;
  /** Obligations and events; rules v2 only. */
  readonly day: Day | undefined;
  /** The region of a new episode; see `writeInitialState`. */
  readonly initialRegion: Uint8Array;
};

/** SHA-256 of the documents. */
export function hashOf(world: Scenario, drift?: Drift): string {
  return createHash('sha256')
    .update(JSON.stringify([world, drift ?? null]))
    .digest('hex');
}

/**
 * Compiles validated documents for rules v1. Equal input gives an equal result.
 * @throws ValidationError if the scenario would exceed a limit of references.ts
 */
export function compileScenario(world: Scenario, drift?: Drift): CompiledScenario {
  const contactIndex = indexBy(world.contacts.map((contact) => contact.name));
  const taskIndex = indexBy(world.tasks.map((task) => task.id));
  const deadlines = world.tasks.map((task) => ({ text: task.deadline, utc: utcOf(task.deadline) }));
  const driftByStep = new Map<number, CompiledDriftEvent[]>();
  refuseManyShifts(world.meetings.length, drift?.events ?? []);
  const emailsFrom = groupBy(world.emails.keys(), (email) => world.emails[email]?.sender);
  for (const event of drift?.events ?? []) {
    const { set_contact_preference: preference, set_task_deadline: deadline, set_contact_mood: mood } = event;
    const silenced = new Set(event.suppress_reply_relationship_for_senders ?? []);
    const preferenceContact = preference ? contactIndex.get(preference.name) : undefined;
    const moodContact = mood ? contactIndex.get(mood.name) : undefined;
    const moodValue = (MOODS as readonly string[]).indexOf(mood?.mood ?? '');
    const task = deadline ? taskIndex.get(deadline.task_id) : undefined;
    const compiled: CompiledDriftEvent = {
      shiftHours: event.shift_all_meetings_hours ?? undefined,
      preference:
        preference && preferenceContact !== undefined
          ? { contact: preferenceContact, value: CHANNELS.indexOf(preference.communication_preference) }
          : undefined,
      deadline: deadline && task !== undefined ? { task, entry: deadlines.length } : undefined,
      suppressedEmails: [...silenced].flatMap((sender) =>
        emailsFrom.has(sender) ? [emailsFrom.get(sender) ?? []] : [],
      ),
      mood: moodContact !== undefined && moodValue >= 0 ? { contact: moodContact, value: moodValue } : undefined,
    };
    if (deadline && task !== undefined) deadlines.push({ text: deadline.deadline, utc: utcOf(deadline.deadline) });
    const events = driftByStep.get(event.after_step);
    if (events === undefined) driftByStep.set(event.after_step, [compiled]);
    else events.push(compiled);
  }
  const layout = layoutState({
    emails: world.emails.length,
    meetings: world.meetings.length,
    contacts: world.contacts.length,
    tasks: world.tasks.length,
  });
  const urgency = new Map<string, number>(PRIORITIES.map((priority, index) => [priority, index]));
  const contactsNamed = (names: readonly string[]): number[] =>
    names.flatMap((name) => {
      const contact = contactIndex.get(name);
      return contact === undefined ? [] : [contact];
    });
  return Object.freeze({
    hash: hashOf(world, drift),
    world,
    drift,
    layout,
    emailIndex: indexBy(world.emails.map((email) => email.id)),
    meetingIndex: indexBy(world.meetings.map((meeting) => meeting.id)),
    contactIndex,
    taskIndex,
    emailSender: Int32Array.from(world.emails, (email) => contactIndex.get(email.sender) ?? -1),
    criticalEmails: world.emails.flatMap((email, index) => (email.priority === 'critical' ? [index] : [])),
    emailsByPriority: world.emails
      .map((email, index) => ({ index, id: email.id, urgency: urgency.get(email.priority) ?? 0 }))
      .sort((a, b) => a.urgency - b.urgency || compareCodePoints(a.id, b.id))
      .map(({ index }) => index),
    meetingStart: Float64Array.from(world.meetings, (meeting) => utcOf(meeting.start)),
    meetingDuration: Float64Array.from(world.meetings, (meeting) => meeting.duration_minutes * MINUTE),
    meetingAttendees: world.meetings.map((meeting) => contactsNamed(meeting.attendees)),
    importance: Uint8Array.from(world.contacts, (contact) => contact.importance),
    deadlines,
    deadlineInstants: Float64Array.from(deadlines, ({ utc }) => utc),
    driftByStep,
    places: new Int32Array(world.meetings.length).fill(-1),
    travel: 0,
    day: undefined,
    initialRegion: initialState(world, layout, contactIndex).region,
  });
}

/** The state of a new episode as the scenario states it. */
export function initialState(
  world: Scenario,
  layout: StateLayout,
  contacts: ReadonlyMap<string, number>,
): EpisodeState {
  const state = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  state.clock = utcOf(world.simulation_time);
  state.stress = world.stress;
  state.active = world.episode_active;
  state.stepOk = true;
  world.emails.forEach((email, index) => {
    state.emailFlags[index] = (email.read ? READ : 0) | (email.replied ? REPLIED : 0);
  });
  world.meetings.forEach((meeting, index) => {
    state.meetingStart[index] = utcOf(meeting.start);
    state.meetingCancelled[index] = Number(meeting.cancelled);
  });
  world.contacts.forEach((contact, index) => {
    state.mood[index] = MOODS.indexOf(contact.mood);
    state.preference[index] = CHANNELS.indexOf(contact.communication_preference);
  });
  world.tasks.forEach((task, index) => {
    state.taskStatus[index] = TASK_STATUSES.indexOf(task.status);
    state.taskDeadline[index] = index;
    state.taskDelegate[index] =
      task.delegated_to === null ? NO_CONTACT : (contacts.get(task.delegated_to) ?? AS_IN_FILE);
  });
  return state;
}

function indexBy(keys: readonly string[]): Map<string, number> {
  return new Map(keys.map((key, index) => [key, index]));
}

/** A scenario without the additions of rules v2, for rules v1. */
export function stripV2(world: Scenario): Scenario {
  const { executive: _, day_end: __, travel_minutes: ___, events: ____, ...rest } = world;
  return {
    ...rest,
    emails: world.emails.map(({ asks: _, reply: __, deny: ___, ...email }) => email),
    meetings: world.meetings.map(({ movable: _, cancellable: __, ...meeting }) => meeting),
    contacts: world.contacts.map(
      ({ skills: _, load_limit: __, working_hours: ___, response_minutes: ____, deny: _____, ...contact }) => contact,
    ),
    tasks: world.tasks.map(({ priority: _, skill: __, ...task }) => task),
  };
}
