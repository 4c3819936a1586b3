/**
 * Renders the briefing, which is the text that the policy reads: head, inbox, calendar, people, tasks. Unchanged sections stay
 * in place. The inbox ends, and the calendar begins, at a fixed offset, so that a change on one side moves nothing on the
 * other.
 */
import { oneLine } from '../../lib/text.ts';
import { MINUTE } from '../../lib/time.ts';
import { CALENDAR, type Episode, EVERYTHING, INBOX, MAX_NEWS, MAX_NOTE, TASKS } from '../episode.ts';
import { keptFor } from '../kept.ts';
import { CUT_MARK, type Fragments, fragmentsOf, lineCache, MAX_CODE_POINTS } from './fragments.ts';
import { MAX_CLASHES_NAMED } from './room.ts';
import { SectionWriter } from './sections.ts';
import { type BriefingSlot, SECTIONS } from './slot.ts';

// The maximum number of bytes of a scenario's briefings in JSON, including the quotation marks.

/**
 * An upper bound of the lines that show neither an email, a meeting, a contact nor a task: titles, blank lines, the head, the
 * mark of a cut.
 */
const OTHER_LINES = 64;

/**
 * The UTF-8 length, plus the characters that JSON adds: a backslash for each line end, for the two quotation marks around each
 * subject, and for the escaped characters in the texts of the scenario, as often as the briefing can show them.
 */
export const briefingJsonBytes = keptFor((c) => {
  const { emails, meetings, contacts, tasks, executive = '' } = c.world;
  const shown = [
    ...emails.flatMap(({ sender, subject, body }) => [sender, subject, body]),
    ...meetings.flatMap(({ title, location, attendees }) => [title, location, ...attendees]),
    ...contacts.flatMap(({ name, skills = [] }) => [name, ...skills]),
    ...tasks.flatMap(({ description, owner, skill = '' }) => [description, owner, skill]),
    executive,
  ].map(oneLine);
  const ids = [emails, meetings, tasks].map((things) => things.map(({ id }) => escapes(id)));
  const holders = [...contacts.map(({ name }) => name), ...tasks.map((task) => task.delegated_to ?? '')].map(oneLine);
  const lines = OTHER_LINES + emails.length + meetings.length + contacts.length + tasks.length;
  const added =
    lines +
    2 * emails.length +
    sum(shown.map(escapes)) +
    sum(ids.flat()) +
    meetings.length * MAX_CLASHES_NAMED * Math.max(0, ...(ids[1] ?? [])) +
    tasks.length * Math.max(0, ...holders.map(escapes)) +
    // Note and news are one line of well-formed text each, in which every character may need an escape.
    MAX_NOTE +
    MAX_NEWS;
  return fragmentsOf(c).maxBytes + added + 2;
});

/** Number of bytes that JSON adds to a text, without the quotation marks around it. */
function escapes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2 - Buffer.byteLength(text.toWellFormed());
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** In whole minutes since 1970: later than any possible day, and still a small integer. */
const NEVER = 2 ** 30;

/** Writes briefings. A renderer owns only scratch memory, so one renderer serves any number of slots. */
export class BriefingRenderer {
  private readonly writer = new SectionWriter();

  /** Brings the slot up to date with the episode, and clears `changed`. */
  render(e: Episode, slot: BriefingSlot): void {
    const { writer } = this;
    const minute = e.s.clock / MINUTE;
    let { changed } = e;
    e.changed = 0;
    if (minute < slot.calendarFrom || minute >= slot.calendarUntil) changed |= CALENDAR;
    if (minute < slot.tasksFrom || minute >= slot.tasksUntil) changed |= TASKS;
    const f = fragmentsOf(e.c);
    if (f.maxBytes > MAX_CODE_POINTS || f.maxBytes > slot.bytes.length) {
      changed = EVERYTHING;
      this.writeWhole(e, f, slot);
    } else {
      if (!slot.whole) changed = EVERYTHING;
      if (changed !== 0) lineCache.put(e.s.region, f.state);
      this.writeBehind(e, f, slot, changed);
      this.writeBefore(e, f, slot, changed);
    }
    slot.noteStart = slot.start + writer.noteStart;
    slot.noteLength = writer.noteLength;
    slot.isAscii = writer.isAscii;
    if ((changed & CALENDAR) !== 0) {
      slot.calendarFrom = Math.ceil(minute);
      slot.calendarUntil = wholeMinutes(writer.calendarUntil);
    }
    if ((changed & TASKS) !== 0) {
      slot.tasksFrom = Math.ceil(minute);
      slot.tasksUntil = wholeMinutes(writer.tasksUntil);
    }
  }

