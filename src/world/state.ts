/**
 * The mutable data of an episode: a few hundred bytes in one region of a buffer. A snapshot, a fork or
 * a result that a worker sends is a copy of one region.
 */
import { inRange, PLAIN_TIME, readPlainTime } from '../lib/time.ts';
import { readStartText, START_TEXT, writeStartText } from './start-text.ts';

export const READ = 1;
export const REPLIED = 2;
/** The email was archived; rules v2. */
export const ARCHIVED = 4;
/** A drift event has silenced the sender: replies to this email do not affect the relationship. */
export const SUPPRESSED = 8;
/** The email has not arrived. Until then it counts as read and replied. */
export const HIDDEN = 16;
/** The number of values that the flags of an email can have. */
export const EMAIL_FLAGS = 32;

/** Values of `meetingCancelled`. An invitation that has not arrived does not belong to the calendar. */
export const CANCELLED = 1;
export const NOT_ARRIVED = 2;

/** Value of `taskDelegate`: the task is not delegated. */
export const NO_CONTACT = -1;
/** Value of `taskDelegate`: the name in the scenario file, which is not a contact. */
export const AS_IN_FILE = -2;

/** The numbers of entities in a state, and its size. */
export type StateLayout = Readonly<ReturnType<typeof layoutState>>;

const CLOCK = 0;
const STRESS = 1;
const STEP_COUNT = 2;
const NUMBERS = 3;
/** Number of sums in a ledger. `EpisodeState.sums` holds them twice: now, and before the last step. */
const SUMS = 4;

const ACTIVE = 0;
const LIMIT_REACHED = 1;
const STEP_OK = 2;
const FLAGS = 3;

type Counts = Readonly<Record<'emails' | 'meetings' | 'contacts' | 'tasks', number>>;

/** The numbers of what only rules v2 have. */
type Kept = Readonly<Record<'obligations' | 'events' | 'asks' | 'denied', number>>;
const NOTHING_KEPT: Kept = { obligations: 0, events: 0, asks: 0, denied: 0 };

/** @param kept What the ledger of rules v2 is about, if there is one. */
export function layoutState(counts: Counts, kept?: Kept) {
  const { emails, meetings, contacts, tasks } = counts;
  const { obligations, events, asks, denied } = kept ?? NOTHING_KEPT;
  let floats = NUMBERS + meetings;
  let bytes = FLAGS + emails + meetings * (1 + START_TEXT) + contacts * 2 + tasks;
  if (kept !== undefined) {
    floats += SUMS * 2 + tasks + events;
    bytes += tasks + events + ledgerLength(counts, kept) * 2 - contacts;
  }
  const byteLength = Math.ceil((floats * 8 + tasks * 2 * 4 + bytes) / 8) * 8;
  return {
    emails,
    meetings,
    contacts,
    tasks,
    /** The numbers of what only rules v2 have; 0 under rules v1. */
    obligations,
    events,
    asks,
    denied,
    ledger: kept !== undefined,
    /** Size of a region in bytes, a multiple of 8. */
    byteLength,
  };
}

function ledgerLength({ emails, meetings, contacts }: Counts, { obligations, asks, denied }: Kept): number {
  return obligations + contacts + meetings + emails + contacts + asks + denied;
}

/** The mutable state of one episode, as views of its region. Indices are those of the compiled scenario. */
export class EpisodeState {
  /** The whole region: copying it copies the state. */
  readonly region: Uint8Array;
  /** The region as 32-bit words. */
  readonly words: Int32Array;
  /** The start of each meeting, an instant in microseconds. */
  readonly meetingStart: Float64Array;
  /** The current deadline of each task: an index into the compiled scenario's deadlines. */
  readonly taskDeadline: Int32Array;
  /** The contact to whom each task is delegated, or NO_CONTACT, or AS_IN_FILE. */
  readonly taskDelegate: Int32Array;
  /** READ | REPLIED | SUPPRESSED | ARCHIVED for each email. */
  readonly emailFlags: Uint8Array;
  /** 1 if the meeting is cancelled. */
  readonly meetingCancelled: Uint8Array;
  /** Index into MOODS for each contact. */
  readonly mood: Uint8Array;
  /** Index into CHANNELS for each contact. */
  readonly preference: Uint8Array;
  /** Index into TASK_STATUSES for each task. */
  readonly taskStatus: Uint8Array;
  /**
   * Everything that affects the value under rules v2: obligations, moods, the harm to meetings, emails and contacts, asks, and
   * denied facts that became known, one byte each. `ledgerBefore` is the ledger before the last step; the reward of the step is the difference.
   */
  readonly ledger: Uint8Array;
  readonly ledgerBefore: Uint8Array;
  /** The shares met in the three channels and the collateral damage, now; then the same before the last step. */
  readonly sums: Float64Array;
  /** Status of each obligation: an index into STATUSES. */
  readonly obligation: Uint8Array;
  /** Bits of harm. */
  readonly meetingHarm: Uint8Array;
  readonly emailHarm: Uint8Array;
  readonly contactHarm: Uint8Array;
  /** The state of each ask: an index into ASK_STATES. */
  readonly ask: Uint8Array;
  /** 1 for each denied fact that its person knows. */
  readonly told: Uint8Array;
  /** The state of the delegate's work on each task: an index into HANDS. */
  readonly taskHand: Uint8Array;
  /** When the delegate will finish the task or hand it back, an instant in microseconds. */
  readonly taskUntil: Float64Array;
  /** When each event happens or happened, an instant in microseconds; Infinity if that is not known yet. */
  readonly eventTime: Float64Array;
  /** An index into EVENT_STATUSES for each event. */
  readonly eventStatus: Uint8Array;
  private readonly numbers: Float64Array;
  private readonly flags: Uint8Array;
  /** For each meeting the text of its new start, stored by start-text.ts; length 0: as in the file. */
  private readonly startText: Uint8Array;

