/** The briefing of one episode as it lies in memory, to be brought up to date step by step. */
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../episode.ts';

/** The sections in the order of the text; `BriefingSlot.sections` has one entry more. */
export const SECTIONS = [INBOX, CALENDAR, PEOPLE, TASKS] as const;

/** Where the briefing of one episode lies, and what is known about it. `bytes` is never written past its end. */
export class BriefingSlot {
  /**
   * Aligned to 8 bytes where it is memory that threads share: V8 copies there eight bytes at a time only where source and
   * target are aligned alike, and else byte by byte.
   */
  readonly bytes: Uint8Array;
  /** Where in `bytes` the text begins, and how many bytes it has. */
  start = 0;
  length = 0;
  /** Whether it is ASCII, and can be decoded as such. */
  isAscii = false;
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

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** False until the slot holds a whole briefing, uncut. */
  get whole(): boolean {
    return this.length > 0 && this.start + this.length === this.sections[SECTIONS.length];
  }

  /** The text, as a view that the next rendering changes. */
  get text(): Uint8Array {
    return this.bytes.subarray(this.start, this.start + this.length);
  }

  /** Takes over the text of another slot of the same size, and what is known about it. */
  copyFrom(other: BriefingSlot): void {
    this.bytes.set(other.text, other.start);
    this.start = other.start;
    this.length = other.length;
    this.isAscii = other.isAscii;
    this.noteStart = other.noteStart;
    this.noteLength = other.noteLength;
    for (let at = 0; at <= SECTIONS.length; at++) this.sections[at] = other.sections[at] ?? 0;
    this.calendarFrom = other.calendarFrom;
    this.calendarUntil = other.calendarUntil;
    this.tasksFrom = other.tasksFrom;
    this.tasksUntil = other.tasksUntil;
  }
}
