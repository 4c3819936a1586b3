/**
 * The emails, meetings, contacts and tasks of a scenario as an observation shows them. A thing in the same state is the same
 * object, so that its line in the briefing is written once.
 */
import { clip, oneLine } from '../../lib/text.ts';
import { DAY, formatClock, formatTime, HOUR, MINUTE, minuteOfDay } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { ASK_STATES, WORKS } from '../../world/day.ts';
import { countOverlapsOf, deadlineOf, overlap } from '../../world/facts.ts';
import { CHANNELS, MAX_BODY, MOODS, TASK_STATUSES } from '../../world/schema.ts';
import {
  ARCHIVED,
  AS_IN_FILE,
  EMAIL_FLAGS,
  type EpisodeState,
  NO_CONTACT,
  READ,
  REPLIED,
  SUPPRESSED,
} from '../../world/state.ts';
import {
  type ObservedContact,
  type ObservedEmail,
  type ObservedMeeting,
  type ObservedTask,
  URGENCIES,
} from './observation.ts';
import { ByNumbers } from './section-cache.ts';

/** Number of code points of an email's body that rules v1 show, by priority. */
export const PREVIEW_LENGTHS: Readonly<Record<ObservedEmail['priority'], number>> = {
  critical: 400,
  high: 280,
  normal: 160,
  low: 90,
};
const MAX_SUBJECT = 120;
const MAX_DESCRIPTION = 240;
/** The maximum number of clashing meetings that the line of a meeting names. */
export const MAX_CLASHES_NAMED = 8;
/** A task is due soon if at most this time, in microseconds, is left until its deadline. */
export const DUE_SOON = 2 * HOUR;
const LATER = URGENCIES.indexOf('later');
const SOON = URGENCIES.indexOf('soon');
const OVERDUE = URGENCIES.indexOf('overdue');
/** Under rules v1, work is given only to contacts of these relationships. */
const WORKING_RELATIONSHIPS: ReadonlySet<string> = new Set(['direct_report', 'team_member']);

/** The maximum number of cached values of one kind: a task may have very many states. */
const MAX_KNOWN = 4_096;

/** A text as it is shown: on one line, in well-formed Unicode. */
export function shown(text: string): string {
  return oneLine(text).toWellFormed();
}

function keep<K, T>(known: Map<K, T>, key: K, value: T): T {
  if (known.size === MAX_KNOWN) known.clear();
  known.set(key, Object.freeze(value));
  return value;
}

const instants = new Map<number, string>();

/** An instant as text, rounded down to the minute. */
export function instantText(utc: number): string {
  const minute = Math.floor(utc / MINUTE);
  return instants.get(minute) ?? keep(instants, minute, formatTime(minute * MINUTE));
}

/** The things of one scenario. */
export class Things {
  /** Contacts by importance, highest first; meetings by their start in the file, tasks by their deadline there. */
  readonly contactOrder: readonly number[];
  readonly meetingOrder: readonly number[];
  readonly taskOrder: readonly number[];
  /** Whose day it is, and how long the way between two places takes; null if the rules do not state it. */
  readonly executive: string | null;
  readonly travelMinutes: number | null;
  private readonly c: CompiledScenario;
  private readonly emails: ObservedEmail[] = [];
  /** Emails that were answered or archived, or of which an ask was answered. */
  private readonly touched = new Map<number, ObservedEmail>();
  /** Meetings as in the file, and meetings that were moved or clash. */
  private readonly planned: ObservedMeeting[] = [];
  private readonly meetings = new ByNumbers<ObservedMeeting>();
  private readonly contacts = new Map<number, ObservedContact>();
  private readonly tasks = new Map<number, ObservedTask>();
  /** The emails of each contact. */
  private readonly emailsOf: readonly (readonly number[])[];
  /** The share of an email's preview that is shown. */
  private readonly previewShare: number;

  constructor(c: CompiledScenario, previewShare: number) {
    const { contacts, tasks, executive } = c.world;
    this.c = c;
    this.previewShare = previewShare;
    this.executive = c.day === undefined || executive === undefined ? null : clip(shown(executive), MAX_SUBJECT);
    const emailsOf = contacts.map((): number[] => []);
    for (const [email, contact] of c.emailSender.entries()) emailsOf[contact]?.push(email);
    this.emailsOf = emailsOf;
    this.travelMinutes = c.travel > 0 ? c.travel / MINUTE : null;
    this.contactOrder = orderBy(contacts.map(({ importance }) => -importance));
    this.meetingOrder = orderBy(c.meetingStart);
    this.taskOrder = orderBy(c.deadlineInstants.subarray(0, tasks.length));
  }

  email(s: EpisodeState, index: number): ObservedEmail {
    const flags = s.emailFlags[index] ?? 0;
    const states = this.askStates(s, index);
    if (this.c.day === undefined || ((flags & (REPLIED | ARCHIVED)) === 0 && states === 0)) {
      const unread = (flags & READ) === 0;
      const place = index * 2 + Number(unread);
      this.emails[place] ??= Object.freeze(this.makeEmail(index, unread));
      return this.emails[place];
    }
    const key = (states * EMAIL_FLAGS + flags) * this.c.layout.emails + index;
    return this.touched.get(key) ?? keep(this.touched, key, this.touchedEmail(s, index));
  }

