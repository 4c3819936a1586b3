/**
 * The sections of the observations of a scenario. A section in the same state is the same object, in every episode of the
 * thread: the episodes of a group pass through the same states again and again.
 */

import type { CompiledScenario } from '../../world/compile.ts';
import { DONE, deadlineOf, meetingEnd } from '../../world/facts.ts';
import { PRIORITIES } from '../../world/schema.ts';
import { NO_CONTACT, READ, REPLIED } from '../../world/state.ts';
import type { Episode } from '../episode.ts';
import { keptFor } from '../kept.ts';
import { calendarLines, groupLines, inboxTitle, type Lines, peopleLines, tasksLines } from './briefing.ts';
import type {
  FreeSlot,
  ObservedCalendar,
  ObservedEmail,
  ObservedInbox,
  ObservedMeeting,
  ObservedPeople,
  ObservedTask,
  ObservedTasks,
} from './observation.ts';
import { previewShareOf } from './size.ts';
import { DUE_SOON, instantText, Things } from './things.ts';

/** The maximum number of characters of the keys and texts that a thread keeps. */
const MAX_KEPT = 2 ** 25;
/** Characters that a section counts as, besides its key and its text. */
const SECTION = 500;

/** The characters that are kept, and how often everything was forgotten. */
const memory = { used: 0, generation: 0 };

/** How often all sections of the thread were forgotten. */
export function sectionGeneration(): number {
  return memory.generation;
}

let nextId = 1;

function take(characters: number): void {
  memory.used += characters;
  if (memory.used < MAX_KEPT) return;
  memory.used = 0;
  memory.generation++;
}

const ALWAYS = Number.NEGATIVE_INFINITY;
const NEVER = Number.POSITIVE_INFINITY;

/** The longest period around an instant without a change: from one instant on, and before another one. */
class Period {
  from = ALWAYS;
  until = NEVER;
  private readonly now: number;

  constructor(now: number) {
    this.now = now;
  }

  changesAt(instant: number): void {
    if (instant <= this.now) this.from = Math.max(this.from, instant);
    else this.until = Math.min(this.until, instant);
  }
}

/** The next instant that a clock can show. See lib/time.ts: distant instants are multiples of 32 microseconds. */
function nextInstant(instant: number): number {
  return instant + (Math.abs(instant) < 2 ** 53 ? 1 : 32);
}

/** A section of an observation, and the same as text. */
export class Section<T> {
  /** The bytes of the state that the section shows. */
  readonly key: string;
  readonly content: T;
  /** A number that no other section of the thread has. */
  readonly id = nextId++;
  private readonly period: Period;
  private readonly write: () => string;
  private written: string | undefined;
  private escaped: Buffer | undefined;

  constructor(key: string, content: T, period: Period, write: () => string) {
    this.key = key;
    this.content = content;
    this.period = period;
    this.write = write;
  }

  /** Whether the section is the same at this time if nothing else has changed. */
  covers(clock: number): boolean {
    return this.period.from <= clock && clock < this.period.until;
  }

  get text(): string {
    if (this.written === undefined) {
      this.written = this.write();
      take(this.written.length);
    }
    return this.written;
  }

  /** The text in UTF-8, escaped for a JSON string. */
  get json(): Buffer {
    if (this.escaped === undefined) {
      this.escaped = Buffer.from(JSON.stringify(this.text).slice(1, -1));
      take(this.escaped.length);
    }
    return this.escaped;
  }
}

/** Sections by the bytes of the state that they show. A key has a section for each period. */
class SectionCache<T> {
  private readonly known = new Map<string, Section<T>[]>();
  private generation = memory.generation;

  find(key: string, clock: number): Section<T> | undefined {
    if (this.generation !== memory.generation) {
      this.known.clear();
      this.generation = memory.generation;
    }
    const sections = this.known.get(key);
    if (sections === undefined) return undefined;
    for (const section of sections) if (section.covers(clock)) return section;
    return undefined;
  }

  add(section: Section<T>): Section<T> {
    const sections = this.known.get(section.key);
    if (sections === undefined) this.known.set(section.key, [section]);
    else sections.push(section);
    take(section.key.length + SECTION);
    return section;
  }
}

/** Emails under the same title. */
type EmailGroup = readonly ObservedEmail[];

/**
 * An inbox: its title, and a section for each group of emails. Inboxes take far more different states than their groups, so
 * only groups are kept.
 */
export class InboxSection {
  readonly title: string;
  readonly groups: readonly Section<EmailGroup>[];
  private readonly unread: number;
  private readonly unanswered: number;
  private made: ObservedInbox | undefined;

  constructor(unread: number, unanswered: number, groups: readonly Section<EmailGroup>[]) {
    this.title = inboxTitle(unread, unanswered);
    this.groups = groups;
    this.unread = unread;
    this.unanswered = unanswered;
  }

