/**
 * The briefing: what the policy reads. Head, inbox, calendar, people, tasks, as plain text: a list of pieces that were
 * encoded once, which a few lines of WebAssembly copy one behind the other. A section in which nothing has changed is a
 * piece too, taken from the briefing before.
 */
import type { Piece } from '../../lib/pieces.ts';
import { insertByKey } from '../../lib/sorted.ts';
import { DAY, formatDay, HOUR, MINUTE, minuteOfDay, yearOf } from '../../lib/time.ts';
import { type Day, WORKS } from '../../world/day.ts';
import { DONE, deadlineOf, meetingEnd, overlap } from '../../world/facts.ts';
import { CHANNELS } from '../../world/schema.ts';
import { AS_IN_FILE, NOBODY, READ, REPLIED } from '../../world/state.ts';
import { CALENDAR, type Episode, EVERYTHING, INBOX, PEOPLE, TASKS } from '../episode.ts';
import { CUT_MARK, type Fragments, fragmentsOf, MAX_CODE_POINTS, pieces } from './fragments.ts';
import { LATER, PAST, SOON } from './lines.ts';
import { MAX_CLASHES_NAMED } from './words.ts';

/** A task is due soon when so much time, or less, is left until its deadline. */
export const DUE_SOON = 2 * HOUR;

/** In whole minutes since 1970: later than any day that is played, and a small integer. */
const NEVER = 2 ** 30;

/** The sections in the order of the text; `BriefingSlot.sections` has one entry more. */
const SECTIONS = [INBOX, CALENDAR, PEOPLE, TASKS] as const;

/** Where the briefing of one episode lies, and what is known about it. `bytes` is never written past its end. */
export class BriefingSlot {
  /**
   * Aligned to 8 bytes where it is memory that threads share: V8 copies there eight bytes at a time only where source and
   * target are aligned alike, and else byte by byte.
   */
  readonly bytes: Uint8Array;
  /** Bytes of the text, which begins where `bytes` does. */
  length = 0;
  /** Where the note about the last action stands in `bytes`. */
  noteStart = 0;
  noteLength = 0;
  /** Where each section begins, and where the last one ends. */
  readonly sections = [0, 0, 0, 0, 0];
  /**
   * From when to when the calendar and the tasks read as they do here if nothing is done, in whole minutes of simulated
   * time: small integers take no memory of their own.
   */
  calendarFrom = 0;
  calendarUntil = 0;
  tasksFrom = 0;
  tasksUntil = 0;
  /** False until the slot holds a whole briefing, uncut. */
  whole = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The text, as a view that the next rendering changes. */
  get text(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** Takes over the text of another slot of the same size, and what is known about it. */
  copyFrom(other: BriefingSlot): void {
    this.bytes.set(other.text);
    this.length = other.length;
    this.noteStart = other.noteStart;
    this.noteLength = other.noteLength;
    for (let at = 0; at <= SECTIONS.length; at++) this.sections[at] = other.sections[at] ?? 0;
    this.calendarFrom = other.calendarFrom;
    this.calendarUntil = other.calendarUntil;
    this.tasksFrom = other.tasksFrom;
    this.tasksUntil = other.tasksUntil;
    this.whole = other.whole;
  }
}

/** Writes briefings; owns the scratch memory for it, so one renderer serves any number of slots. */
export class BriefingRenderer {
  private readonly order: number[] = [];
  private readonly unanswered: number[] = [];
  private held = new Uint32Array(0);
  private due = new Float64Array(0);
  private calendarUntil = 0;
  private tasksUntil = 0;
  private noteStart = 0;
  private noteLength = 0;

  /** Brings the slot up to date with the episode, whose `changed` is cleared. */
  render(e: Episode, slot: BriefingSlot): void {
    const minute = e.s.clock / MINUTE;
    let { changed } = e;
    e.changed = 0;
    if (minute < slot.calendarFrom || minute >= slot.calendarUntil) changed |= CALENDAR;
    if (minute < slot.tasksFrom || minute >= slot.tasksUntil) changed |= TASKS;
    if (slot.whole && changed !== EVERYTHING) takeUnchanged(slot, changed);
    else changed = EVERYTHING;
    const text = this.compose(e, changed, slot.sections, slot.bytes.length);
    slot.bytes.set(text);
    slot.length = text.length;
    slot.whole = text.length === slot.sections[SECTIONS.length];
    slot.noteStart = this.noteStart;
    slot.noteLength = this.noteLength;
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
    return this.compose(e, EVERYTHING, [], fragmentsOf(e.c).maxBytes);
  }

  /**
   * @param changed Sections to be written anew; the others are parts of the text that `pieces` has taken.
   * @param sections Where the sections begin in that text; afterwards, in the one returned, unless it was cut.
   * @param room Bytes that the text may have.
   */
  private compose(e: Episode, changed: number, sections: number[], room: number): Uint8Array {
    const f = fragmentsOf(e.c);
    pieces.begin();
    this.head(e, f);
    for (let at = 0; at < SECTIONS.length; at++) {
      const begins = pieces.length;
      if ((changed & (SECTIONS[at] ?? 0)) !== 0) this.section(at, e, f);
      else pieces.addTaken(sections[at] ?? 0, sections[at + 1] ?? 0);
      sections[at] = begins;
    }
    sections[SECTIONS.length] = pieces.length;
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
    pieces.add(f.dates.get(dayOf(s.clock)) ?? keepDate(f, s.clock));
    pieces.add(words.comma);
    clock(s.clock);
    pieces.add(words.step);
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
    if (news !== '') {
      pieces.add(words.news);
      pieces.text(news);
    }
    if (!s.active) pieces.add(words.over);
  }

