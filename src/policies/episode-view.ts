/**
 * The contents of an episode's briefing without its text. They equal what `readBriefing` reads from the text, but come from
 * the state, and each part is computed on first access. A property test compares the two.
 *
 * Lines that hardly change are read once for each scenario, by the code that reads a text: both readers therefore treat odd
 * names alike. A scenario in which a line depends on its neighbours has no view.
 */
import { oneLine } from '../lib/text.ts';
import { DAY, MINUTE, minuteOfDay } from '../lib/time.ts';
import type { Episode } from '../sim/episode.ts';
import { type Fragments, fragmentsOf, MAX_CODE_POINTS } from '../sim/observation/fragments.ts';
import {
  contactLine,
  DUE_MARKS,
  DUE_SOON,
  dayEnd,
  dueTime,
  emailLines,
  emailTexts,
  holds,
  LATER,
  meetingLine,
  meetingTimes,
  moodAndPreference,
  PAST,
  SOON,
  taskHead,
  taskLine,
} from '../sim/observation/lines.ts';
import { MAX_CLASHES_NAMED } from '../sim/observation/room.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { WORKS } from '../world/day.ts';
import { DONE, deadlineOf, meetingEnd, overlap } from '../world/facts.ts';
import { CHANNELS, MOODS, TASK_STATUSES } from '../world/schema.ts';
import { AS_IN_FILE, NO_CONTACT, READ, REPLIED } from '../world/state.ts';
import {
  dayEndOf,
  HALF_A_YEAR,
  lengthOf,
  READ_UNANSWERED,
  readEmail,
  readEntry,
  readMeeting,
  readPerson,
  readTask,
  readTravel,
  type SeenBriefing,
  type SeenEmail,
  type SeenMeeting,
  type SeenPerson,
  type SeenTask,
} from './briefing-reader.ts';

/** Inserts an index into a list that is sorted by key, then by index. Cheap if its place is near the end. */
export function insertByKey(list: number[], index: number, key: Float64Array): void {
  let at = list.length;
  const own = key[index] ?? 0;
  for (; at > 0; at--) {
    const other = list[at - 1] ?? 0;
    const distance = own - (key[other] ?? 0) || index - other;
    if (distance > 0) break;
    list[at] = other;
  }
  list[at] = index;
}

type FixedMeeting = Omit<SeenMeeting, 'start' | 'end' | 'clashes'>;

/** What the lines of a scenario say. Lines that depend on the state are read on first use. */
type KnownLines = {
  readonly emails: readonly { readonly unread: SeenEmail; readonly unanswered: SeenEmail }[];
  readonly meetings: readonly FixedMeeting[];
  readonly people: Map<number, SeenPerson | undefined>;
  readonly tasks: Map<number, SeenTask | undefined>;
  readonly travel: number;
};

/** Lines by scenario. `undefined`: the briefings of the scenario must be read as texts. */
const known = new WeakMap<CompiledScenario, KnownLines | undefined>();

function linesOf(c: CompiledScenario): KnownLines | undefined {
  if (!known.has(c)) known.set(c, readLines(c));
  return known.get(c);
}

function readLines(c: CompiledScenario): KnownLines | undefined {
  // A longer briefing might be cut.
  if (fragmentsOf(c).maxBytes > MAX_CODE_POINTS) return undefined;
  const { world } = c;
  if ([world.emails, world.meetings, world.tasks].some((list) => list.some(({ id }) => !isPlain(id)))) return undefined;
  const emails: { unread: SeenEmail; unanswered: SeenEmail }[] = [];
  for (const [index, email] of world.emails.entries()) {
    const { unread, unanswered } = emailLines(emailTexts(c, index, email), 0);
    const [first, second] = [readEntry(asRead(unread)), readEntry(asRead(unanswered))];
    if (first === undefined || second === undefined) return undefined;
    const statesOwed = c.day !== undefined;
    const title = email.priority.toUpperCase();
    emails.push({
      unread: readEmail(first, title, statesOwed),
      unanswered: readEmail(second, READ_UNANSWERED, statesOwed),
    });
  }
  const meetings: FixedMeeting[] = [];
  for (const [index, planned] of world.meetings.entries()) {
    const { head, tail } = meetingLine(c, index, planned);
    const start = c.meetingStart[index] ?? 0;
    const entry = readEntry(asRead(head + meetingTimes(start, start + (c.meetingDuration[index] ?? 0)) + tail));
    const meeting = entry && readMeeting(entry, start);
    if (meeting === undefined || `${meeting.id}${tail}`.includes('CLASHES')) return undefined;
    // An id that looks like a list of ids could not be read from the lines of other meetings.
    if (/, | and \d+ more/.test(meeting.id)) return undefined;
    const { start: _start, end: _end, clashes: _clashes, ...fixed } = meeting;
    meetings.push(fixed);
  }
  const travel = c.travel > 0 ? readTravel(`  Free:; ${c.travel / MINUTE} min from one place to another`) : 0;
  return { emails, meetings, people: new Map(), tasks: new Map(), travel: c.day === undefined ? 0 : travel };
}

