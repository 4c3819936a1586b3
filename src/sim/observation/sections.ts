/**
 * The sections of the observations of a scenario. A section in the same state is the same object, in every episode of the
 * thread: the episodes of a group pass through the same states again and again.
 */

import type { CompiledScenario } from '../../world/compile.ts';
import { DONE, deadlineOf, meetingEnd } from '../../world/facts.ts';
import { keptFor } from '../../world/kept.ts';
import { PRIORITIES } from '../../world/schema.ts';
import { ARCHIVED, type EpisodeState, HIDDEN, NO_CONTACT, READ, REPLIED, SUPPRESSED } from '../../world/state.ts';
import type { Episode } from '../episode.ts';
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
import { ALWAYS, KeptByNumbers, Period, type Section, SectionCache } from './section-cache.ts';
import { previewShareOf } from './size.ts';
import { DUE_SOON, instantText, Things } from './things.ts';

/** Emails under the same title. */
type EmailGroup = readonly ObservedEmail[];

/** An inbox: its title, and a section for each group of emails. */
export class InboxSection {
  readonly title: string;
  readonly groups: readonly Section<EmailGroup>[];
  private readonly counts: Omit<ObservedInbox, 'emails'>;
  private made: ObservedInbox | undefined;

  constructor(counts: Omit<ObservedInbox, 'emails'>, groups: readonly Section<EmailGroup>[]) {
    this.title = inboxTitle(counts);
    this.groups = groups;
    this.counts = counts;
  }

  get content(): ObservedInbox {
    if (this.made === undefined) {
      const emails: ObservedEmail[] = [];
      for (const { content } of this.groups) emails.push(...content);
      this.made = Object.freeze({ ...this.counts, emails: Object.freeze(emails) });
    }
    return this.made;
  }
}

/** The bytes of an inbox besides the list of its emails, measured. */
const INBOX = 700;

/** The indices of the groups of emails that were read, and that are dealt with. The latter are shown by rules v2 alone. */
const UNANSWERED = PRIORITIES.length;
const DEALT_WITH = UNANSWERED + 1;

/** The sections of one scenario. */
export class Sections {
  private readonly things: Things;
  /** Unread emails of each priority, emails that were read, and emails that are dealt with. */
  private readonly groups: readonly SectionCache<EmailGroup>[];
  /** The index of each email's group while it is unread. */
  private readonly priority: readonly number[];
  private readonly inboxes = new KeptByNumbers<InboxSection>();
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
    this.groups = Array.from({ length: DEALT_WITH + 1 }, () => cacheOf(groupLines));
    this.calendars = cacheOf(calendarLines);
    this.crowds = cacheOf(peopleLines);
    this.lists = cacheOf(tasksLines);
  }

  inbox({ c, s }: Episode): InboxSection {
    const { inboxes } = this;
    inboxes.key.clear().addBytes(s.emailFlags).addBytes(s.ask);
    return inboxes.find() ?? inboxes.add(this.makeInbox(c, s), INBOX + 8 * c.layout.emails);
  }

  private makeInbox(c: CompiledScenario, s: EpisodeState): InboxSection {
    const { groups } = this;
    for (const { key } of groups) key.clear();
    const members = groups.map((): number[] => []);
    for (const email of c.emailsByPriority) {
      const group = this.groupOf(c, s, email);
      if (group < 0) continue;
      members[group]?.push(email);
      const key = groups[group]?.key;
      key?.add(email);
      // A message may answer an email that is unread.
      if (c.day === undefined) continue;
      key?.add(s.emailFlags[email] ?? 0);
      key?.add(this.things.askStates(s, email));
    }
    const sections: Section<EmailGroup>[] = [];
    members.forEach((emails, index) => {
      const group = groups[index];
      if (group === undefined || emails.length === 0) return;
      sections.push(group.find(0) ?? this.addGroup(group, s, emails));
    });
    return new InboxSection(countsOf(c, members), sections);
  }

  /** The group of an email, or -1 if it is not shown. */
  private groupOf(c: CompiledScenario, { emailFlags }: EpisodeState, email: number): number {
    const flags = emailFlags[email] ?? 0;
    if ((flags & HIDDEN) !== 0) return -1;
    if ((flags & READ) === 0) return this.priority[email] ?? 0;
    if ((flags & (REPLIED | ARCHIVED)) === 0) return UNANSWERED;
    return c.day === undefined ? -1 : DEALT_WITH;
  }

  private addGroup(group: SectionCache<EmailGroup>, s: EpisodeState, emails: readonly number[]): Section<EmailGroup> {
    return group.add(
      emails.map((email) => this.things.email(s, email)),
      new Period(0),
    );
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
    key.addBytes(s.mood).addBytes(s.preference).addBytes(s.taskStatus).addBytes(s.emailFlags, SUPPRESSED);
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
    const dealtWith: ObservedEmail[] = [];
    for (const email of c.emailsByPriority) {
      const group = this.groupOf(c, s, email);
      if (group < 0) continue;
      const emails = group < UNANSWERED ? unread : group === UNANSWERED ? unanswered : dealtWith;
      emails.push(this.things.email(s, email));
    }
    return {
      unread: unread.length,
      unanswered: unanswered.length,
      dealt_with: c.day === undefined ? null : dealtWith.length,
      emails: [...unread, ...unanswered, ...dealtWith],
    };
  }

  seeCalendar(e: Episode): ObservedCalendar {
    return calendarOf(e, this.things);
  }

  seePeople(e: Episode): ObservedPeople {
    return peopleOf(e, this.things);
  }

  seeTasks(e: Episode): ObservedTasks {
    return tasksOf(e, this.things);
  }
}

