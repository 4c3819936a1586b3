/**
 * The briefing: what the policy reads. Head, inbox, calendar, people, tasks, as plain text: a list of pieces that were
 * encoded once, which a few lines of WebAssembly copy one behind the other. The head, which changes every step, ends where
 * the sections begin: those before the first that has changed stay where they are. Behind it, a section in which nothing
 * has changed is a piece too, taken from the briefing before.
 */
import type { Piece } from '../../lib/pieces.ts';
import { insertByKey } from '../../lib/sorted.ts';
import { DAY, formatClock, formatDay, HOUR, MINUTE, minuteOfDay, yearOf } from '../../lib/time.ts';
import { type Day, WORKS } from '../../world/day.ts';
import { DONE, deadlineOf, meetingEnd, overlap } from '../../world/facts.ts';
import { CHANNELS } from '../../world/schema.ts';
import { AS_IN_FILE, NOBODY, READ, REPLIED } from '../../world/state.ts';
import { CALENDAR, type Episode, EVERYTHING, INBOX, PEOPLE, TASKS } from '../episode.ts';
import { CUT_MARK, type Fragments, fragmentsOf, MAX_CODE_POINTS, pieces } from './fragments.ts';
import { LATER, PAST, SOON } from './lines.ts';
import { type BriefingSlot, SECTIONS } from './slot.ts';
import { MAX_CLASHES_NAMED, WORDS } from './words.ts';

/** A task is due soon when so much time, or less, is left until its deadline. */
export const DUE_SOON = 2 * HOUR;

/** In whole minutes since 1970: later than any day that is played, and a small integer. */
const NEVER = 2 ** 30;

/** Days, or minutes, of which the texts are known at a time. */
const MAX_KNOWN = 4_096;

/** Writes briefings; owns the scratch memory for it, so one renderer serves any number of slots. */
export class BriefingRenderer {
  /** Scratch lists. They are never emptied, which costs more than to count what of them is in use. */
  private readonly order: number[] = [];
  private readonly unanswered: number[] = [];
  private held = new Uint32Array(0);
  private due = new Float64Array(0);
  private calendarUntil = 0;
  private tasksUntil = 0;
  private noteStart = 0;
  private noteLength = 0;
  private isAscii = false;

  /** Brings the slot up to date with the episode, whose `changed` is cleared. */
  render(e: Episode, slot: BriefingSlot): void {
    const minute = e.s.clock / MINUTE;
    let { changed } = e;
    e.changed = 0;
    if (minute < slot.calendarFrom || minute >= slot.calendarUntil) changed |= CALENDAR;
    if (minute < slot.tasksFrom || minute >= slot.tasksUntil) changed |= TASKS;
    const f = fragmentsOf(e.c);
    if (f.maxBytes > MAX_CODE_POINTS || f.maxBytes > slot.bytes.length) changed = this.writeWhole(e, f, slot);
    else changed = this.update(e, f, slot, slot.whole ? changed : EVERYTHING);
    slot.noteStart = slot.start + this.noteStart;
    slot.noteLength = this.noteLength;
    slot.isAscii = this.isAscii;
    if ((changed & CALENDAR) !== 0) {
      slot.calendarFrom = Math.ceil(minute);
      slot.calendarUntil = wholeMinutes(this.calendarUntil);
    }
    if ((changed & TASKS) !== 0) {
      slot.tasksFrom = Math.ceil(minute);
      slot.tasksUntil = wholeMinutes(this.tasksUntil);
    }
  }

  /** The briefing of the episode as it stands, in memory that the next one is written to. */
  write(e: Episode): Uint8Array {
    const f = fragmentsOf(e.c);
    return this.compose(e, f, f.maxBytes);
  }