/** Whether an id in brackets is read back unchanged. */
function isPlain(id: string): boolean {
  const entry = readEntry(`  [${id}] x`);
  return entry?.id === id && entry.rest === 'x';
}

/** The contents of an episode's briefing. Every value is valid until the next step. */
export class EpisodeView implements SeenBriefing {
  private readonly e: Episode;
  private readonly orders: Pick<Fragments, 'meetingOrder' | 'contactOrder' | 'taskOrder'>;
  private readonly lines: KnownLines;
  private readonly seenMeetings: readonly MeetingView[];
  private emailList: SeenEmail[] | undefined;
  private meetingList: MeetingView[] | undefined;
  private personList: SeenPerson[] | undefined;
  private taskList: SeenTask[] | undefined;
  private readonly order: number[] = [];
  private readonly held: Uint32Array;
  private readonly due: Float64Array;

  private constructor(e: Episode, lines: KnownLines) {
    this.e = e;
    this.orders = fragmentsOf(e.c);
    this.lines = lines;
    this.seenMeetings = lines.meetings.map((fixed, index) => new MeetingView(e, index, fixed, lines.meetings));
    this.held = new Uint32Array(e.c.layout.contacts);
    this.due = new Float64Array(e.c.layout.tasks);
  }

  /** A view of an episode; `undefined` if the briefings of its scenario must be read as texts. */
  static of(e: Episode): EpisodeView | undefined {
    const lines = linesOf(e.c);
    return lines && new EpisodeView(e, lines);
  }

  /** Updates the view. Call it after every reset and every step. */
  refresh(): this {
    this.emailList = this.meetingList = this.personList = this.taskList = undefined;
    return this;
  }

  get now(): number {
    return inMinutes(this.e.s.clock);
  }

  get stepsLeft(): number {
    const { c, s } = this.e;
    return s.active ? Math.max(0, c.world.max_episode_steps - s.stepCount) : 0;
  }

  get over(): boolean {
    return !this.e.s.active;
  }

  get dayEnd(): number | undefined {
    const { c, s } = this.e;
    if (c.day === undefined) return undefined;
    const isToday = Math.floor(c.day.end / DAY) === Math.floor(s.clock / DAY);
    return dayEndOf(isToday ? dayEnd(c).clock : dayEnd(c).day, this.now);
  }

  get travel(): number {
    return this.lines.travel;
  }

  get emails(): readonly SeenEmail[] {
    this.emailList ??= this.findEmails();
    return this.emailList;
  }

  get meetings(): readonly SeenMeeting[] {
    this.meetingList ??= this.findMeetings();
    return this.meetingList;
  }

  get people(): readonly SeenPerson[] {
    this.personList ??= this.findPeople();
    return this.personList;
  }

  get tasks(): readonly SeenTask[] {
    this.taskList ??= this.findTasks();
    return this.taskList;
  }

  private findEmails(): SeenEmail[] {
    const { emailFlags } = this.e.s;
    const unread: SeenEmail[] = [];
    const unanswered: SeenEmail[] = [];
    for (const email of this.e.c.emailsByPriority) {
      const flags = emailFlags[email] ?? 0;
      const seen = this.lines.emails[email];
      if (seen === undefined) continue;
      if ((flags & READ) === 0) unread.push(seen.unread);
      else if ((flags & REPLIED) === 0) unanswered.push(seen.unanswered);
    }
    for (const seen of unanswered) unread.push(seen);
    return unread;
  }

  private findMeetings(): MeetingView[] {
    const { c, s } = this.e;
    const { now, order } = this;
    order.length = 0;
    for (const meeting of this.orders.meetingOrder) {
      if (s.meetingCancelled[meeting] === 0 && meetingEnd(c, s, meeting) > s.clock)
        insertByKey(order, meeting, s.meetingStart);
    }
    const found: MeetingView[] = [];
    for (const meeting of order) {
      const seen = this.seenMeetings[meeting];
      if (seen !== undefined) found.push(seen.at(now));
    }
    return found;
  }

  private findPeople(): SeenPerson[] {
    const { c, s } = this.e;
    const { tasks } = c.layout;
    const held = this.held.fill(0);
    for (let task = 0; task < tasks; task++) {
      const delegate = s.taskDelegate[task] ?? NO_CONTACT;
      if (delegate >= 0 && s.taskStatus[task] !== DONE) held[delegate] = (held[delegate] ?? 0) + 1;
    }
    const found: SeenPerson[] = [];
    for (const contact of this.orders.contactOrder) {
      const [mood, preference, load] = [s.mood[contact] ?? 0, s.preference[contact] ?? 0, held[contact] ?? 0];
      const key = ((contact * MOODS.length + mood) * CHANNELS.length + preference) * (tasks + 1) + load;
      const { people } = this.lines;
      let person = people.get(key);
      if (person === undefined && !people.has(key)) {
        person = this.person(contact, mood, preference, load);
        people.set(key, person);
      }
      if (person !== undefined) found.push(person);
    }
    return found;
  }