  private inbox(e: Episode, f: Fragments): void {
    const { words, emailPriority } = f;
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
    pieces.add(words.inbox);
    pieces.number(unread.length);
    pieces.add(words.unread);
    pieces.number(unanswered.length);
    pieces.add(words.unanswered);
    let title = -1;
    for (let i = 0; i < unread.length; i++) {
      const email = unread[i] ?? 0;
      const priority = emailPriority[email] ?? 0;
      if (priority !== title) {
        title = priority;
        pieces.add(f.priorityTitles[priority] ?? 0);
      }
      pieces.add(f.unread[email] ?? 0);
    }
    if (unanswered.length > 0) pieces.add(words.unansweredTitle);
    for (let i = 0; i < unanswered.length; i++) pieces.add(f.unanswered[unanswered[i] ?? 0] ?? 0);
  }

  private calendar(e: Episode, f: Fragments): void {
    const { words } = f;
    const { c, s } = e;
    const ahead = this.begin();
    /** When the last of the meetings before is over. */
    let busyUntil = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < f.meetingOrder.length; i++) {
      const meeting = f.meetingOrder[i] ?? 0;
      if (s.meetingCancelled[meeting] !== 0) continue;
      const end = meetingEnd(c, s, meeting);
      if (end > s.clock) insertByKey(ahead, meeting, s.meetingStart);
      else if (end > busyUntil) busyUntil = end;
    }
    this.calendarUntil = Number.POSITIVE_INFINITY;
    pieces.add(words.calendar);
    pieces.number(ahead.length);
    pieces.add(ahead.length === 1 ? words.meetingAhead : words.meetingsAhead);
    pieces.number(e.pairs);
    pieces.add(e.pairs === 1 ? words.clash : words.clashes);
    for (let i = 0; i < ahead.length; i++) {
      const meeting = ahead[i] ?? 0;
      const start = s.meetingStart[meeting] ?? 0;
      const end = meetingEnd(c, s, meeting);
      const fragment = f.meetings[meeting];
      if (fragment === undefined) continue;
      if (end < this.calendarUntil) this.calendarUntil = end;
      if (start === c.meetingStart[meeting]) pieces.add(fragment.line);
      else {
        pieces.add(fragment.head);
        pieces.text(formatDay(start));
        pieces.add(words.space);
        clock(start);
        pieces.add(words.dash);
        clock(end);
        pieces.add(fragment.tail);
      }
      // In the order of their starts, a meeting that clashes does so with the next one, or has begun before the ones before end.
      const next = s.meetingStart[ahead[i + 1] ?? -1] ?? Number.POSITIVE_INFINITY;
      if (start < busyUntil + c.travel || next < end + c.travel) this.clashesOf(e, f, meeting);
      if (end > busyUntil) busyUntil = end;
      pieces.add(words.newline);
    }
    if (c.day !== undefined) this.freeSlots(e, f, c.day, ahead);
  }

  /** When nothing is in the calendar until the day ends. The first slot has begun already, or is said to end. */
  private freeSlots({ c, s }: Episode, f: Fragments, day: Day, ahead: readonly number[]): void {
    const { words } = f;
    pieces.add(words.free);
    let free = 0;
    if (s.clock < day.end) this.calendarUntil = Math.min(this.calendarUntil, day.end);
    let from = s.clock;
    for (let i = 0; i < ahead.length; i++) {
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
    const open = this.begin();
    let overdue = 0;
    for (let task = 0; task < tasks; task++) due[task] = deadlineOf(c, s, task);
    for (let i = 0; i < tasks; i++) {
      const task = f.taskOrder[i] ?? 0;
      if (s.taskStatus[task] === DONE) continue;
      insertByKey(open, task, due);
      if ((due[task] ?? 0) < s.clock) overdue++;
    }
    this.tasksUntil = Number.POSITIVE_INFINITY;
    pieces.add(words.tasks);
    pieces.number(open.length);
    pieces.add(words.open);
    pieces.number(overdue);
    pieces.add(words.overdue);
    for (let i = 0; i < open.length; i++) {
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

  /** An empty list, the same one every time. */
  private begin(): number[] {
    this.order.length = 0;
    return this.order;
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

/** Takes the sections that have not changed, and what stands between them. */
function takeUnchanged({ bytes, sections }: BriefingSlot, changed: number): void {
  let first = 0;
  while ((changed & (SECTIONS[first] ?? 0)) !== 0) first++;
  let end = SECTIONS.length;
  while ((changed & (SECTIONS[end - 1] ?? 0)) !== 0) end--;
  pieces.take(bytes, sections[first] ?? 0, sections[end] ?? 0);
}

/** Rounded down, and at the most NEVER: what a slot says is never too much. */
function wholeMinutes(instant: number): number {
  return Math.min(Math.floor(instant / MINUTE), NEVER);
}

function dayOf(instant: number): number {
  return Math.floor(instant / DAY);
}

/** `Mon 22 Jun 2026`. */
function keepDate({ dates }: Fragments, instant: number): Piece {
  const piece = pieces.keep(`${formatDay(instant)} ${yearOf(instant)}`);
  dates.set(dayOf(instant), piece);
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