  /** The states of the asks of an email as one number, 0 if all are open. */
  askStates(s: EpisodeState, email: number): number {
    const { day } = this.c;
    const o = day?.replyOf[email] ?? -1;
    if (day === undefined || o < 0) return 0;
    const end = day.askStart[o + 1] ?? 0;
    let states = 0;
    for (let ask = day.askStart[o] ?? 0; ask < end; ask++) states = states * ASK_STATES.length + (s.ask[ask] ?? 0);
    return states;
  }

  private touchedEmail(s: EpisodeState, index: number): ObservedEmail {
    const { day, world } = this.c;
    const { asks = [] } = must(world.emails[index]);
    const flags = s.emailFlags[index] ?? 0;
    const first = day?.askStart[day.replyOf[index] ?? -1] ?? 0;
    const answers =
      this.askStates(s, index) === 0
        ? []
        : asks.map(({ id }, ask) =>
            Object.freeze({ ask: shown(id), state: must(ASK_STATES[s.ask[first + ask] ?? 0]) }),
          );
    return {
      ...this.makeEmail(index, (flags & READ) === 0),
      answered: (flags & REPLIED) !== 0,
      archived: (flags & ARCHIVED) !== 0,
      answers: Object.freeze(answers),
    };
  }

  /** @param mayClash Whether the meeting may overlap with another one. */
  meeting(s: EpisodeState, index: number, mayClash: boolean): ObservedMeeting {
    const { c, meetings } = this;
    const start = s.meetingStart[index] ?? 0;
    const clashes = mayClash ? clashesOf(c, s, index) : NO_CLASHES;
    if (clashes.named.length === 0 && start === c.meetingStart[index]) {
      return this.plannedMeeting(index);
    }
    const { key } = meetings;
    key
      .clear()
      .add(index)
      .add(Math.floor(start / 2 ** 32))
      .add(start)
      .add(clashes.further);
    for (const other of clashes.named) key.add(other);
    const known = meetings.find();
    if (known !== undefined) return known;
    if (meetings.size === MAX_KNOWN) meetings.clear();
    return meetings.add(Object.freeze(this.changedMeeting(index, start, clashes)));
  }

  contact(s: EpisodeState, index: number, openTasks: number): ObservedContact {
    const unmoved = this.isUnmoved(s, index);
    const mood = s.mood[index] ?? 0;
    const preference = s.preference[index] ?? 0;
    const feeling = (index * MOODS.length + mood) * CHANNELS.length + preference;
    const key = (feeling * (this.c.layout.tasks + 1) + openTasks) * 2 + Number(unmoved);
    const { contacts } = this;
    return contacts.get(key) ?? keep(contacts, key, this.makeContact(index, mood, preference, openTasks, unmoved));
  }

  task(s: EpisodeState, index: number): ObservedTask {
    const { c, tasks } = this;
    const delegate = s.taskDelegate[index] ?? NO_CONTACT;
    const works = delegate !== NO_CONTACT && s.taskHand[index] === WORKS;
    const until = works ? 1 + minuteOfDay(s.taskUntil[index] ?? 0) : 0;
    const left = deadlineOf(c, s, index) - s.clock;
    const urgency = left < 0 ? OVERDUE : left <= DUE_SOON ? SOON : LATER;
    let key = index * c.deadlines.length + (s.taskDeadline[index] ?? 0);
    key = key * TASK_STATUSES.length + (s.taskStatus[index] ?? 0);
    key = key * URGENCIES.length + urgency;
    key = key * (c.layout.contacts - AS_IN_FILE) + delegate - AS_IN_FILE;
    key = key * (1 + DAY / MINUTE) + until;
    return tasks.get(key) ?? keep(tasks, key, this.makeTask(s, index, must(URGENCIES[urgency])));
  }

  private makeEmail(index: number, unread: boolean): ObservedEmail {
    const { c } = this;
    const { id, sender, sender_relationship, subject, body, priority } = must(c.world.emails[index]);
    const length = c.day === undefined ? PREVIEW_LENGTHS[priority] : MAX_BODY;
    return {
      id,
      priority,
      unread,
      sender: shown(sender),
      sender_relationship,
      subject: clip(shown(subject), MAX_SUBJECT),
      body: clip(shown(body), Math.floor(length * this.previewShare)),
      answered: false,
      archived: false,
      answers: Object.freeze([]),
    };
  }

