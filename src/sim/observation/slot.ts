/** The briefing of one episode in memory, which each step updates in place. */
import { EpisodeState, type StateLayout } from '../../world/state.ts';
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../episode.ts';

// Compares two states of a scenario and finds the parts of the briefing that they share.

const WORD = 4;

/**
 * A range of a region, in 32-bit words, and the sections that show it. Only some bytes of the first and the last word may
 * belong to it.
 */
type SectionText = {
  readonly sections: number;
  readonly first: number;
  readonly last: number;
  readonly firstMask: number;
  readonly lastMask: number;
};

/**
 * Finds the sections that may read differently in two states of the same scenario. It ignores the clock: BriefingSlot knows
 * whether the calendar and the tasks change with time.
 */
export class ChangeFinder {
  private readonly parts: readonly SectionText[];

  constructor(layout: StateLayout) {
    const s = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
    const sections: [number, ArrayBufferView][] = [
      [INBOX, s.emailFlags],
      [CALENDAR, s.meetingStart],
      [CALENDAR, s.meetingCancelled],
      [PEOPLE, s.mood],
      [PEOPLE, s.preference],
      [PEOPLE | TASKS, s.taskStatus],
      [PEOPLE | TASKS, s.taskDelegate],
      [TASKS, s.taskDeadline],
      [TASKS, s.taskHand],
      [TASKS, s.taskUntil],
    ];
    this.parts = sections.flatMap(([shown, bytes]) => (bytes.byteLength === 0 ? [] : partOf(s.region, bytes, shown)));
  }

  /**
   * @param memory Contains one of the states, from its word `start` on.
   * @param words The other state.
   */
  find(memory: Int32Array, start: number, words: Int32Array): number {
    const { parts } = this;
    let changed = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (part === undefined) break;
      const { first, last } = part;
      let differing = ((memory[start + first] ?? 0) ^ (words[first] ?? 0)) & part.firstMask;
      for (let at = first + 1; at < last; at++) differing |= (memory[start + at] ?? 0) ^ (words[at] ?? 0);
      differing |= ((memory[start + last] ?? 0) ^ (words[last] ?? 0)) & part.lastMask;
      if (differing !== 0) changed |= part.sections;
    }
    return changed;
  }
}

function partOf({ byteOffset, length }: Uint8Array, bytes: ArrayBufferView, sections: number): SectionText {
  const from = bytes.byteOffset - byteOffset;
  const counted = new Uint8Array(length).fill(0xff, from, from + bytes.byteLength);
  const masks = new Int32Array(counted.buffer);
  const first = Math.floor(from / WORD);
  const last = Math.floor((from + bytes.byteLength - 1) / WORD);
  return { sections, first, last, firstMask: masks[first] ?? 0, lastMask: masks[last] ?? 0 };
}

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