  private person(contact: number, mood: number, preference: number, load: number): SeenPerson | undefined {
    const { c } = this.e;
    const who = c.world.contacts[contact];
    if (who === undefined) return undefined;
    const { head, tail } = contactLine(c, contact, who);
    return readPerson(asRead(head + moodAndPreference(mood, preference) + tail + holds(load)));
  }

  private findTasks(): SeenTask[] {
    const { c, s } = this.e;
    const { order, due } = this;
    order.length = 0;
    for (let task = 0; task < due.length; task++) due[task] = deadlineOf(c, s, task);
    for (const task of this.orders.taskOrder) if (s.taskStatus[task] !== DONE) insertByKey(order, task, due);
    const found: SeenTask[] = [];
    for (const task of order) {
      const left = (due[task] ?? 0) - s.clock;
      const seen = this.task(task, left < 0 ? PAST : left <= DUE_SOON ? SOON : LATER);
      if (seen !== undefined) found.push(seen);
    }
    return found;
  }

  private task(task: number, mark: number): SeenTask | undefined {
    const { c, s } = this.e;
    const { tasks } = this.lines;
    const what = c.world.tasks[task];
    if (what === undefined) return undefined;
    const deadline = s.taskDeadline[task] ?? 0;
    const status = s.taskStatus[task] ?? 0;
    const delegate = s.taskDelegate[task] ?? NO_CONTACT;
    const works = Number(delegate !== NO_CONTACT && s.taskHand[task] === WORKS);
    let key = (task * c.deadlines.length + deadline) * 3 + mark;
    key = (key * TASK_STATUSES.length + status) * (c.layout.contacts - AS_IN_FILE) + delegate - AS_IN_FILE;
    key = key * 2 + works;
    let seen = tasks.get(key);
    if (seen === undefined && !tasks.has(key)) {
      const name = delegate === AS_IN_FILE ? what.delegated_to : c.world.contacts[delegate]?.name;
      // A reader does not see until when the delegate works, so any time of the day will do here.
      const until = works === 1 ? ' until 00:00' : '';
      const due = `${dueTime(c.deadlineInstants[deadline] ?? 0)}${DUE_MARKS[mark]}`;
      const who = delegate === NO_CONTACT ? '' : `, with ${oneLine(name ?? '')}${until}`;
      const line = `${taskHead(what.id)}${due}${taskLine(c, task, what)}${TASK_STATUSES[status]}${who})`;
      const entry = readEntry(asRead(line));
      seen = entry && readTask(entry);
      tasks.set(key, seen);
    }
    return seen;
  }
}

/** A meeting in its state after the last call of `at`. Its clashes are computed on access. */
class MeetingView implements SeenMeeting {
  readonly id: string;
  readonly priority: string;
  readonly place: string;
  readonly movable: boolean;
  readonly cancellable: boolean | undefined;
  readonly attendees: readonly string[];
  start = 0;
  end = 0;
  private readonly e: Episode;
  private readonly index: number;
  private readonly all: readonly FixedMeeting[];

  constructor(e: Episode, index: number, fixed: FixedMeeting, all: readonly FixedMeeting[]) {
    this.id = fixed.id;
    this.priority = fixed.priority;
    this.place = fixed.place;
    this.movable = fixed.movable;
    this.cancellable = fixed.cancellable;
    this.attendees = fixed.attendees;
    this.e = e;
    this.index = index;
    this.all = all;
  }

  at(now: number): this {
    const { c, s } = this.e;
    const start = s.meetingStart[this.index] ?? 0;
    const end = meetingEnd(c, s, this.index);
    this.start = inMinutes(start);
    if (Math.abs(this.start - now) > HALF_A_YEAR - 2 * DAY) {
      const rest = `${meetingTimes(start, end)} (${this.priority})`;
      this.start = readMeeting({ id: this.id, rest }, now)?.start ?? this.start;
    }
    this.end = this.start + lengthOf(minuteOfDay(start), minuteOfDay(end));
    return this;
  }

  get clashes(): readonly string[] {
    const { c, s, pairs } = this.e;
    const named: string[] = [];
    if (pairs === 0) return named;
    for (let other = 0; other < this.all.length && named.length < MAX_CLASHES_NAMED; other++) {
      if (other !== this.index && overlap(c, s, this.index, other)) named.push(this.all[other]?.id ?? '');
    }
    return named;
  }
}

/** A line after encoding to UTF-8 and back, without its line end. */
function asRead(line: string): string {
  return line.toWellFormed().replace(/\n$/, '');
}

/** An instant rounded down to the minute, as a clock without seconds shows it. */
function inMinutes(utc: number): number {
  return Math.floor(utc / DAY) * DAY + minuteOfDay(utc) * MINUTE;
}
