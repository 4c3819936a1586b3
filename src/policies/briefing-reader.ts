/** Reads a briefing as a policy must: from its text alone. A field is undefined if rules v1 do not state it. */
import { DAY, instantOf, MINUTE, yearOf } from '../lib/time.ts';

export type SeenEmail = {
  readonly id: string;
  readonly sender: string;
  readonly priority: string;
  readonly unread: boolean;
  /** Whether the briefing says that an answer is owed. */
  readonly owed: boolean | undefined;
};
export type SeenMeeting = {
  readonly id: string;
  readonly priority: string;
  /** `start` and `end` are instants in microseconds. */
  readonly start: number;
  readonly end: number;
  /** The text before the first comma of the place; empty if there is none. */
  readonly place: string;
  readonly movable: boolean;
  readonly cancellable: boolean | undefined;
  readonly attendees: readonly string[];
  /** Ids of the meetings that clash with this one. */
  readonly clashes: readonly string[];
};
export type SeenPerson = {
  readonly name: string;
  readonly importance: number;
  readonly mood: string;
  readonly prefers: string;
  /** Maximum number of open tasks that the person accepts; Infinity if the briefing only says that the person accepts work. */
  readonly limit: number;
  readonly skills: readonly string[] | undefined;
  /** Microseconds after midnight. */
  readonly worksFrom: number;
  readonly worksTo: number;
  /** Number of open tasks that the person holds. */
  readonly held: number;
};
export type SeenTask = {
  readonly id: string;
  readonly mark: 'later' | 'soon' | 'overdue';
  readonly owner: string;
  readonly delegated: boolean;
  /** Microseconds that the executive needs for it. */
  readonly takes: number | undefined;
  readonly needs: string | undefined;
};

export type SeenBriefing = {
  /** Simulated time in microseconds. */
  readonly now: number;
  readonly stepsLeft: number;
  readonly over: boolean;
  /** When the day ends, an instant in microseconds. */
  readonly dayEnd: number | undefined;
  /** Microseconds of travel between two places. */
  readonly travel: number;
  readonly emails: readonly SeenEmail[];
  readonly meetings: readonly SeenMeeting[];
  readonly people: readonly SeenPerson[];
  readonly tasks: readonly SeenTask[];
};

/** Title of the emails that were read and not answered. */
export const READ_UNANSWERED = 'READ, UNANSWERED';

const HEAD = /^\w{3} (\d+) (\w{3}) (\d+), (\d\d:\d\d) UTC \| step \d+ of \d+, (\d+) left/;
const DAY_ENDS = /\| the day ends (?:\w{3} (\d+) (\w{3}) )?(\d\d:\d\d)$/;
const SECTION = /^(INBOX|CALENDAR|PEOPLE|TASKS)\b/;
const PRIORITY = /^ (CRITICAL|HIGH|NORMAL|LOW|READ, UNANSWERED)$/;
const ENTRY = /^ {2}\[(.+?)\] (.*)$/;
const EMAIL = /^(?:(?:critical|high|normal|low), )?(.+?) \((?:VIP|personal|professional|unknown)(; answer [^)]*)?\) "/;
const MEETING =
  /^\w{3} (\d+) (\w{3}) (\d\d:\d\d)-(\d\d:\d\d) .*?\((critical|high|normal|low)([^)]*)\)(?: with (.*?))?(?: CLASHES with (.+?)(?: and \d+ more)?)?$/;
const TRAVEL = /^ {2}Free:.*; (\d+) min from one place to another$/;
const PERSON =
  /^ {2}(.+): [a-z ]+, importance (\d)\/5, (\w+), prefers (\w+)(, can take work)?(?:, works (\d\d:\d\d)-(\d\d:\d\d))?(?:, takes up to (\d+) tasks?)?(?: \(skills: (.+)\))?(?:, holds (\d+) open tasks?)?$/;
const TASK =
  /^due \w{3} \d+ \w{3} \d\d:\d\d( DUE SOON| OVERDUE)?: .*?\(owner (.+?), \w+ effort(?: \((\d+) min\))?(?:, \w+ priority)?(?:, needs (.+?))?, (?:pending|in-progress|overdue|done)(, with .*)?\)$/;
/** Largest distance at which a date without a year is unambiguous, in microseconds. */
export const HALF_A_YEAR = 183 * DAY;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads the text of a briefing. Lines of an unknown form (for example the cut line at the end) are skipped. */
export function readBriefing(text: string): SeenBriefing {
  const lines = text.split('\n');
  const head = HEAD.exec(lines[0] ?? '');
  const year = Number(head?.[3] ?? 1970);
  const now = instantOf(year, monthOf(head?.[2]), Number(head?.[1] ?? 1), minutesOf(head?.[4]));
  const dayEnd = dayEndOf(lines[0] ?? '', now);
  const emails: SeenEmail[] = [];
  const meetings: SeenMeeting[] = [];
  const people: SeenPerson[] = [];
  const tasks: SeenTask[] = [];
  let travel = 0;
  let section = '';
  let priority = '';
  for (const line of lines) {
    if (!line.startsWith('  ')) {
      section = SECTION.exec(line)?.[1] ?? section;
      priority = PRIORITY.exec(line)?.[1] ?? priority;
    } else if (section === 'PEOPLE') {
      const person = readPerson(line);
      if (person !== undefined) people.push(person);
    } else {
      const entry = readEntry(line);
      if (entry === undefined) {
        travel = readTravel(line);
      } else if (section === 'INBOX') emails.push(readEmail(entry, priority, dayEnd !== undefined));
      else if (section === 'CALENDAR') {
        const meeting = readMeeting(entry, now);
        if (meeting !== undefined) meetings.push(meeting);
      } else if (section === 'TASKS') {
        const task = readTask(entry);
        if (task !== undefined) tasks.push(task);
      }
    }
  }
  return {
    now,
    stepsLeft: Number(head?.[5] ?? 0),
    over: lines.slice(0, lines.indexOf('')).includes('The episode is over.'),
    dayEnd,
    travel,
    emails,
    meetings,
    people,
    tasks,
  };
}

