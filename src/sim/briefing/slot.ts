/** The briefing of one episode in memory, which each step updates in place. */
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../episode.ts';

/** The sections in the order of the text. */
export const SECTIONS = [INBOX, CALENDAR, PEOPLE, TASKS] as const;

/** The memory of one briefing, and the offsets within it. Nothing is written beyond the end of `bytes`. */
export class BriefingSlot {
  /**
   * Aligned to 8 bytes in shared memory: V8 copies shared memory eight bytes at a time only if source and target are equally
   * aligned, and otherwise byte by byte.
   */
  readonly bytes: Uint8Array;
  /** The memory of `bytes`. Reading `bytes.buffer` takes longer than copying a section. */
  readonly memory: ArrayBufferLike;
  readonly offset: number;
  /** Offset of the text in `bytes`, and its length in bytes. */
  start = 0;
  length = 0;
  /** Whether the text is ASCII and can be decoded as such. */
  isAscii = false;
  /** Offset and length of the note about the last action in `bytes`. */
  noteStart = 0;
  noteLength = 0;
  /** The offsets at which the sections begin and the last one ends. A list of them would take twice the memory of fields. */
  private inbox = 0;
  private calendar = 0;
  private people = 0;
  private tasks = 0;
  private end = 0;
  /**
   * The period in which the calendar and the tasks stay as they are if nothing is done, in whole minutes of simulated time.
   * Small integers need no separate heap memory.
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

  /**
   * The offset at which the section with this index in SECTIONS begins; for the index after the last, the end of the last
   * section.
   */
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

  /** The text, as a view that the next rendering overwrites. */
  get text(): Uint8Array {
    return this.bytes.subarray(this.start, this.start + this.length);
  }

  /** Copies the text and the offsets of another slot of the same size. */
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
