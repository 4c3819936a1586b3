/**
 * The briefing: what the policy reads. Head, inbox, calendar, people, tasks, as plain text. It is patched in its slot: a
 * section that changed is put together from fragments and written in place of the old one, what stands behind it moves,
 * and the rest is not touched. The head, which changes at every step, grows to the left.
 */
import { ByteWriter } from '../../lib/byte-writer.ts';
import { plural } from '../../lib/text.ts';
import { DAY, formatClock, formatDay, HOUR, MINUTE, yearOf } from '../../lib/time.ts';
import { type Day, WORKS } from '../../world/day.ts';
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

/** The sections in the order of the text; `BriefingSlot.sections` has one entry more. */
const SECTIONS = [INBOX, CALENDAR, PEOPLE, TASKS] as const;
const CALENDAR_AT = SECTIONS.indexOf(CALENDAR);
const TASKS_AT = SECTIONS.indexOf(TASKS);

/** Where the briefing of one episode lies, and what is known about it. `bytes` is never written past its end. */
export class BriefingSlot {
  readonly bytes: Uint8Array;
  /** The text is bytes[start..end). */
  start = 0;
  end = 0;
  /** Where the note about the last action stands in `bytes`. */
  noteStart = 0;
  noteLength = 0;
  /** Where each section begins in `bytes`, and where the last one ends. */
  readonly sections = [0, 0, 0, 0, 0];
  /** The simulated time from which on the calendar or the tasks read differently, though nothing was done. */
  calendarUntil = 0;
  tasksUntil = 0;
  /** False until the slot holds a whole briefing, uncut. */
  whole = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The text, as a view that the next rendering changes. */
  get text(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }
}

/** Writes briefings; owns the scratch memory for it, so one renderer serves any number of slots. */
export class BriefingRenderer {
  private readonly w = new ByteWriter();
  private mirror = new Uint8Array(0);
  private readonly order: number[] = [];
  private readonly unanswered: number[] = [];
  private held = new Uint32Array(0);
  private due = new Float64Array(0);
  private dateOf = Number.NaN;
  private dateText = '';

  /** Brings the slot up to date with the episode, whose `changed` is cleared. */
  render(e: Episode, slot: BriefingSlot): void {
    let { changed } = e;
    if (e.s.clock >= slot.calendarUntil) changed |= CALENDAR;
    if (e.s.clock >= slot.tasksUntil) changed |= TASKS;
    e.changed = 0;
    if (!slot.whole || changed === EVERYTHING || !this.patch(e, slot, changed)) this.rewrite(e, slot);
  }

  /** Writes what changed; false if the result would have to be cut. */
  private patch(e: Episode, slot: BriefingSlot, changed: number): boolean {
    const { w } = this;
    const { bytes, sections } = slot;
    const mirror = this.mirrorOf(slot);
    const first = SECTIONS.findIndex((section) => (changed & section) !== 0);
    const from = first < 0 ? slot.end : (sections[first] ?? 0);
    mirror.set(bytes.subarray(from, slot.end), from);
    for (let at = 0; at < SECTIONS.length; at++) {
      if ((changed & (SECTIONS[at] ?? 0)) === 0) continue;
      w.length = 0;
      this.section(at, e, slot);
      const start = sections[at] ?? 0;
      const oldEnd = sections[at + 1] ?? 0;
      const growth = start + w.length - oldEnd;
      if (slot.end + growth > bytes.length) return false;
      if (growth !== 0) {
        mirror.copyWithin(oldEnd + growth, oldEnd, slot.end);
        for (let later = at + 1; later < sections.length; later++) sections[later] = (sections[later] ?? 0) + growth;
        slot.end += growth;
      }
      mirror.set(w.buffer.subarray(0, w.length), start);
    }
    w.length = 0;
    const note = this.head(e, slot);
    const { headRoom } = fragmentsOf(e.c);
    slot.start = headRoom - w.length;
    slot.noteStart = slot.start + note;
    mirror.set(w.buffer.subarray(0, w.length), slot.start);
    bytes.set(mirror.subarray(slot.start, headRoom), slot.start);
    bytes.set(mirror.subarray(from, slot.end), from);
    return slot.end - slot.start <= MAX_CODE_POINTS;
  }

  /** Writes all of it: with room for the head to grow, or, where there is none or it must be cut, from the beginning. */
  private rewrite(e: Episode, slot: BriefingSlot): void {
    const { w } = this;
    const { bytes, sections } = slot;
    const mirror = this.mirrorOf(slot);
    w.length = 0;
    const note = this.head(e, slot);
    const start = fragmentsOf(e.c).headRoom - w.length;
    for (let at = 0; at < SECTIONS.length; at++) {
      sections[at] = start + w.length;
      this.section(at, e, slot);
    }
    sections[SECTIONS.length] = start + w.length;
    const uncut = w.length;
    cut(w, bytes.length);
    slot.whole = w.length === uncut && start + w.length <= bytes.length;
    slot.start = slot.whole ? start : 0;
    slot.end = slot.start + w.length;
    slot.noteStart = slot.start + note;
    mirror.set(w.buffer.subarray(0, w.length), slot.start);
    bytes.set(mirror.subarray(slot.start, slot.end), slot.start);
  }

  /**
   * Memory in which the slot's bytes can be put together at the places where they belong. The slot may be shared memory,
   * which V8 copies eight bytes at a time only where source and target are aligned alike, and else byte by byte.
   */
  private mirrorOf(slot: BriefingSlot): Uint8Array {
    if (this.mirror.length < slot.bytes.length) this.mirror = new Uint8Array(slot.bytes.length);
    return this.mirror;
  }

