/** Reads a briefing as a policy must: from its text alone. */
import { DAY, MINUTE, parseTime } from '../lib/time.ts';

export type SeenEmail = { readonly id: string; readonly priority: string; readonly unread: boolean };
export type SeenMeeting = {
  readonly id: string;
  readonly priority: string;
  /** Instants in microseconds. */
  readonly start: number;
  readonly end: number;
  /** Ids of meetings that it clashes with. */
  readonly clashes: readonly string[];
};
export type SeenPerson = {
  readonly name: string;
  readonly importance: number;
  readonly mood: string;
  readonly takesWork: boolean;
  /** Open tasks that the person holds. */
  readonly held: number;
};
export type SeenTask = {
  readonly id: string;
  readonly mark: 'later' | 'soon' | 'overdue';
  readonly delegated: boolean;
};

export type SeenBriefing = {
  /** Simulated time in microseconds. */
  readonly now: number;
  readonly stepsLeft: number;
  readonly over: boolean;
  readonly emails: readonly SeenEmail[];
  readonly meetings: readonly SeenMeeting[];
  readonly people: readonly SeenPerson[];
  readonly tasks: readonly SeenTask[];
};

const HEAD = /^\w{3} (\d+) (\w{3}) (\d+), (\d\d:\d\d) UTC \| step \d+ of \d+, (\d+) left/;
const SECTION = /^(INBOX|CALENDAR|PEOPLE|TASKS)\b/;
const PRIORITY = /^ (CRITICAL|HIGH|NORMAL|LOW|READ, UNANSWERED)$/;
const ENTRY = /^ {2}\[(.+?)\] (.*)$/;
const MEETING = /^\w{3} (\d+) (\w{3}) (\d\d:\d\d)-(\d\d:\d\d) .*?\((critical|high|normal|low)[,)]/;
const CLASHES = / CLASHES with (.+?)(?: and \d+ more)?$/;
const PERSON =
  /^ {2}(.+): [a-z ]+, importance (\d)\/5, (\w+), prefers \w+(, can take work)?(?:, holds (\d+) open tasks?)?$/;
const TASK = /^due \w{3} \d+ \w{3} \d\d:\d\d( DUE SOON| OVERDUE)?: .*?(, with .*)?\)$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What a briefing says. Lines that are none of its own forms (a cut end, say) are passed over. */
export function readBriefing(text: string): SeenBriefing {
  const lines = text.split('\n');
  const head = HEAD.exec(lines[0] ?? '');
  const year = Number(head?.[3] ?? 1970);
  const now = instant(head?.[1], head?.[2], year, head?.[4]);
  const emails: SeenEmail[] = [];
  const meetings: SeenMeeting[] = [];
  const people: SeenPerson[] = [];
  const tasks: SeenTask[] = [];
  let section = '';
  let priority = '';
  for (const line of lines) {
    section = SECTION.exec(line)?.[1] ?? section;
    priority = PRIORITY.exec(line)?.[1] ?? priority;
    const [, id, rest] = ENTRY.exec(line) ?? [];
    if (section === 'PEOPLE') {
      const person = PERSON.exec(line);
      if (person !== null) people.push(seenPerson(person));
    } else if (id === undefined || rest === undefined) continue;
    else if (section === 'INBOX') emails.push(seenEmail(id, rest, priority));
    else if (section === 'CALENDAR') {
      const meeting = seenMeeting(id, rest, now, year);
      if (meeting !== undefined) meetings.push(meeting);
    } else if (section === 'TASKS') {
      const task = TASK.exec(rest);
      if (task !== null) tasks.push(seenTask(id, task));
    }
  }
  const over = lines[2] === 'The episode is over.';
  return { now, stepsLeft: Number(head?.[5] ?? 0), over, emails, meetings, people, tasks };
}

function seenEmail(id: string, rest: string, title: string): SeenEmail {
  if (title !== 'READ, UNANSWERED') return { id, priority: title.toLowerCase(), unread: true };
  return { id, priority: rest.slice(0, rest.indexOf(',')), unread: false };
}

function seenMeeting(id: string, rest: string, now: number, year: number): SeenMeeting | undefined {
  const meeting = MEETING.exec(rest);
  if (meeting === null) return undefined;
  const [, day, month, from, to, priority = ''] = meeting;
  // A day without a year is the one nearest to now.
  const [start = 0] = [year - 1, year, year + 1]
    .map((candidate) => instant(day, month, candidate, from))
    .sort((a, b) => Math.abs(a - now) - Math.abs(b - now));
  const length = clockOf(to) - clockOf(from);
  const end = start + (length > 0 ? length : length + DAY);
  return { id, priority, start, end, clashes: CLASHES.exec(rest)?.[1]?.split(', ') ?? [] };
}

function seenPerson(match: RegExpExecArray): SeenPerson {
  const [, name = '', importance, mood = '', work, held] = match;
  return { name, importance: Number(importance), mood, takesWork: work !== undefined, held: Number(held ?? 0) };
}

function seenTask(id: string, match: RegExpExecArray): SeenTask {
  const mark = match[1] === ' OVERDUE' ? 'overdue' : match[1] === ' DUE SOON' ? 'soon' : 'later';
  return { id, mark, delegated: match[2] !== undefined };
}

function instant(day = '1', month = 'Jan', year = 1970, clock = '00:00'): number {
  const two = (n: number | string): string => String(n).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}-${two(MONTHS.indexOf(month) + 1)}-${two(day)}`;
  return parseTime(`${date}T${clock}`)?.utc ?? 0;
}

function clockOf(text = '00:00'): number {
  return (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * MINUTE;
}