/** @param members The emails of each group. */
function countsOf(c: CompiledScenario, members: readonly (readonly number[])[]): Omit<ObservedInbox, 'emails'> {
  const [unanswered = 0, dealtWith = 0] = members.slice(UNANSWERED).map(({ length }) => length);
  const unread = members.slice(0, UNANSWERED).reduce((sum, { length }) => sum + length, 0);
  return { unread, unanswered, dealt_with: c.day === undefined ? null : dealtWith };
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

function calendarOf(e: Episode, things: Things, period?: Period): ObservedCalendar {
  const { c, s, pairs } = e;
  const ahead: number[] = [];
  const start = (meeting: number): number => s.meetingStart[meeting] ?? 0;
  /** The end of the last of the preceding meetings. */
  let busyUntil = ALWAYS;
  for (const meeting of things.meetingOrder) {
    if (s.meetingCancelled[meeting] !== 0) continue;
    const end = meetingEnd(c, s, meeting);
    period?.changesAt(end);
    if (c.day !== undefined) period?.changesAt(s.meetingStart[meeting] ?? 0);
    if (end > s.clock) insertByKey(ahead, meeting, start);
    else if (end > busyUntil) busyUntil = end;
  }
  if (c.day !== undefined) period?.changesAt(c.day.end);
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
  return {
    clashes: pairs,
    meetings,
    free: c.day === undefined ? null : freeSlots(e, ahead, c.day.end),
    travel_minutes: things.travelMinutes,
  };
}

/** @param ahead The meetings that are not over, by their start. */
function freeSlots({ c, s }: Episode, ahead: readonly number[], dayEnd: number): readonly FreeSlot[] {
  const slots: FreeSlot[] = [];
  const now = s.clock;
  let from = now;
  const add = (to: number): void => {
    slots.push({ from: from <= now ? null : instantText(from), to: instantText(to) });
  };
  for (const meeting of ahead) {
    const start = s.meetingStart[meeting] ?? 0;
    if (start >= dayEnd) break;
    if (start > from) add(start);
    from = Math.max(from, meetingEnd(c, s, meeting));
  }
  if (from < dayEnd) add(dayEnd);
  return slots;
}

function peopleOf({ c, s }: Episode, things: Things): ObservedPeople {
  const open = c.world.contacts.map(() => 0);
  for (let task = 0; task < c.layout.tasks; task++) {
    const delegate = s.taskDelegate[task] ?? NO_CONTACT;
    if (delegate >= 0 && s.taskStatus[task] !== DONE) open[delegate] = (open[delegate] ?? 0) + 1;
  }
  const contacts = things.contactOrder.map((contact) => things.contact(s, contact, open[contact] ?? 0));
  return { executive: things.executive, contacts };
}

function tasksOf({ c, s }: Episode, things: Things, period?: Period): ObservedTasks {
  const order: number[] = [];
  const due = (task: number): number => deadlineOf(c, s, task);
  for (const task of things.taskOrder) if (s.taskStatus[task] !== DONE) insertByKey(order, task, due);
  const open: ObservedTask[] = [];
  let overdue = 0;
  for (const task of order) {
    const at = due(task);
    if (at < s.clock) overdue++;
    period?.changesAt(at - DUE_SOON);
    period?.changesAt(nextInstant(at));
    open.push(things.task(s, task));
  }
  return { overdue, open };
}

/** The next instant that a clock can show. See lib/time.ts: distant instants are multiples of 32 microseconds. */
function nextInstant(instant: number): number {
  return instant + (Math.abs(instant) < 2 ** 53 ? 1 : 32);
}

/** Inserts an index into a list that is sorted by key, then by index. Cheap if its place is near the end. */
function insertByKey(list: number[], index: number, keyOf: (index: number) => number): void {
  let at = list.length;
  const own = keyOf(index);
  for (; at > 0; at--) {
    const other = list[at - 1] ?? 0;
    if ((own - keyOf(other) || index - other) > 0) break;
    list[at] = other;
  }
  list[at] = index;
}