  /** The current briefing of the episode, in memory that the next call overwrites. */
  write(e: Episode): Uint8Array {
    const f = fragmentsOf(e.c);
    return this.compose(e, f, f.maxBytes);
  }

  /** Writes calendar, people and tasks if they have changed, and moves the sections after them if necessary. */
  private writeBehind(e: Episode, f: Fragments, slot: BriefingSlot, changed: number): void {
    let at = 1;
    while (at < SECTIONS.length && (changed & (SECTIONS[at] ?? 0)) === 0) at++;
    if (at === SECTIONS.length) return;
    const from = at === 1 ? f.anchor : slot.boundary(at);
    let left = changed & ~INBOX;
    let end = from;
    lineCache.begin();
    lineCache.alignTo(from);
    for (; at < SECTIONS.length; at++) {
      const section = SECTIONS[at] ?? 0;
      const begins = end;
      if ((left & section) !== 0) {
        this.writer.section(section, e, f);
        end = from + lineCache.append();
        left &= ~section;
      } else {
        // If a section keeps its length, the sections after it need not move.
        if (left === 0 && begins === slot.boundary(at)) break;
        end = from + lineCache.appendPart(slot, slot.boundary(at), slot.boundary(at + 1));
      }
      slot.setBoundary(at, begins);
    }
    if (at === SECTIONS.length) slot.setBoundary(at, end);
    slot.bytes.set(lineCache.text, from);
  }

  /** Writes the head, and the inbox if it has changed. */
  private writeBefore(e: Episode, f: Fragments, slot: BriefingSlot, changed: number): void {
    const { program } = lineCache;
    let end = slot.boundary(0);
    lineCache.begin();
    this.writer.head(e, f);
    if ((changed & INBOX) !== 0) {
      const ofHead = program.measure();
      end = f.anchor;
      program.inbox(f.scene);
      slot.setBoundary(0, end - program.measure() + ofHead);
    }
    slot.start = end - program.measure();
    slot.length = slot.boundary(SECTIONS.length) - slot.start;
    lineCache.alignTo(slot.start);
    lineCache.append();
    slot.bytes.set(lineCache.text, slot.start);
  }

  /** Writes a briefing that may have to be cut. */
  private writeWhole(e: Episode, f: Fragments, slot: BriefingSlot): void {
    const text = this.compose(e, f, slot.bytes.length, slot);
    slot.bytes.set(text);
    slot.start = 0;
    slot.length = text.length;
  }

  /**
   * @param room Maximum length of the text in bytes.
   * @param slot Receives the offsets of the sections before the text is cut.
   */
  private compose(e: Episode, f: Fragments, room: number, slot?: BriefingSlot): Uint8Array {
    lineCache.put(e.s.region, f.state);
    lineCache.begin();
    this.writer.head(e, f);
    let length = lineCache.append();
    for (let at = 0; at < SECTIONS.length; at++) {
      slot?.setBoundary(at, length);
      this.writer.section(SECTIONS[at] ?? 0, e, f);
      length = lineCache.append();
    }
    slot?.setBoundary(SECTIONS.length, length);
    const { text } = lineCache;
    return text.length > MAX_CODE_POINTS || text.length > room ? text.subarray(0, cut(text, room)) : text;
  }
}

/** Rounds down to whole minutes, at most NEVER, so that a slot never claims to be valid for too long. */
function wholeMinutes(instant: number): number {
  return Math.min(Math.floor(instant / MINUTE), NEVER);
}

/**
 * Shortens a text to MAX_CODE_POINTS, or to `room` bytes if that is less, and ends it with a mark of the cut. Returns the new
 * length.
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
