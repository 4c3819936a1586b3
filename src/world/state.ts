/**
 * What changes during an episode, and nothing else: a few hundred bytes in one region of a buffer. The engine keeps the
 * regions of all episodes in shared memory; a snapshot is a copy of one region, a fork is another copy.
 */
import { MAX_TIME_TEXT } from '../lib/time.ts';

export const READ = 1;
export const REPLIED = 2;
/** A drift event has silenced the sender: replies to this email move no relationship. */
export const SUPPRESSED = 4;

/** Value of `taskDelegate`: nobody. */
export const NOBODY = -1;
/** Value of `taskDelegate`: whoever the scenario file names, who is not a contact. */
export const AS_IN_FILE = -2;

export type StateLayout = {
  readonly emails: number;
  readonly meetings: number;
  readonly contacts: number;
  readonly tasks: number;
  /** Size of a region in bytes, a multiple of 8. */
  readonly byteLength: number;
};

const CLOCK = 0;
const STRESS = 1;
const STEP_COUNT = 2;
const NUMBERS = 3;

const ACTIVE = 0;
const LIMIT_REACHED = 1;
const STEP_OK = 2;
const FLAGS = 3;

export function layoutState(counts: Omit<StateLayout, 'byteLength'>): StateLayout {
  const { emails, meetings, contacts, tasks } = counts;
  const floats = NUMBERS + meetings;
  const bytes = FLAGS + emails + meetings * (2 + MAX_TIME_TEXT) + contacts * 2 + tasks;
  return { ...counts, byteLength: Math.ceil((floats * 8 + tasks * 2 * 4 + bytes) / 8) * 8 };
}

/** One episode's mutable state, as views over its region. Indices are those of the compiled scenario. */
export class EpisodeState {
  /** The whole region: copying it copies the state. */
  readonly region: Uint8Array;
  /** Start of each meeting, an instant in microseconds. */
  readonly meetingStart: Float64Array;
  /** Current deadline of each task: an index into the compiled scenario's deadlines. */
  readonly taskDeadline: Int32Array;
  /** Contact to whom each task is delegated, or NOBODY, or AS_IN_FILE. */
  readonly taskDelegate: Int32Array;
  /** READ | REPLIED | SUPPRESSED for each email. */
  readonly emailFlags: Uint8Array;
  /** 1 where a meeting is cancelled. */
  readonly meetingCancelled: Uint8Array;
  /** Index into MOODS for each contact. */
  readonly mood: Uint8Array;
  /** Index into CHANNELS for each contact. */
  readonly preference: Uint8Array;
  /** Index into TASK_STATUSES for each task. */
  readonly taskStatus: Uint8Array;
  private readonly numbers: Float64Array;
  private readonly flags: Uint8Array;
  /** For each meeting the length of its new start's text, then the text itself; length 0: as in the file. */
  private readonly startText: Uint8Array;

  constructor(layout: StateLayout, buffer: ArrayBufferLike, byteOffset = 0) {
    const { emails, meetings, contacts, tasks, byteLength } = layout;
    this.region = new Uint8Array(buffer, byteOffset, byteLength);
    let at = byteOffset;
    const floats = (length: number): Float64Array => {
      const view = new Float64Array(buffer, at, length);
      at += length * 8;
      return view;
    };
    const integers = (length: number): Int32Array => {
      const view = new Int32Array(buffer, at, length);
      at += length * 4;
      return view;
    };
    const bytes = (length: number): Uint8Array => {
      const view = new Uint8Array(buffer, at, length);
      at += length;
      return view;
    };
    this.numbers = floats(NUMBERS);
    this.meetingStart = floats(meetings);
    this.taskDeadline = integers(tasks);
    this.taskDelegate = integers(tasks);
    this.flags = bytes(FLAGS);
    this.emailFlags = bytes(emails);
    this.meetingCancelled = bytes(meetings);
    this.mood = bytes(contacts);
    this.preference = bytes(contacts);
    this.taskStatus = bytes(tasks);
    this.startText = bytes(meetings * (1 + MAX_TIME_TEXT));
  }

  /** Simulated time, microseconds since the epoch. */
  get clock(): number {
    return this.numbers[CLOCK] ?? 0;
  }
  set clock(value: number) {
    this.numbers[CLOCK] = value;
  }

  /** 0..100. */
  get stress(): number {
    return this.numbers[STRESS] ?? 0;
  }
  set stress(value: number) {
    this.numbers[STRESS] = value;
  }

  /** Steps taken in this episode. */
  get stepCount(): number {
    return this.numbers[STEP_COUNT] ?? 0;
  }
  set stepCount(value: number) {
    this.numbers[STEP_COUNT] = value;
  }

  get active(): boolean {
    return this.flags[ACTIVE] === 1;
  }
  set active(value: boolean) {
    this.flags[ACTIVE] = Number(value);
  }

  /** Whether the step limit ended the episode. */
  get limitReached(): boolean {
    return this.flags[LIMIT_REACHED] === 1;
  }
  set limitReached(value: boolean) {
    this.flags[LIMIT_REACHED] = Number(value);
  }

  /** Whether the last action was valid; true after a reset. */
  get stepOk(): boolean {
    return this.flags[STEP_OK] === 1;
  }
  set stepOk(value: boolean) {
    this.flags[STEP_OK] = Number(value);
  }

  /** The text of a meeting's start where it is not the file's any more. */
  movedStartText(meeting: number): string | undefined {
    const at = meeting * (1 + MAX_TIME_TEXT);
    const length = this.startText[at] ?? 0;
    return length === 0 ? undefined : String.fromCharCode(...this.startText.subarray(at + 1, at + 1 + length));
  }

  /** @param text One of the accepted ISO 8601 forms: ASCII, at most MAX_TIME_TEXT long. */
  moveMeeting(meeting: number, start: number, text: string): void {
    const at = meeting * (1 + MAX_TIME_TEXT);
    this.meetingStart[meeting] = start;
    this.startText[at] = text.length;
    for (let i = 0; i < text.length; i++) this.startText[at + 1 + i] = text.charCodeAt(i);
  }
}