  /** A meeting as in the file, without clashes. */
  private plannedMeeting(index: number): ObservedMeeting {
    const known = this.planned[index];
    if (known !== undefined) return known;
    const { c } = this;
    const { id, title, priority, location, attendees } = must(c.world.meetings[index]);
    const start = c.meetingStart[index] ?? 0;
    const meeting = Object.freeze({
      id,
      start: instantText(start),
      end: instantText(start + (c.meetingDuration[index] ?? 0)),
      title: clip(shown(title), MAX_SUBJECT),
      priority,
      location: location === '' ? null : shown(location),
      attendees: Object.freeze(attendees.map(shown)),
      movable: c.day?.movable[index] ?? null,
      cancellable: c.day?.cancellable[index] ?? null,
      moved_from: null,
      clashes_with: Object.freeze([]),
      further_clashes: 0,
    });
    this.planned[index] = meeting;
    return meeting;
  }

  private changedMeeting(index: number, start: number, { named, further }: Clashes): ObservedMeeting {
    const { meetingDuration, meetingStart, world, day } = this.c;
    const planned = this.plannedMeeting(index);
    return {
      ...planned,
      start: instantText(start),
      moved_from: day === undefined || start === meetingStart[index] ? null : planned.start,
      end: instantText(start + (meetingDuration[index] ?? 0)),
      clashes_with: Object.freeze(named.map((other) => must(world.meetings[other]).id)),
      further_clashes: further,
    };
  }

  /** Whether drift has silenced a contact: all answers to their emails move nothing. */
  private isUnmoved({ emailFlags }: EpisodeState, contact: number): boolean {
    return (
      this.c.day !== undefined &&
      this.emailsOf[contact]?.some((email) => ((emailFlags[email] ?? 0) & SUPPRESSED) !== 0) === true
    );
  }

  private makeContact(
    index: number,
    mood: number,
    preference: number,
    openTasks: number,
    unmoved: boolean,
  ): ObservedContact {
    const { day, world } = this.c;
    const { name, relationship_type, importance, communication_preference, skills = [] } = must(world.contacts[index]);
    const prefers = must(CHANNELS[preference]);
    const limit = day?.loadLimit[index] ?? 0;
    const from = day?.worksFrom[index] ?? 0;
    const to = day?.worksTo[index] ?? DAY;
    const hasHours = to - from < DAY;
    return {
      name: shown(name),
      relationship_type,
      importance,
      mood: must(MOODS[mood]),
      prefers,
      preferred_before: day === undefined || prefers === communication_preference ? null : communication_preference,
      unmoved,
      takes_work: day === undefined ? WORKING_RELATIONSHIPS.has(relationship_type) : limit > 0,
      max_tasks: day === undefined ? null : limit,
      skills: day === undefined ? null : Object.freeze(limit === 0 ? [] : skills.map(shown)),
      works_from: hasHours ? formatClock(from) : null,
      works_to: hasHours ? formatClock(to) : null,
      open_tasks: openTasks,
    };
  }

  private makeTask(s: EpisodeState, index: number, urgency: ObservedTask['urgency']): ObservedTask {
    const { c } = this;
    const delegate = s.taskDelegate[index] ?? NO_CONTACT;
    const works = delegate !== NO_CONTACT && s.taskHand[index] === WORKS;
    const { day, world } = c;
    const { id, description, owner, effort, priority, skill, delegated_to } = must(world.tasks[index]);
    const holder = delegate === AS_IN_FILE ? delegated_to : world.contacts[delegate]?.name;
    return {
      id,
      due: instantText(deadlineOf(c, s, index)),
      due_before:
        day === undefined || s.taskDeadline[index] === index ? null : instantText(must(c.deadlines[index]).utc),
      urgency,
      description: clip(shown(description), MAX_DESCRIPTION),
      owner: shown(owner),
      effort,
      takes_minutes: day === undefined ? null : (day.takes[index] ?? 0) / MINUTE,
      priority: day === undefined ? null : (priority ?? 'normal'),
      skill: day === undefined || skill === undefined ? null : shown(skill),
      status: must(TASK_STATUSES[s.taskStatus[index] ?? 0]),
      delegated_to: delegate === NO_CONTACT ? null : shown(holder ?? ''),
      delegated_until: works ? formatClock(s.taskUntil[index] ?? 0) : null,
    };
  }
}

/** The clashes of a meeting: the indices of those that are named, and the number of the others. */
type Clashes = { readonly named: readonly number[]; readonly further: number };

const NO_CLASHES: Clashes = { named: [], further: 0 };

function clashesOf(c: CompiledScenario, s: EpisodeState, meeting: number): Clashes {
  const all = countOverlapsOf(c, s, meeting);
  if (all === 0) return NO_CLASHES;
  const most = Math.min(all, MAX_CLASHES_NAMED);
  const named: number[] = [];
  for (let other = 0; named.length < most; other++) {
    if (other !== meeting && overlap(c, s, meeting, other)) named.push(other);
  }
  return { named, further: all - most };
}

/** Indices by ascending key, then by index. */
function orderBy(keys: ArrayLike<number>): number[] {
  const order = Array.from(keys, (key, index) => ({ key, index }));
  order.sort((a, b) => a.key - b.key || a.index - b.index);
  return order.map(({ index }) => index);
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('the scenario has no such thing');
  return value;
}
