/** The briefing of one episode as it lies in memory, to be brought up to date step by step. */
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../episode.ts';

/** The sections in the order of the text. */
export const SECTIONS = [INBOX, CALENDAR, PEOPLE, TASKS] as const;

/** Where the briefing of one episode lies, and what is known about it. `bytes` is never written past its end. */
export class BriefingSlot {
  /**
   * Aligned to 8 bytes where it is memory that threads share: V8 copies there eight bytes at a time only where source and
   * target are aligned alike, and else byte by byte.
   */
  readonly bytes: Uint8Array;
  /** Where these lie: to ask `bytes` for its buffer takes longer than to copy a section. */
  readonly memory: ArrayBufferLike;
  readonly offset: number;
  /** Where in `bytes` the text begins, and how many bytes it has. */
  start = 0;
  length = 0;
  /** Whether it is ASCII, and can be decoded as such. */
  isAscii = false;
  /** Where the note about the last action stands in `bytes`. */
  noteStart = 0;
  noteLength = 0;
  /** Where the sections begin, and where the last one ends. Fields, because a list of them would take twice the memory. */
  private inbox = 0;
  private calendar = 0;
  private people = 0;
  private tasks = 0;
  private end = 0;
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
    this.memory = bytes.buffer;
    this.offset = bytes.byteOffset;
  }

  /** False until the slot holds a whole briefing, uncut. */
  get whole(): boolean {
    return this.length > 0 && this.start + this.length === this.end;
  }

  /** Where the section of this place in SECTIONS begins; for the place behind the last, where that one ends. */
  boundary(at: number): number {
    if (at === 0) return this.inbox;
    if (at === 1) return this.calendar;
    if (at === 2) return this.people;
    return at === 3 ? this.tasks : this.end;
  }

  setBoundary(at: number, value: number): void {
    if (at === 0) this.inbox = value;
    else if (at === 1) this.calendar = value;
    else if (at === 2) this.people = value;
    else if (at === 3) this.tasks = value;
    else this.end = value;
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
    this.inbox = other.inbox;
    this.calendar = other.calendar;
    this.people = other.people;
    this.tasks = other.tasks;
    this.end = other.end;
    this.calendarFrom = other.calendarFrom;
    this.calendarUntil = other.calendarUntil;
    this.tasksFrom = other.tasksFrom;
    this.tasksUntil = other.tasksUntil;
  }
}