  get content(): ObservedInbox {
    this.made ??= Object.freeze({
      unread: this.unread,
      unanswered: this.unanswered,
      emails: Object.freeze(this.groups.flatMap(({ content }) => content)),
    });
    return this.made;
  }
}

/** The index of the group of emails that were read and not answered. */
const UNANSWERED = PRIORITIES.length;

/** The sections of one scenario. */
export class Sections {
  private readonly things: Things;
  /** Unread emails of each priority, and emails that were read and not answered. */
  private readonly groups = [...PRIORITIES, 'unanswered'].map(() => new SectionCache<EmailGroup>());
  private readonly priority: readonly number[];
  private readonly isWide: boolean;
  private readonly calendars = new SectionCache<ObservedCalendar>();
  private readonly crowds = new SectionCache<ObservedPeople>();
  private readonly lists = new SectionCache<ObservedTasks>();

  constructor(c: CompiledScenario) {
    this.things = new Things(c, previewShareOf(c));
    this.isWide = WIDE.test(JSON.stringify(c.world));
    this.priority = c.world.emails.map(({ priority }) => PRIORITIES.indexOf(priority));
  }

  inbox({ c, s }: Episode): InboxSection {
    /** The emails of each group, one character each: texts are cheaper to look up than lists. */
    const keys = ['', '', '', '', ''];
    let unread = 0;
    let unanswered = 0;
    for (const email of c.emailsByPriority) {
      const flags = s.emailFlags[email] ?? 0;
      if ((flags & READ) !== 0 && (flags & REPLIED) !== 0) continue;
      const group = (flags & READ) === 0 ? (this.priority[email] ?? 0) : UNANSWERED;
      if (group === UNANSWERED) unanswered++;
      else unread++;
      keys[group] += String.fromCharCode(email);
    }
    const groups: Section<EmailGroup>[] = [];
    for (let group = 0; group < keys.length; group++) {
      const key = keys[group] ?? '';
      if (key !== '') groups.push(this.group(group, key));
    }
    return new InboxSection(unread, unanswered, groups);
  }

  private group(group: number, key: string): Section<EmailGroup> {
    const cache = this.groups[group];
    const known = cache?.find(key, 0);
    if (known !== undefined) return known;
    const emails = key.split('').map((email) => this.things.email(email.charCodeAt(0), group !== UNANSWERED));
    const made = this.section<EmailGroup>(key, Object.freeze(emails), new Period(0), groupLines);
    cache?.add(made);
    return made;
  }

  // The same as data, made again.

  seeInbox({ c, s }: Episode): ObservedInbox {
    const unread: ObservedEmail[] = [];
    const unanswered: ObservedEmail[] = [];
    for (const email of c.emailsByPriority) {
      const flags = s.emailFlags[email] ?? 0;
      if ((flags & READ) === 0) unread.push(this.things.email(email, true));
      else if ((flags & REPLIED) === 0) unanswered.push(this.things.email(email, false));
    }
    return { unread: unread.length, unanswered: unanswered.length, emails: unread.concat(unanswered) };
  }

  seeCalendar(e: Episode): ObservedCalendar {
    return calendarOf(e, this.things, new Period(e.s.clock));
  }

  seePeople(e: Episode): ObservedPeople {
    return peopleOf(e, this.things);
  }

  seeTasks(e: Episode): ObservedTasks {
    return tasksOf(e, this.things, new Period(e.s.clock));
  }

  calendar(e: Episode, key = calendarKey(e)): Section<ObservedCalendar> {
    const known = this.calendars.find(key, e.s.clock);
    if (known !== undefined) return known;
    const period = new Period(e.s.clock);
    return this.calendars.add(this.section(key, calendarOf(e, this.things, period), period, calendarLines));
  }

  people(e: Episode): Section<ObservedPeople> {
    const { s } = e;
    const key = s.textOf(s.mood) + s.textOf(s.preference, s.taskStatus) + s.textOf(s.taskDelegate);
    const known = this.crowds.find(key, s.clock);
    return known ?? this.crowds.add(this.section(key, peopleOf(e, this.things), new Period(s.clock), peopleLines));
  }

  tasks(e: Episode, key = tasksKey(e)): Section<ObservedTasks> {
    const known = this.lists.find(key, e.s.clock);
    if (known !== undefined) return known;
    const period = new Period(e.s.clock);
    return this.lists.add(this.section(key, tasksOf(e, this.things, period), period, tasksLines));
  }

  private section<T>(key: string, content: T, period: Period, linesOf: (content: T) => Lines): Section<T> {
    const write = (): string => {
      const text = linesOf(content).join('');
      return this.isWide ? widen(text) : text;
    };
    return new Section(key, content, period, write);
  }
}

/**
 * The same text with two bytes for each character. V8 joins such texts by copying; if only some parts of a briefing had two
 * bytes, the others would be converted for each briefing.
 */
