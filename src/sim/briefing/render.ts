/**
 * The briefing: what the policy reads. Head, inbox, calendar, people, tasks, as plain text. A section that has not
 * changed since the slot was last written is copied from it; the rest is put together from fragments.
 */
import { ByteWriter } from '../../lib/byte-writer.ts';
import { plural } from '../../lib/text.ts';
import { DAY, formatClock, formatDay, HOUR, yearOf } from '../../lib/time.ts';
import { DONE, deadlineOf, meetingEnd, overlap } from '../../world/facts.ts';
import { PRIORITIES } from '../../world/schema.ts';
import { AS_IN_FILE, NOBODY, READ, REPLIED } from '../../world/state.ts';
import { CALENDAR, type Episode, EVERYTHING, INBOX, PEOPLE, TASKS } from '../episode.ts';
import {
  CUT_MARK,
  type Fragments,
  fragmentsOf,
  LATER,
  MAX_CLASHES_NAMED,
  MAX_CODE_POINTS,
  meetingTimes,
  PAST,
  PRIORITY_TITLES,
  SOON,
} from './fragments.ts';

/** A task is due soon when so much time, or less, is left until its deadline. */
export const DUE_SOON = 2 * HOUR;

/** Where the briefing of one episode lies, and what is known about it. `bytes` is never written past its end. */
export class BriefingSlot {
  readonly bytes: Uint8Array;
  /** Length of the text in bytes. */
  length = 0;
  /** Where in the text the note about the last action stands. */
  noteStart = 0;
  noteLength = 0;
  /** Where each section begins; INBOX, CALENDAR, PEOPLE, TASKS in this order. */
  inbox = 0;
  calendar = 0;
  people = 0;
  tasks = 0;
  /** The simulated time from which on the calendar or the tasks read differently, though nothing was done. */
  calendarUntil = 0;
  tasksUntil = 0;
  /** False until the slot holds a whole briefing, uncut. */
  whole = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Writes briefings; owns the scratch memory for it, so one renderer serves any number of slots. */
export class BriefingRenderer {
  private readonly w = new ByteWriter();
  private order: number[] = [];
  private held = new Uint32Array(0);
  private due = new Float64Array(0);
  private dateOf = Number.NaN;
  private dateText = '';

  /** Brings the slot up to date with the episode, whose `changed` is cleared. */
  render(e: Episode, slot: BriefingSlot): void {
    const { w } = this;
    const f = fragmentsOf(e.c);
    let changed = slot.whole ? e.changed : EVERYTHING;
    if (e.s.clock >= slot.calendarUntil) changed |= CALENDAR;
    if (e.s.clock >= slot.tasksUntil) changed |= TASKS;
    w.length = 0;
    this.head(e, slot);
    const { inbox: oldInbox, calendar: oldCalendar, people: oldPeople, tasks: oldTasks, length: oldLength } = slot;

    slot.inbox = w.length;
    if (changed & INBOX) this.inbox(e, f);
    else this.keep(slot, oldInbox, oldCalendar);
    slot.calendar = w.length;
    if (changed & CALENDAR) this.calendar(e, f, slot);
    else this.keep(slot, oldCalendar, oldPeople);
    slot.people = w.length;
    if (changed & PEOPLE) this.people(e, f);
    else this.keep(slot, oldPeople, oldTasks);
    slot.tasks = w.length;
    if (changed & TASKS) this.tasks(e, f, slot);
    else this.keep(slot, oldTasks, oldLength);

    e.changed = 0;
    const uncut = w.length;
    cut(w, slot.bytes.length);
    slot.whole = w.length === uncut;
    slot.length = w.length;
    slot.bytes.set(w.buffer.subarray(0, w.length));
  }

  private keep(slot: BriefingSlot, start: number, end: number): void {
    this.w.bytes(slot.bytes.subarray(start, end));
  }