  /** Writes the head and what has changed; for scenarios of which every briefing fits into the slot. */
  private update(e: Episode, f: Fragments, slot: BriefingSlot, changed: number): number {
    const { bytes } = slot;
    slot.setBoundary(0, f.headRoom);
    let first = 0;
    while (first < SECTIONS.length && (changed & (SECTIONS[first] ?? 0)) === 0) first++;
    if (first < SECTIONS.length) {
      const from = slot.boundary(first);
      takeUnchanged(slot, first, changed);
      pieces.begin();
      for (let at = first; at < SECTIONS.length; at++) {
        const begins = from + pieces.length;
        if ((changed & (SECTIONS[at] ?? 0)) !== 0) this.section(at, e, f);
        else pieces.addTaken(slot.boundary(at), slot.boundary(at + 1));
        slot.setBoundary(at, begins);
      }
      slot.setBoundary(SECTIONS.length, from + pieces.length);
      bytes.set(pieces.end(from), from);
    }
    pieces.begin();
    this.head(e, f);
    slot.start = f.headRoom - pieces.length;
    slot.length = slot.boundary(SECTIONS.length) - slot.start;
    bytes.set(pieces.end(slot.start), slot.start);
    return changed;
  }

  /** Writes a briefing that may have to be cut. */
  private writeWhole(e: Episode, f: Fragments, slot: BriefingSlot): number {
    const text = this.compose(e, f, slot.bytes.length, slot);
    slot.bytes.set(text);
    slot.start = 0;
    slot.length = text.length;
    return EVERYTHING;
  }

  /**
   * @param room Bytes that the text may have.
   * @param slot Is told where the sections begin in the text before it is cut.
   */
  private compose(e: Episode, f: Fragments, room: number, slot?: BriefingSlot): Uint8Array {
    pieces.begin();
    this.head(e, f);
    for (let at = 0; at < SECTIONS.length; at++) {
      slot?.setBoundary(at, pieces.length);
      this.section(at, e, f);
    }
    slot?.setBoundary(SECTIONS.length, pieces.length);
    const text = pieces.end();
    return text.length > MAX_CODE_POINTS || text.length > room ? text.subarray(0, cut(text, room)) : text;
  }

  private section(at: number, e: Episode, f: Fragments): void {
    const section = SECTIONS[at];
    if (section === INBOX) this.inbox(e, f);
    else if (section === CALENDAR) this.calendar(e, f);
    else if (section === PEOPLE) this.people(e, f);
    else this.tasks(e, f);
  }

  private head(e: Episode, f: Fragments): void {
    const { c, s, note, news } = e;
    const { words } = f;
    const left = s.active ? Math.max(0, c.world.max_episode_steps - s.stepCount) : 0;
    pieces.add(f.times.get(Math.floor(s.clock / MINUTE)) ?? keepTime(f, s.clock));
    pieces.number(s.stepCount);
    pieces.add(f.limit);
    pieces.number(left);
    pieces.add(words.stress);
    pieces.number(s.stress);
    pieces.add(words.hundred);
    if (c.day !== undefined) pieces.add(dayOf(c.day.end) === dayOf(s.clock) ? f.dayEnd.clock : f.dayEnd.day);
    if (note === '') pieces.add(words.noAction);
    else pieces.add(s.stepOk ? words.lastAction : words.lastActionFailed);
    this.noteStart = pieces.length;
    this.noteLength = pieces.text(note);
    this.isAscii = f.isAscii && this.noteLength === note.length;
    if (news !== '') {
      pieces.add(words.news);
      if (pieces.text(news) !== news.length) this.isAscii = false;
    }
    if (!s.active) pieces.add(words.over);
  }

