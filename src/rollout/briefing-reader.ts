/** Reads a briefing as a policy must: from its text alone. */
import { DAY, instantOf, MINUTE } from '../lib/time.ts';

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
const HALF_A_YEAR = 183 * DAY;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What a briefing says. Lines that are none of its own forms (a cut end, say) are passed over. */
export function readBriefing(text: string): SeenBriefing {
  const lines = text.split('\n');
  const head = HEAD.exec(lines[0] ?? '');
  const year = Number(head?.[3] ?? 1970);
  const now = instantOf(year, monthOf(head?.[2]), Number(head?.[1] ?? 1), minutesOf(head?.[4]));
  const emails: SeenEmail[] = [];
  const meetings: SeenMeeting[] = [];
  const people: SeenPerson[] = [];
  const tasks: SeenTask[] = [];
  let section = '';
  let priority = '';
  for (const line of lines) {
    if (!line.startsWith('  ')) {
      section = SECTION.exec(line)?.[1] ?? section;
      priority = PRIORITY.exec(line)?.[1] ?? priority;
    } else if (section === 'PEOPLE') {
      const person = PERSON.exec(line);
      if (person !== null) people.push(seenPerson(person));
    } else {
      const [, id, rest] = ENTRY.exec(line) ?? [];
      if (id === undefined || rest === undefined) continue;
      if (section === 'INBOX') emails.push(seenEmail(id, rest, priority));
      else if (section === 'CALENDAR') {
        const meeting = seenMeeting(id, rest, now, year);
        if (meeting !== undefined) meetings.push(meeting);
      } else if (section === 'TASKS') {
        const task = TASK.exec(rest);
        if (task !== null) tasks.push(seenTask(id, task));
      }
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
  const inYear = (candidate: number): number => instantOf(candidate, monthOf(month), Number(day), minutesOf(from));
  let start = inYear(year);
  if (Math.abs(start - now) > HALF_A_YEAR) start = inYear(start > now ? year - 1 : year + 1);
  const length = (minutesOf(to) - minutesOf(from)) * MINUTE;
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

function monthOf(name = 'Jan'): number {
  return MONTHS.indexOf(name) + 1;
}

/** Minutes after midnight. */
function minutesOf(clock = '00:00'): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}