  private head(e: Episode, slot: BriefingSlot): void {
    const { s } = e;
    const limit = e.c.world.max_episode_steps;
    const left = s.active ? Math.max(0, limit - s.stepCount) : 0;
    const now = `${this.date(s.clock)}, ${formatClock(s.clock)} UTC`;
    const status = `${now} | step ${s.stepCount} of ${limit}, ${left} left | stress ${s.stress}/100\n`;
    const label = s.stepOk ? 'Last action: ' : 'Last action FAILED: ';
    const intro = e.note === '' ? `${status}Last action: none yet; the day begins.` : status + label;
    const outro = s.active ? '\n\n' : '\nThe episode is over.\n\n';
    this.w.text(intro + e.note + outro);
    slot.noteStart = intro.length;
    slot.noteLength = this.w.length - intro.length - outro.length;
  }

  /** `Mon 22 Jun 2026`; the last one is kept, since a day is long. */
  private date(clock: number): string {
    const day = Math.floor(clock / DAY);
    if (day !== this.dateOf) {
      this.dateOf = day;
      this.dateText = `${formatDay(clock)} ${yearOf(clock)}`;
    }
    return this.dateText;
  }

  private inbox(e: Episode, f: Fragments): void {
    const { w } = this;
    const { emails } = e.c.world;
    const flags = e.s.emailFlags;
    let unread = 0;
    let unanswered = 0;
    for (const flag of flags) {
      if ((flag & READ) === 0) unread++;
      else if ((flag & REPLIED) === 0) unanswered++;
    }
    w.ascii(`INBOX: ${unread} unread, ${unanswered} read but unanswered\n`);
    let title = '';
    for (const email of e.c.emailsByPriority) {
      if (((flags[email] ?? 0) & READ) !== 0) continue;
      const priority = emails[email]?.priority ?? 'low';
      if (priority !== title) {
        title = priority;
        w.bytes(PRIORITY_TITLES[PRIORITIES.indexOf(priority)] ?? EMPTY);
      }
      w.bytes(f.emails[email]?.unread ?? EMPTY);
    }
    if (unanswered > 0) {
      w.ascii(' READ, UNANSWERED\n');
      for (const email of e.c.emailsByPriority) {
        if (((flags[email] ?? 0) & (READ | REPLIED)) === READ) w.bytes(f.emails[email]?.unanswered ?? EMPTY);
      }
    }
  }

  private calendar(e: Episode, f: Fragments, slot: BriefingSlot): void {
    const { w } = this;
    const { c, s } = e;
    const ahead = this.ordered(c.layout.meetings, s.meetingStart, (meeting) => {
      return s.meetingCancelled[meeting] === 0 && meetingEnd(c, s, meeting) > s.clock;
    });
    slot.calendarUntil = Number.POSITIVE_INFINITY;
    w.ascii(`\nCALENDAR: ${plural(ahead.length, 'meeting')} ahead, ${clashes(e.pairs)}\n`);
    for (const meeting of ahead) {
      const end = meetingEnd(c, s, meeting);
      const start = s.meetingStart[meeting] ?? 0;
      const fragment = f.meetings[meeting];
      slot.calendarUntil = Math.min(slot.calendarUntil, end);
      if (start === c.meetingStart[meeting]) w.bytes(fragment?.line ?? EMPTY);
      else {
        w.bytes(fragment?.head ?? EMPTY);
        w.ascii(meetingTimes(start, end));
        w.bytes(fragment?.tail ?? EMPTY);
      }
      this.clashesOf(e, f, meeting);
      w.ascii('\n');
    }
  }

  private clashesOf(e: Episode, f: Fragments, meeting: number): void {
    let named = 0;
    let more = 0;
    for (let other = 0; other < e.c.layout.meetings; other++) {
      if (other === meeting || !overlap(e.c, e.s, meeting, other)) continue;
      if (named === MAX_CLASHES_NAMED) more++;
      else {
        this.w.ascii(named === 0 ? ' CLASHES with ' : ', ');
        this.w.bytes(f.meetings[other]?.id ?? EMPTY);
        named++;
      }
    }
    if (more > 0) this.w.ascii(` and ${more} more`);
  }

