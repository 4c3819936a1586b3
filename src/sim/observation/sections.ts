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
import { ALWAYS, Period, type Section, SectionCache } from './section-cache.ts';
import { previewShareOf } from './size.ts';
import { DUE_SOON, instantText, Things } from './things.ts';

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
  private readonly groups: readonly SectionCache<EmailGroup>[];
  /** The index of each email's group while it is unread. */
  private readonly priority: readonly number[];
  private readonly calendars: SectionCache<ObservedCalendar>;
  private readonly crowds: SectionCache<ObservedPeople>;
  private readonly lists: SectionCache<ObservedTasks>;

  constructor(c: CompiledScenario) {
    this.things = new Things(c, previewShareOf(c));
    this.priority = c.world.emails.map(({ priority }) => PRIORITIES.indexOf(priority));
    const isWide = WIDE.test(JSON.stringify(c.world));
    const cacheOf = <T>(linesOf: (content: T) => Lines): SectionCache<T> => {
      return new SectionCache((content) => textOf(linesOf(content), isWide));
    };
    this.groups = [...PRIORITIES, 'unanswered'].map(() => cacheOf(groupLines));
    this.calendars = cacheOf(calendarLines);
    this.crowds = cacheOf(peopleLines);
    this.lists = cacheOf(tasksLines);
  }

  inbox({ c, s }: Episode): InboxSection {
    const { groups, priority } = this;
    for (const { key } of groups) key.clear();
    let unread = 0;
    let unanswered = 0;
    for (const email of c.emailsByPriority) {
      const flags = s.emailFlags[email] ?? 0;
      if ((flags & READ) !== 0 && (flags & REPLIED) !== 0) continue;
      const group = (flags & READ) === 0 ? (priority[email] ?? 0) : UNANSWERED;
      if (group === UNANSWERED) unanswered++;
      else unread++;
      groups[group]?.key.add(email);
    }
    const sections: Section<EmailGroup>[] = [];
    for (let index = 0; index < groups.length; index++) {
      const group = groups[index];
      if (group === undefined || group.key.length === 0) continue;
      sections.push(group.find(0) ?? this.addGroup(group, index !== UNANSWERED));
    }
    return new InboxSection(unread, unanswered, sections);
  }

  private addGroup(group: SectionCache<EmailGroup>, unread: boolean): Section<EmailGroup> {
    const emails = Array.from(group.key.copy(), (email) => this.things.email(email, unread));
    return group.add(Object.freeze(emails), new Period(0));
  }

  calendar(e: Episode): Section<ObservedCalendar> {
    const { calendars, things } = this;
    const { s } = e;
    calendars.key.clear().addWords(s, s.meetingStart).addBytes(s.meetingCancelled);
    const known = calendars.find(s.clock);
    if (known !== undefined) return known;
    const period = new Period(s.clock);
    return calendars.add(calendarOf(e, things, period), period);
  }

  people(e: Episode): Section<ObservedPeople> {
    const { crowds, things } = this;
    const { s } = e;
    const key = crowds.key.clear().addWords(s, s.taskDelegate);
    key.addBytes(s.mood).addBytes(s.preference).addBytes(s.taskStatus);
    return crowds.find(s.clock) ?? crowds.add(peopleOf(e, things), new Period(s.clock));
  }

  tasks(e: Episode): Section<ObservedTasks> {
    const { lists, things } = this;
    const { s } = e;
    const key = lists.key.clear().addWords(s, s.taskUntil).addWords(s, s.taskDeadline).addWords(s, s.taskDelegate);
    key.addBytes(s.taskStatus).addBytes(s.taskHand);
    const known = lists.find(s.clock);
    if (known !== undefined) return known;
    const period = new Period(s.clock);
    return lists.add(tasksOf(e, things, period), period);
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
}

/** The lines of a section in one piece. */
function textOf(lines: Lines, isWide: boolean): string {
  const text = lines.join('');
  return isWide ? widen(text) : text;
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
    const next = s.meetingStart[ahead[place + 1] ?? -1] ?? Number.POSITIVE_INFINITY;
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

/** The next instant that a clock can show. See lib/time.ts: distant instants are multiples of 32 microseconds. */
function nextInstant(instant: number): number {
  return instant + (Math.abs(instant) < 2 ** 53 ? 1 : 32);
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