  private inbox(e: Episode, f: Fragments): void {
    const { words, emailPriority } = f;
    const flags = e.s.emailFlags;
    const { emailsByPriority } = e.c;
    const { order: unread, unanswered } = this;
    let [unreadCount, unansweredCount] = [0, 0];
    for (let i = 0; i < emailsByPriority.length; i++) {
      const email = emailsByPriority[i] ?? 0;
      const flag = flags[email] ?? 0;
      if ((flag & READ) === 0) unread[unreadCount++] = email;
      else if ((flag & REPLIED) === 0) unanswered[unansweredCount++] = email;
    }
    pieces.add(words.inbox);
    pieces.number(unreadCount);
    pieces.add(words.unread);
    pieces.number(unansweredCount);
    pieces.add(words.unanswered);
    let title = -1;
    for (let i = 0; i < unreadCount; i++) {
      const email = unread[i] ?? 0;
      const priority = emailPriority[email] ?? 0;
      if (priority !== title) {
        title = priority;
        pieces.add(f.priorityTitles[priority] ?? 0);
      }
      pieces.add(f.unread[email] ?? 0);
    }
    if (unansweredCount > 0) pieces.add(words.unansweredTitle);
    for (let i = 0; i < unansweredCount; i++) pieces.add(f.unanswered[unanswered[i] ?? 0] ?? 0);
  }