  private section(at: number, e: Episode, slot: BriefingSlot): void {
    const f = fragmentsOf(e.c);
    if (at === 0) this.inbox(e, f);
    else if (at === CALENDAR_AT) this.calendar(e, f, slot);
    else if (at === TASKS_AT) this.tasks(e, f, slot);
    else this.people(e, f);
  }

  /** Returns where in the head the note begins. */
  private head(e: Episode, slot: BriefingSlot): number {
    const { s } = e;
    const limit = e.c.world.max_episode_steps;
    const left = s.active ? Math.max(0, limit - s.stepCount) : 0;
    const now = `${this.date(s.clock)}, ${formatClock(s.clock)} UTC`;
    const { day } = e.c;
    const { dayEnd } = fragmentsOf(e.c);
    const end =
      day !== undefined && Math.floor(day.end / DAY) === Math.floor(s.clock / DAY) ? dayEnd.clock : dayEnd.day;
    const status = `${now} | step ${s.stepCount} of ${limit}, ${left} left | stress ${s.stress}/100${end}\n`;
    const label = s.stepOk ? 'Last action: ' : 'Last action FAILED: ';
    const intro = e.note === '' ? `${status}Last action: none yet; the day begins.` : status + label;
    const news = e.news === '' ? '' : `\nSince then: ${e.news}`;
    const outro = s.active ? `${news}\n\n` : `${news}\nThe episode is over.\n\n`;
    this.w.text(intro + e.note);
    slot.noteLength = this.w.length - intro.length;
    this.w.text(outro);
    return intro.length;
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
    const { emailsByPriority } = e.c;
    const unread = this.begin();
    const { unanswered } = this;
    unanswered.length = 0;
    for (let i = 0; i < emailsByPriority.length; i++) {
      const email = emailsByPriority[i] ?? 0;
      const flag = flags[email] ?? 0;
      if ((flag & READ) === 0) unread.push(email);
      else if ((flag & REPLIED) === 0) unanswered.push(email);
    }
    w.ascii(`INBOX: ${unread.length} unread, ${unanswered.length} read but unanswered\n`);
    let title = '';
    for (const email of unread) {
      const priority = emails[email]?.priority ?? 'low';
      if (priority !== title) {
        title = priority;
        w.bytes(PRIORITY_TITLES[PRIORITIES.indexOf(priority)] ?? EMPTY);
      }
      w.bytes(f.emails[email]?.unread ?? EMPTY);
    }
    if (unanswered.length > 0) w.ascii(' READ, UNANSWERED\n');
    for (const email of unanswered) w.bytes(f.emails[email]?.unanswered ?? EMPTY);
  }

  private calendar(e: Episode, f: Fragments, slot: BriefingSlot): void {
    const { w } = this;
    const { c, s } = e;
    const ahead = this.begin();
    for (const meeting of f.meetingOrder) {
      if (s.meetingCancelled[meeting] === 0 && meetingEnd(c, s, meeting) > s.clock)
        insert(ahead, meeting, s.meetingStart);
    }
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
    if (c.day !== undefined) this.freeSlots(e, c.day, ahead, slot);
  }

  /** When nothing is in the calendar until the day ends. The first slot has begun already, or is said to end. */
  private freeSlots({ c, s }: Episode, day: Day, ahead: readonly number[], slot: BriefingSlot): void {
    const { w } = this;
    w.ascii('  Free:');
    let free = 0;
    if (s.clock < day.end) slot.calendarUntil = Math.min(slot.calendarUntil, day.end);
    let from = s.clock;
    for (const meeting of ahead) {
      const start = s.meetingStart[meeting] ?? 0;
      if (start >= day.end) break;
      if (start > s.clock) slot.calendarUntil = Math.min(slot.calendarUntil, start);
      if (start > from) this.freeSlot(free++, from, start, s.clock);
      from = Math.max(from, meetingEnd(c, s, meeting));
    }
    if (from < day.end) this.freeSlot(free++, from, day.end, s.clock);
    if (free === 0) w.ascii(' nothing until the day ends');
    if (c.travel > 0) w.ascii(`; ${c.travel / MINUTE} min from one place to another`);
    w.ascii('\n');
  }

  private freeSlot(number: number, from: number, to: number, clock: number): void {
    const { w } = this;
    w.ascii(number === 0 ? ' ' : ', ');
    w.ascii(from <= clock ? `now until ${formatClock(to)}` : `${formatClock(from)}-${formatClock(to)}`);
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
    w.bytes(f.peopleTitle);
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
    const open = this.begin();
    let overdue = 0;
    for (const task of f.taskOrder) {
      if (s.taskStatus[task] === DONE) continue;
      insert(open, task, due);
      if ((due[task] ?? 0) < s.clock) overdue++;
    }
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
        if (s.taskHand[task] === WORKS) w.ascii(` until ${formatClock(s.taskUntil[task] ?? 0)}`);
        w.ascii(')\n');
      }
    }
  }

  /** An empty list, the same one every time. */
  private begin(): number[] {
    this.order.length = 0;
    return this.order;
  }
}

/** Adds an index to a list that is sorted by key, then by index. Cheap where it belongs near the end. */
function insert(list: number[], index: number, key: ArrayLike<number>): void {
  let at = list.length;
  const own = key[index] ?? 0;
  for (; at > 0; at--) {
    const other = list[at - 1] ?? 0;
    const distance = own - (key[other] ?? 0) || index - other;
    if (distance > 0) break;
    list[at] = other;
  }
  list[at] = index;
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