function widen(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Matches a character that takes two bytes. */
const WIDE = /[^\0-\xff]/;

function calendarKey({ s }: Episode): string {
  return s.textOf(s.meetingStart) + s.textOf(s.meetingCancelled);
}

function tasksKey({ s }: Episode): string {
  return (
    s.textOf(s.taskStatus) + s.textOf(s.taskHand) + s.textOf(s.taskUntil) + s.textOf(s.taskDeadline, s.taskDelegate)
  );
}

/** The sections of a scenario; one object for each scenario of the thread. */
export const sectionsOf = keptFor((c) => new Sections(c));

function calendarOf(e: Episode, things: Things, period: Period): ObservedCalendar {
  const { c, s, pairs } = e;
  const ahead: number[] = [];
  /** The end of the last of the preceding meetings. */
  let busyUntil = ALWAYS;
  for (const meeting of things.meetingOrder) {
    if (s.meetingCancelled[meeting] !== 0) continue;
    const end = meetingEnd(c, s, meeting);
    period.changesAt(end);
    if (c.day !== undefined) period.changesAt(s.meetingStart[meeting] ?? 0);
    if (end > s.clock) insertByKey(ahead, meeting, s.meetingStart);
    else if (end > busyUntil) busyUntil = end;
  }
  if (c.day !== undefined) period.changesAt(c.day.end);
  const meetings: ObservedMeeting[] = [];
  for (let place = 0; place < ahead.length; place++) {
    const meeting = ahead[place] ?? 0;
    const end = meetingEnd(c, s, meeting);
    // In the order of starts, a meeting that clashes overlaps with the next one, or begins before the preceding ones have ended.
    const next = s.meetingStart[ahead[place + 1] ?? -1] ?? NEVER;
    const mayClash = pairs > 0 && ((s.meetingStart[meeting] ?? 0) < busyUntil + c.travel || next < end + c.travel);
    meetings.push(things.meeting(s, meeting, mayClash));
    if (end > busyUntil) busyUntil = end;
  }
  return Object.freeze({
    clashes: pairs,
    meetings: Object.freeze(meetings),
    free: c.day === undefined ? null : freeSlots(e, ahead, c.day.end),
    travel_minutes: things.travelMinutes,
  });
}

/** @param ahead The meetings that are not over, by their start. */
function freeSlots({ c, s }: Episode, ahead: readonly number[], dayEnd: number): readonly FreeSlot[] {
  const slots: FreeSlot[] = [];
  const now = s.clock;
  let from = now;
  const add = (to: number): void => {
    slots.push(Object.freeze({ from: from <= now ? null : instantText(from), to: instantText(to) }));
  };
  for (const meeting of ahead) {
    const start = s.meetingStart[meeting] ?? 0;
    if (start >= dayEnd) break;
    if (start > from) add(start);
    from = Math.max(from, meetingEnd(c, s, meeting));
  }
  if (from < dayEnd) add(dayEnd);
  return Object.freeze(slots);
}

function peopleOf({ c, s }: Episode, things: Things): ObservedPeople {
  const open = new Map<number, number>();
  for (let task = 0; task < c.layout.tasks; task++) {
    const delegate = s.taskDelegate[task] ?? NO_CONTACT;
    if (delegate >= 0 && s.taskStatus[task] !== DONE) open.set(delegate, (open.get(delegate) ?? 0) + 1);
  }
  const contacts = things.contactOrder.map((contact) => things.contact(s, contact, open.get(contact) ?? 0));
  return Object.freeze({ executive: things.executive, contacts: Object.freeze(contacts) });
}

function tasksOf({ c, s }: Episode, things: Things, period: Period): ObservedTasks {
  const order: number[] = [];
  const due = new Float64Array(c.layout.tasks);
  for (const task of things.taskOrder) {
    if (s.taskStatus[task] === DONE) continue;
    due[task] = deadlineOf(c, s, task);
    insertByKey(order, task, due);
  }
  const open: ObservedTask[] = [];
  let overdue = 0;
  for (const task of order) {
    const at = due[task] ?? 0;
    const left = at - s.clock;
    if (left < 0) overdue++;
    period.changesAt(at - DUE_SOON);
    period.changesAt(nextInstant(at));
    open.push(things.task(s, task, left < 0 ? 'overdue' : left <= DUE_SOON ? 'soon' : 'later'));
  }
  return Object.freeze({ overdue, open: Object.freeze(open) });
}

/** Inserts an index into a list that is sorted by key, then by index. Cheap if its place is near the end. */
function insertByKey(list: number[], index: number, key: Float64Array): void {
  let at = list.length;
  const own = key[index] ?? 0;
  for (; at > 0; at--) {
    const other = list[at - 1] ?? 0;
    if ((own - (key[other] ?? 0) || index - other) > 0) break;
    list[at] = other;
  }
  list[at] = index;
}