  private people(e: Episode, f: Fragments): void {
    const { w } = this;
    const { s } = e;
    const { contacts, tasks } = e.c.layout;
    if (this.held.length < contacts) this.held = new Uint32Array(contacts);
    const held = this.held.fill(0);
    for (let task = 0; task < tasks; task++) {
      const delegate = s.taskDelegate[task] ?? NOBODY;
      if (delegate >= 0 && s.taskStatus[task] !== DONE) held[delegate] = (held[delegate] ?? 0) + 1;
    }
    w.ascii('\nPEOPLE\n');
    for (const contact of f.contactOrder) {
      w.bytes(f.contactLine(contact, s.mood[contact] ?? 0, s.preference[contact] ?? 0, held[contact] ?? 0));
    }
  }

  private tasks(e: Episode, f: Fragments, slot: BriefingSlot): void {
    const { w } = this;
    const { c, s } = e;
    if (this.due.length < c.layout.tasks) this.due = new Float64Array(c.layout.tasks);
    const { due } = this;
    for (let task = 0; task < c.layout.tasks; task++) due[task] = deadlineOf(c, s, task);
    const open = this.ordered(c.layout.tasks, due, (task) => s.taskStatus[task] !== DONE);
    let overdue = 0;
    for (const task of open) if ((due[task] ?? 0) < s.clock) overdue++;
    slot.tasksUntil = Number.POSITIVE_INFINITY;
    w.ascii(`\nTASKS: ${open.length} open, ${overdue} overdue\n`);
    for (const task of open) {
      const deadline = due[task] ?? 0;
      const delegate = s.taskDelegate[task] ?? NOBODY;
      let mark = PAST;
      if (deadline >= s.clock) {
        mark = deadline - s.clock <= DUE_SOON ? SOON : LATER;
        slot.tasksUntil = Math.min(slot.tasksUntil, mark === SOON ? deadline : deadline - DUE_SOON);
      }
      w.bytes(f.taskLine(task, s.taskDeadline[task] ?? 0, mark, s.taskStatus[task] ?? 0, delegate !== NOBODY));
      if (delegate !== NOBODY) {
        w.bytes((delegate === AS_IN_FILE ? f.delegatesInFile[task] : f.contactNames[delegate]) ?? EMPTY);
        w.ascii(')\n');
      }
    }
  }

  /** The indices below `count` that pass, by key, then by index. The list is reused by the next call. */
  private ordered(count: number, key: ArrayLike<number>, passes: (index: number) => boolean): readonly number[] {
    const { order } = this;
    order.length = 0;
    for (let index = 0; index < count; index++) if (passes(index)) order.push(index);
    return order.sort((a, b) => (key[a] ?? 0) - (key[b] ?? 0) || a - b);
  }
}

const EMPTY = new Uint8Array(0);

function clashes(pairs: number): string {
  return pairs === 1 ? '1 clash' : `${pairs} clashes`;
}

/** Shortens what was written to MAX_CODE_POINTS, or to the slot if that is smaller, and says so at its end. */
function cut(w: ByteWriter, slotBytes: number): void {
  if (w.length <= MAX_CODE_POINTS && w.length <= slotBytes) return;
  const points = MAX_CODE_POINTS - CUT_MARK.length;
  const bytes = slotBytes - CUT_MARK.length;
  let seen = 0;
  let end = 0;
  let total = 0;
  for (let i = 0; i < w.length; i++) {
    if (((w.buffer[i] ?? 0) & 0xc0) === 0x80) continue;
    total++;
    if (seen < points && i <= bytes) {
      seen++;
      end = i;
    }
  }
  if (total <= MAX_CODE_POINTS && w.length <= slotBytes) return;
  w.length = end;
  w.ascii(CUT_MARK);
}