  private calendar(e: Episode, f: Fragments): void {
    const { words } = f;
    const { c, s } = e;
    const { order: ahead } = this;
    let count = 0;
    /** When the last of the meetings before is over. */
    let busyUntil = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < f.meetingOrder.length; i++) {
      const meeting = f.meetingOrder[i] ?? 0;
      if (s.meetingCancelled[meeting] !== 0) continue;
      const end = meetingEnd(c, s, meeting);
      if (end > s.clock) insertByKey(ahead, count++, meeting, s.meetingStart);
      else if (end > busyUntil) busyUntil = end;
    }
    this.calendarUntil = Number.POSITIVE_INFINITY;
    pieces.add(words.calendar);
    pieces.number(count);
    pieces.add(count === 1 ? words.meetingAhead : words.meetingsAhead);
    pieces.number(e.pairs);
    pieces.add(e.pairs === 1 ? words.clash : words.clashes);
    for (let i = 0; i < count; i++) {
      const meeting = ahead[i] ?? 0;
      const start = s.meetingStart[meeting] ?? 0;
      const end = meetingEnd(c, s, meeting);
      const fragment = f.meetings[meeting];
      if (fragment === undefined) continue;
      if (end < this.calendarUntil) this.calendarUntil = end;
      if (start === c.meetingStart[meeting]) pieces.add(fragment.line);
      else {
        pieces.add(fragment.head);
        pieces.add(f.days.get(dayOf(start)) ?? keepDay(f, start));
        clock(start);
        pieces.add(words.dash);
        clock(end);
        pieces.add(fragment.tail);
      }
      // In the order of their starts, a meeting that clashes does so with the next one, or has begun before the ones before end.
      const next = i + 1 < count ? (s.meetingStart[ahead[i + 1] ?? 0] ?? 0) : Number.POSITIVE_INFINITY;
      if (start < busyUntil + c.travel || next < end + c.travel) this.clashesOf(e, f, meeting);
      if (end > busyUntil) busyUntil = end;
      pieces.add(words.newline);
    }
    if (c.day !== undefined) this.freeSlots(e, f, c.day, count);
  }

  /** `count` meetings ahead are in `order`. When nothing is in the calendar until the day ends. The first slot has begun already, or is said to end. */
  private freeSlots({ c, s }: Episode, f: Fragments, day: Day, count: number): void {
    const { words } = f;
    const { order: ahead } = this;
    pieces.add(words.free);
    let free = 0;
    if (s.clock < day.end) this.calendarUntil = Math.min(this.calendarUntil, day.end);
    let from = s.clock;
    for (let i = 0; i < count; i++) {
      const meeting = ahead[i] ?? 0;
      const start = s.meetingStart[meeting] ?? 0;
      if (start >= day.end) break;
      if (start > s.clock) this.calendarUntil = Math.min(this.calendarUntil, start);
      if (start > from) this.freeSlot(f, free++, from, start, s.clock);
      from = Math.max(from, meetingEnd(c, s, meeting));
    }
    if (from < day.end) this.freeSlot(f, free++, from, day.end, s.clock);
    if (free === 0) pieces.add(words.notFree);
    pieces.add(f.travel);
    pieces.add(words.newline);
  }

  private freeSlot({ words }: Fragments, number: number, from: number, to: number, now: number): void {
    pieces.add(number === 0 ? words.space : words.comma);
    if (from <= now) pieces.add(words.nowUntil);
    else {
      clock(from);
      pieces.add(words.dash);
    }
    clock(to);
  }

  private clashesOf(e: Episode, f: Fragments, meeting: number): void {
    const { words } = f;
    let named = 0;
    let more = 0;
    for (let other = 0; other < f.meetings.length; other++) {
      if (other === meeting || !overlap(e.c, e.s, meeting, other)) continue;
      if (named === MAX_CLASHES_NAMED) more++;
      else {
        pieces.add(named === 0 ? words.clashesWith : words.comma);
        pieces.add(f.meetings[other]?.id ?? 0);
        named++;
      }
    }
    if (more > 0) {
      pieces.add(words.and);
      pieces.number(more);
      pieces.add(words.more);
    }
  }

  private people({ c, s }: Episode, f: Fragments): void {
    const { contacts, tasks } = c.layout;
    if (this.held.length < contacts) this.held = new Uint32Array(contacts);
    const { held } = this;
    for (let contact = 0; contact < contacts; contact++) held[contact] = 0;
    for (let task = 0; task < tasks; task++) {
      const delegate = s.taskDelegate[task] ?? NOBODY;
      if (delegate >= 0 && s.taskStatus[task] !== DONE) held[delegate] = (held[delegate] ?? 0) + 1;
    }
    pieces.add(f.peopleTitle);
    for (let i = 0; i < contacts; i++) {
      const contact = f.contactOrder[i] ?? 0;
      const mood = (s.mood[contact] ?? 0) * CHANNELS.length + (s.preference[contact] ?? 0);
      const load = held[contact] ?? 0;
      if (load === 0) pieces.add(contactLine(f, contact, mood));
      else {
        pieces.add(f.contactHead[contact] ?? 0);
        pieces.add(f.moods[mood] ?? 0);
        pieces.add(f.contactTail[contact] ?? 0);
        pieces.add(f.held[load] ?? 0);
      }
    }
  }

  private tasks({ c, s }: Episode, f: Fragments): void {
    const { words } = f;
    const { tasks } = c.layout;
    if (this.due.length < tasks) this.due = new Float64Array(tasks);
    const { due } = this;
    const { order: open } = this;
    let count = 0;
    let overdue = 0;
    for (let task = 0; task < tasks; task++) due[task] = deadlineOf(c, s, task);
    for (let i = 0; i < tasks; i++) {
      const task = f.taskOrder[i] ?? 0;
      if (s.taskStatus[task] === DONE) continue;
      insertByKey(open, count++, task, due);
      if ((due[task] ?? 0) < s.clock) overdue++;
    }
    this.tasksUntil = Number.POSITIVE_INFINITY;
    pieces.add(words.tasks);
    pieces.number(count);
    pieces.add(words.open);
    pieces.number(overdue);
    pieces.add(words.overdue);
    for (let i = 0; i < count; i++) {
      const task = open[i] ?? 0;
      const deadline = s.taskDeadline[task] ?? 0;
      const delegate = s.taskDelegate[task] ?? NOBODY;
      const status = s.taskStatus[task] ?? 0;
      const left = (due[task] ?? 0) - s.clock;
      let mark = PAST;
      if (left >= 0) {
        mark = left <= DUE_SOON ? SOON : LATER;
        this.tasksUntil = Math.min(this.tasksUntil, s.clock + (mark === SOON ? left : left - DUE_SOON));
      }
      if (delegate === NOBODY && deadline === task) {
        pieces.add(taskLine(f, task, mark, status));
        continue;
      }
      pieces.add(f.taskHead[task] ?? 0);
      pieces.add(f.deadlines[deadline] ?? 0);
      pieces.add(f.dueMarks[mark] ?? 0);
      pieces.add(f.taskWhat[task] ?? 0);
      if (delegate === NOBODY) pieces.add(f.alone[status] ?? 0);
      else {
        pieces.add(f.handed[status] ?? 0);
        pieces.add((delegate === AS_IN_FILE ? f.delegatesInFile[task] : f.contactNames[delegate]) ?? 0);
        if (s.taskHand[task] === WORKS) {
          pieces.add(words.until);
          clock(s.taskUntil[task] ?? 0);
        }
        pieces.add(words.close);
      }
    }
  }
}