  constructor(layout: StateLayout, buffer: ArrayBufferLike, byteOffset = 0) {
    const { emails, meetings, contacts, tasks, obligations, events, asks, denied, byteLength } = layout;
    this.region = new Uint8Array(buffer, byteOffset, byteLength);
    this.words = new Int32Array(buffer, byteOffset, byteLength / 4);
    let at = byteOffset;
    const next = <V extends ArrayBufferView>(view: V): V => {
      at += view.byteLength;
      return view;
    };
    const floats = (length: number): Float64Array => next(new Float64Array(buffer, at, length));
    const integers = (length: number): Int32Array => next(new Int32Array(buffer, at, length));
    const bytes = (length: number): Uint8Array => next(new Uint8Array(buffer, at, length));
    this.numbers = floats(NUMBERS);
    this.meetingStart = floats(meetings);
    this.sums = floats(layout.ledger ? SUMS * 2 : 0);
    this.taskUntil = floats(layout.ledger ? tasks : 0);
    this.eventTime = floats(events);
    this.taskDeadline = integers(tasks);
    this.taskDelegate = integers(tasks);
    this.flags = bytes(FLAGS);
    this.emailFlags = bytes(emails);
    this.meetingCancelled = bytes(meetings);
    this.preference = bytes(contacts);
    this.taskStatus = bytes(tasks);
    this.startText = bytes(meetings * START_TEXT);
    this.taskHand = bytes(layout.ledger ? tasks : 0);
    this.eventStatus = bytes(events);
    const ledger = at;
    this.obligation = bytes(obligations);
    this.mood = bytes(contacts);
    this.meetingHarm = bytes(layout.ledger ? meetings : 0);
    this.emailHarm = bytes(layout.ledger ? emails : 0);
    this.contactHarm = bytes(layout.ledger ? contacts : 0);
    this.ask = bytes(asks);
    this.told = bytes(denied);
    const length = layout.ledger ? at - ledger : 0;
    this.ledger = new Uint8Array(buffer, ledger, length);
    this.ledgerBefore = bytes(length);
  }

  /** Simulated time, microseconds since the epoch. */
  get clock(): number {
    return this.numbers[CLOCK] ?? 0;
  }
  set clock(value: number) {
    this.numbers[CLOCK] = value;
  }

  /** Stress, 0..100. */
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

  /** The text of a meeting's start if it was moved; otherwise undefined. */
  movedStartText(meeting: number): string | undefined {
    return this.isMoved(meeting) ? readStartText(this.startText, meeting * START_TEXT) : undefined;
  }

  /** Whether the meeting was moved. */
  isMoved(meeting: number): boolean {
    return this.startText[meeting * START_TEXT] !== 0;
  }

  /**
   * Whether each meeting starts at the time in its text, and, if it was moved, ends within the years 1..9999.
   * @param starts The starts in the file, for meetings that were not moved.
   * @param lasts Durations in microseconds.
   * @param timeOf Returns the instant of a text under the rules; NaN if the text is not a time.
   */
  startsAgree(starts: Float64Array, lasts: Float64Array, timeOf: (text: string) => number): boolean {
    const { meetingStart, startText } = this;
    const count = meetingStart.length | 0;
    for (let meeting = 0, at = 0; meeting < count; meeting++, at += START_TEXT) {
      const start = meetingStart[meeting] ?? 0;
      if (startText[at] === 0) {
        if (start !== starts[meeting]) return false;
      } else if (start !== this.readStart(at, timeOf) || !inRange(start + (lasts[meeting] ?? 0))) return false;
    }
    return true;
  }

  /** The instant of the text at `at`; NaN if the text is not a time. */
  private readStart(at: number, timeOf: (text: string) => number): number {
    // Other forms may have the same length: `2026-06-22 09:00:59`.
    const plain = this.startText[at] === PLAIN_TIME ? readPlainTime(this.startText, at + 1) : Number.NaN;
    if (!Number.isNaN(plain)) return plain;
    return timeOf(readStartText(this.startText, at));
  }

  /**
   * Moves a meeting.
   * @param start The new start, an instant in microseconds.
   * @param text The same time as text, which must fit; see start-text.ts.
   */
  moveMeeting(meeting: number, start: number, text: string): void {
    this.meetingStart[meeting] = start;
    writeStartText(this.startText, meeting * START_TEXT, text);
  }
}
