/**
 * The briefing: what the policy reads. Head, inbox, calendar, people, tasks, as plain text. What has not changed stays where
 * it is: the inbox ends, and the calendar begins, at a fixed place, so that a change on one side of it moves nothing on the
 * other.
 */
import { MINUTE } from '../../lib/time.ts';
import { CALENDAR, type Episode, EVERYTHING, INBOX, TASKS } from '../episode.ts';
import { CUT_MARK, type Fragments, fragmentsOf, MAX_CODE_POINTS, pieces } from './fragments.ts';
import { SectionWriter } from './sections.ts';
import { type BriefingSlot, SECTIONS } from './slot.ts';

/** In whole minutes since 1970: later than any day that is played, and a small integer. */
const NEVER = 2 ** 30;

/** Writes briefings; owns the scratch memory for it, so one renderer serves any number of slots. */
export class BriefingRenderer {
  private readonly writer = new SectionWriter();

  /** Brings the slot up to date with the episode, whose `changed` is cleared. */
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
      if (changed !== 0) pieces.put(e.s.region, f.state);
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

  /** The briefing of the episode as it stands, in memory that the next one is written to. */
  write(e: Episode): Uint8Array {
    const f = fragmentsOf(e.c);
    return this.compose(e, f, f.maxBytes);
  }

  /** Writes those of calendar, people and tasks that have changed, and moves what stands behind them if it must be moved. */
  private writeBehind(e: Episode, f: Fragments, slot: BriefingSlot, changed: number): void {
    let at = 1;
    while (at < SECTIONS.length && (changed & (SECTIONS[at] ?? 0)) === 0) at++;
    if (at === SECTIONS.length) return;
    const from = at === 1 ? f.anchor : slot.boundary(at);
    let left = changed & ~INBOX;
    let end = from;
    pieces.begin();
    pieces.alignTo(from);
    for (; at < SECTIONS.length; at++) {
      const section = SECTIONS[at] ?? 0;
      const begins = end;
      if ((left & section) !== 0) {
        this.writer.section(section, e, f);
        end = from + pieces.append();
        left &= ~section;
      } else {
        // Nothing is to be moved behind a section that is as long as it was.
        if (left === 0 && begins === slot.boundary(at)) break;
        end = from + pieces.appendPart(slot, slot.boundary(at), slot.boundary(at + 1));
      }
      slot.setBoundary(at, begins);
    }
    if (at === SECTIONS.length) slot.setBoundary(at, end);
    slot.bytes.set(pieces.text, from);
  }

  /** Writes the head, and the inbox where it has changed. */
  private writeBefore(e: Episode, f: Fragments, slot: BriefingSlot, changed: number): void {
    const { program } = pieces;
    let end = slot.boundary(0);
    pieces.begin();
    this.writer.head(e, f);
    if ((changed & INBOX) !== 0) {
      const ofHead = program.measure();
      end = f.anchor;
      program.inbox(f.scene);
      slot.setBoundary(0, end - program.measure() + ofHead);
    }
    slot.start = end - program.measure();
    slot.length = slot.boundary(SECTIONS.length) - slot.start;
    pieces.alignTo(slot.start);
    pieces.append();
    slot.bytes.set(pieces.text, slot.start);
  }

  /** Writes a briefing that may have to be cut. */
  private writeWhole(e: Episode, f: Fragments, slot: BriefingSlot): void {
    const text = this.compose(e, f, slot.bytes.length, slot);
    slot.bytes.set(text);
    slot.start = 0;
    slot.length = text.length;
  }

  /**
   * @param room Bytes that the text may have.
   * @param slot Is told where the sections begin in the text before it is cut.
   */
  private compose(e: Episode, f: Fragments, room: number, slot?: BriefingSlot): Uint8Array {
    pieces.put(e.s.region, f.state);
    pieces.begin();
    this.writer.head(e, f);
    let length = pieces.append();
    for (let at = 0; at < SECTIONS.length; at++) {
      slot?.setBoundary(at, length);
      this.writer.section(SECTIONS[at] ?? 0, e, f);
      length = pieces.append();
    }
    slot?.setBoundary(SECTIONS.length, length);
    const { text } = pieces;
    return text.length > MAX_CODE_POINTS || text.length > room ? text.subarray(0, cut(text, room)) : text;
  }
}

/** Rounded down, and at the most NEVER: what a slot says is never too much. */
function wholeMinutes(instant: number): number {
  return Math.min(Math.floor(instant / MINUTE), NEVER);
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