/** The line of a contact who holds no task. */
function contactLine(f: Fragments, contact: number, mood: number): Piece {
  const at = contact * f.moods.length + mood;
  const known = f.contactLines[at] ?? 0;
  if (known !== 0) return known;
  const parts = [f.contactHead[contact], f.moods[mood], f.contactTail[contact], f.held[0]];
  const line = pieces.join(parts.map((part) => part ?? 0));
  f.contactLines[at] = line;
  return line;
}

/** The line of a task that nobody else holds and whose deadline is that of the file. */
function taskLine(f: Fragments, task: number, mark: number, status: number): Piece {
  const at = (task * f.dueMarks.length + mark) * f.alone.length + status;
  const known = f.taskLines[at] ?? 0;
  if (known !== 0) return known;
  const parts = [f.taskHead[task], f.deadlines[task], f.dueMarks[mark], f.taskWhat[task], f.alone[status]];
  const line = pieces.join(parts.map((part) => part ?? 0));
  f.taskLines[at] = line;
  return line;
}

/** Takes the sections from this one on that have not changed, and what stands between them. */
function takeUnchanged(slot: BriefingSlot, from: number, changed: number): void {
  let first = from;
  while ((changed & (SECTIONS[first] ?? 0)) !== 0) first++;
  if (first === SECTIONS.length) return;
  let end = SECTIONS.length;
  while ((changed & (SECTIONS[end - 1] ?? 0)) !== 0) end--;
  pieces.take(slot.bytes, slot.boundary(first), slot.boundary(end));
}

/** Rounded down, and at the most NEVER: what a slot says is never too much. */
function wholeMinutes(instant: number): number {
  return Math.min(Math.floor(instant / MINUTE), NEVER);
}

function dayOf(instant: number): number {
  return Math.floor(instant / DAY);
}

/** `Mon 22 Jun 2026, 09:20 UTC | step ` */
function keepTime({ times }: Fragments, instant: number): Piece {
  const text = `${formatDay(instant)} ${yearOf(instant)}${WORDS.comma}${formatClock(instant)}${WORDS.step}`;
  return remember(times, Math.floor(instant / MINUTE), text);
}

/** `Mon 22 Jun ` */
function keepDay({ days }: Fragments, instant: number): Piece {
  return remember(days, dayOf(instant), `${formatDay(instant)} `);
}

function remember(known: Map<number, Piece>, key: number, text: string): Piece {
  // A policy may move meetings to any day in eight thousand years.
  if (known.size === MAX_KNOWN) known.clear();
  const piece = pieces.keep(text);
  known.set(key, piece);
  return piece;
}

/** Adds the time of the day: `09:20`. */
function clock(instant: number): void {
  pieces.clock(minuteOfDay(instant));
}

/**
 * Shortens a text to MAX_CODE_POINTS, or to `room` bytes if that is smaller, and says so at its end. Returns its new length.
 */
function cut(text: Uint8Array, room: number): number {
  const points = MAX_CODE_POINTS - CUT_MARK.length;
  const bytes = room - CUT_MARK.length;
  let seen = 0;
  let kept = 0;
  let total = 0;
  for (let i = 0; i < text.length; i++) {
    if (((text[i] ?? 0) & 0xc0) === 0x80) continue;
    total++;
    if (seen < points && i <= bytes) {
      seen++;
      kept = i;
    }
  }
  if (total <= MAX_CODE_POINTS && text.length <= room) return text.length;
  for (let i = 0; i < CUT_MARK.length; i++) text[kept + i] = CUT_MARK.charCodeAt(i);
  return kept + CUT_MARK.length;
}