/** When the day ends, an instant in microseconds, from the first line of a briefing; undefined if that line does not say. */
export function dayEndOf(head: string, now: number): number | undefined {
  const match = DAY_ENDS.exec(head);
  if (match === null) return undefined;
  const [, day, month, clock] = match;
  if (day === undefined) return Math.floor(now / DAY) * DAY + minutesOf(clock) * MINUTE;
  const inYear = (year: number): number => instantOf(year, monthOf(month), Number(day), minutesOf(clock));
  const end = inYear(yearOf(now));
  return end < now ? inYear(yearOf(now) + 1) : end;
}

/** A line split into the id in brackets and the text behind it. */
export type BriefingEntry = { readonly id: string; readonly rest: string };

/** Splits a line of an email, a meeting or a task; undefined for other lines. */
export function readEntry(line: string): BriefingEntry | undefined {
  const [, id, rest] = ENTRY.exec(line) ?? [];
  return id === undefined || rest === undefined ? undefined : { id, rest };
}

/** Microseconds of travel between two places if the line states them, else 0. */
export function readTravel(line: string): number {
  return Number(TRAVEL.exec(line)?.[1] ?? 0) * MINUTE;
}

/**
 * @param title The title above the email.
 * @param statesOwed Whether the briefing says which emails are owed an answer.
 */
export function readEmail({ id, rest }: BriefingEntry, title: string, statesOwed: boolean): SeenEmail {
  const [, sender = '', due] = EMAIL.exec(rest) ?? [];
  const unread = title !== READ_UNANSWERED;
  const priority = unread ? title.toLowerCase() : rest.slice(0, rest.indexOf(','));
  return { id, sender, priority, unread, owed: statesOwed ? due !== undefined : undefined };
}

export function readMeeting({ id, rest }: BriefingEntry, now: number): SeenMeeting | undefined {
  const meeting = MEETING.exec(rest);
  if (meeting === null) return undefined;
  const [, day, month, from, to, priority = '', about = '', attendees, clashes] = meeting;
  const start = nearest(now, monthOf(month), Number(day), minutesOf(from));
  return {
    id,
    priority,
    start,
    end: start + lengthOf(minutesOf(from), minutesOf(to)),
    place: /^, ([^,;]*)/.exec(about)?.[1]?.trim() ?? '',
    movable: !about.includes('; must not be moved'),
    cancellable: about.includes('; may be cancelled'),
    attendees: attendees?.split(', ') ?? [],
    clashes: clashes?.split(', ') ?? [],
  };
}

/** The start of a meeting as an instant in microseconds: of all years, the one that puts the date nearest to now. */
export function nearest(now: number, month: number, day: number, minutes: number): number {
  const year = yearOf(now);
  const start = instantOf(year, month, day, minutes);
  if (Math.abs(start - now) <= HALF_A_YEAR) return start;
  return instantOf(start > now ? year - 1 : year + 1, month, day, minutes);
}

/** Microseconds from one time of the day to the next occurrence of another; both times in minutes after midnight. */
export function lengthOf(from: number, to: number): number {
  const length = (to - from) * MINUTE;
  return length > 0 ? length : length + DAY;
}

export function readPerson(line: string): SeenPerson | undefined {
  const match = PERSON.exec(line);
  if (match === null) return undefined;
  const [, name = '', importance, mood = '', prefers = '', work, from, to, limit, skills, held] = match;
  return {
    name,
    importance: Number(importance),
    mood,
    prefers,
    limit: work === undefined ? Number(limit ?? 0) : Number.POSITIVE_INFINITY,
    skills: work === undefined ? (skills?.split(', ') ?? []) : undefined,
    worksFrom: from === undefined ? 0 : minutesOf(from) * MINUTE,
    worksTo: to === undefined ? DAY : minutesOf(to) * MINUTE,
    held: Number(held ?? 0),
  };
}

export function readTask({ id, rest }: BriefingEntry): SeenTask | undefined {
  const match = TASK.exec(rest);
  if (match === null) return undefined;
  const [, due, owner = '', minutes, needs, delegate] = match;
  return {
    id,
    mark: due === ' OVERDUE' ? 'overdue' : due === ' DUE SOON' ? 'soon' : 'later',
    owner,
    delegated: delegate !== undefined,
    takes: minutes === undefined ? undefined : Number(minutes) * MINUTE,
    needs,
  };
}

function monthOf(name = 'Jan'): number {
  return MONTHS.indexOf(name) + 1;
}

/** Minutes after midnight. */
function minutesOf(clock = '00:00'): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}
