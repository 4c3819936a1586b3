/**
 * Reads the text of a briefing back into an observation: the proof that the text shows every field of the data. It throws if
 * a line has an unknown form, so nothing in the text is skipped.
 *
 * The text says less than the data in four places, which a comparison must allow for:
 * - Dates have a weekday but no year. The reader takes the nearest year in which the date has that weekday.
 * - Only the time of day at which a meeting ends is shown. The reader assumes that meetings last at most 24 hours.
 * - Only the times of day of free slots are shown. The reader assumes that they are today.
 */
import { DAY, formatDay, formatTime, instantOf, MINUTE, MONTHS, utcOf } from '../../src/lib/time.ts';
import { type Observation, observationSchema } from '../../src/sim/observation/observation.ts';

const HEAD =
  /^(\w{3} \d+ \w{3}) (\d+), (\d\d:\d\d) UTC \| step (\d+) of (\d+), (\d+) left \| stress (\S+)\/100(?: \| the day ends (?:(\w{3} \d+ \w{3}) )?(\d\d:\d\d))?$/;
const LAST_ACTION = /^Last action( FAILED)?: (.*)$/;
const FIRST_STEP = 'Last action: none yet; the day begins.';
const NEWS = 'Since then: ';
const OVER = 'The episode is over.';

const INBOX = /^INBOX: (\d+) unread, (\d+) read but unanswered(?:, (\d+) answered or archived)?$/;
const GROUP = /^ (CRITICAL|HIGH|NORMAL|LOW|READ, UNANSWERED|ANSWERED OR ARCHIVED)$/;
const MARK = /^(.*) (open|answered|answered late|wrong|corrected)$/;
const EMAIL =
  /^ {2}\[([^\]]*)\] (?:(critical|high|normal|low), )?([^()]*) \((\w+)(; archived)?(; answered)?(?:(?:: |; so far: )([^()]*))?\) "([^"]*)": (.*)$/;

const CALENDAR = /^CALENDAR: (\d+) meetings? ahead, (\d+) clash(?:es)?$/;
const MEETING =
  /^ {2}\[([^\]]*)\] (\w{3} \d+ \w{3}) (\d\d:\d\d)-(\d\d:\d\d)(?: \(moved from (\w{3} \d+ \w{3}) (\d\d:\d\d)\))? (.*?) \((critical|high|normal|low)(?:, ([^;)]*))?(; must not be moved)?(; may be cancelled)?\)(?: with (.*?))?(?: CLASHES with (.*?)(?: and (\d+) more)?)?$/;
const FREE = /^ {2}Free: ([^;]*)(?:; (\S+) min from one place to another)?$/;
const NO_SLOT = 'nothing until the day ends';
const SLOT = /^(?:now until |(\d\d:\d\d)-)(\d\d:\d\d)$/;

const PEOPLE = /^PEOPLE(?: around (.*))?$/;
const CONTACT =
  /^ {2}([^:]*): ([a-z ]+), importance (\d)\/5, (\w+)( whatever you answer)?, prefers (\w+)(?: \(was (\w+)\))?(?:, works (\d\d:\d\d)-(\d\d:\d\d))?(, can take work)?(?:, takes up to (\d+) tasks?(?: \(skills: ([^()]*)\))?)?(?:, holds (\d+) open tasks?)?$/;

const TASKS = /^TASKS: (\d+) open, (\d+) overdue$/;
const TASK =
  /^ {2}\[([^\]]*)\] due (\w{3} \d+ \w{3}) (\d\d:\d\d)(?: \(was (\w{3} \d+ \w{3}) (\d\d:\d\d)\))?( DUE SOON| OVERDUE)?: (.*?) \(owner ([^,]*), (\w+) effort(?: \((\S+) min\), (\w+) priority)?(?:, needs ([^,]*))?, ([a-z-]+)(?:, not begun: give it to someone or do it)?(?:, with ([^,:]*?)(?: until (\d\d:\d\d))?)?\)$/;

/** The same date recurs on the same weekday within this many years: 29 February may take 40. */
const CYCLE = 40;

const MONTH_NAMES: readonly string[] = MONTHS;

/** What the head of a briefing says about the lines below it. */
type Setting = {
  /** The simulated time. */
  readonly time: string;
  /** Rules v2 state facts that rules v1 do not state. */
  readonly isV2: boolean;
};

/**
 * The observation that a briefing shows.
 * @throws SyntaxError if the text is not a whole briefing
 */
export function readBriefing(text: string): Observation {
  const blocks = text.replace(/\n$/, '').split('\n\n');
  const [head = [], inbox = [], calendar = [], people = [], tasks = []] = blocks.map((block) => block.split('\n'));
  if (blocks.length !== 5) throw new SyntaxError(`a briefing has 5 parts, this text has ${blocks.length}`);
  const seen = readHead(head);
  const setting: Setting = { time: seen.time, isV2: seen.day_ends !== null };
  return observationSchema.parse({
    ...seen,
    inbox: readInbox(inbox, setting),
    calendar: readCalendar(calendar, setting),
    people: readPeople(people, setting),
    tasks: readTasks(tasks, setting),
  });
}

/**
 * An instant as text: that of the date without a year in the nearest year in which the date has the weekday.
 * @param day `Mon 22 Jun`
 * @param clock `10:30`
 */
export function nearestDate(time: string, day: string, clock: string): string {
  const year = Number(formatTime(utcOf(time)).slice(0, 4));
  for (let distance = 0; distance <= CYCLE; distance++) {
    for (const candidate of [year - distance, year + distance]) {
      const instant = dateIn(candidate, day, clock);
      if (candidate >= 1 && candidate <= 9999 && formatDay(instant) === day) return formatTime(instant);
    }
  }
  throw new SyntaxError(`no year near ${year} has a ${day}`);
}

/** The instant at which a clock next shows `clock`, at most 24 hours later. */
export function nextAt(time: string, clock: string): string {
  const wait = minutesOf(clock) - minutesOf(time.slice(11, 16));
  return formatTime(utcOf(time) + (wait > 0 ? wait : wait + DAY / MINUTE) * MINUTE);
}

/** The instant of a time of day on the day of `time`. */
export function today(time: string, clock: string): string {
  return `${time.slice(0, 10)}T${clock}:00`;
}

function dateIn(year: number, date: string, clock: string): number {
  const [, day, month = ''] = date.split(' ');
  return instantOf(year, MONTH_NAMES.indexOf(month) + 1, Number(day), minutesOf(clock));
}

function readHead([first = '', last = '', ...more]: string[]) {
  const [day = '', year, clock = '', step, max_steps, steps_left, stress, endDay, endClock] = read(HEAD, first);
  const date = dateIn(Number(year), day, clock);
  if (formatDay(date) !== day) throw unreadable(first);
  const time = formatTime(date);
  const [failed, note] = last === FIRST_STEP ? [undefined, ''] : read(LAST_ACTION, last);
  const news = more[0]?.startsWith(NEWS) ? more.shift()?.slice(NEWS.length) : '';
  const over = more.shift();
  if (more.length > 0 || (over !== undefined && over !== OVER)) throw unreadable([over, ...more].join('\n'));
  let day_ends: string | null = null;
  if (endClock !== undefined) {
    day_ends = endDay === undefined ? today(time, endClock) : nearestDate(time, endDay, endClock);
  }
  return {
    time,
    day_ends,
    step: Number(step),
    max_steps: Number(max_steps),
    steps_left: Number(steps_left),
    stress: Number(stress),
    active: over === undefined,
    step_ok: failed === undefined,
    note,
    news,
  };
}

function readInbox([title = '', ...lines]: string[], setting: Setting) {
  const [unread, unanswered, dealtWith] = read(INBOX, title).map((count) => numberOrNull(count));
  let group = '';
  const emails = [];
  for (const line of lines) {
    if (line.startsWith('  ')) emails.push(readEmail(line, group));
    else [group = ''] = read(GROUP, line);
  }
  return { unread, unanswered, dealt_with: setting.isV2 ? dealtWith : null, emails };
}

function readEmail(line: string, group: string) {
  const [id, stated, sender, sender_relationship, archived, answered, marks, subject, body] = read(EMAIL, line);
  const unread = !/^(?:READ|ANSWERED)/.test(group);
  const answers = (marks?.split(', ') ?? []).map((mark) => {
    const [ask, state] = read(MARK, mark);
    return { ask, state };
  });
  return {
    id,
    priority: unread ? group.toLowerCase() : stated,
    unread,
    sender,
    sender_relationship,
    subject,
    body,
    answered: answered !== undefined,
    archived: archived !== undefined,
    answers,
  };
}

function readCalendar([title = '', ...lines]: string[], { time, isV2 }: Setting) {
  const [ahead, clashes] = read(CALENDAR, title).map(Number);
  const [slots, travel] = isV2 ? read(FREE, lines.pop() ?? '') : [];
  const meetings = lines.map((line) => readMeeting(line, { time, isV2 }));
  if (meetings.length !== ahead) throw unreadable(title);
  return {
    clashes,
    meetings,
    free: slots === undefined ? null : slots === NO_SLOT ? [] : slots.split(', ').map((slot) => readSlot(slot, time)),
    travel_minutes: numberOrNull(travel),
  };
}

function readMeeting(line: string, { time, isV2 }: Setting) {
  const [
    id,
    day = '',
    from = '',
    to = '',
    oldDay = '',
    oldFrom,
    title,
    priority,
    location,
    fixed,
    optional,
    attendees,
    clashes,
    more,
  ] = read(MEETING, line);
  const start = nearestDate(time, day, from);
  return {
    id,
    start,
    end: nextAt(start, to),
    title,
    priority,
    location: location ?? null,
    attendees: attendees?.split(', ') ?? [],
    movable: isV2 ? fixed === undefined : null,
    cancellable: isV2 ? optional !== undefined : null,
    moved_from: oldFrom === undefined ? null : nearestDate(time, oldDay, oldFrom),
    clashes_with: clashes?.split(', ') ?? [],
    further_clashes: Number(more ?? 0),
  };
}

function readSlot(slot: string, time: string) {
  const [from, to = ''] = read(SLOT, slot);
  return { from: from === undefined ? null : today(time, from), to: today(time, to) };
}

function readPeople([title = '', ...lines]: string[], { isV2 }: Setting) {
  const [executive] = read(PEOPLE, title);
  return { executive: executive ?? null, contacts: lines.map((line) => readContact(line, isV2)) };
}

function readContact(line: string, isV2: boolean) {
  const [name, kind = '', importance, mood, unmoved, prefers, before, from, to, works, limit, skills, held] = read(
    CONTACT,
    line,
  );
  return {
    name,
    relationship_type: kind.replace(' ', '_'),
    importance: Number(importance),
    mood,
    prefers,
    preferred_before: before ?? null,
    unmoved: unmoved !== undefined,
    takes_work: works !== undefined || limit !== undefined,
    max_tasks: isV2 ? Number(limit ?? 0) : null,
    skills: isV2 ? (skills?.split(', ') ?? []) : null,
    works_from: from ?? null,
    works_to: to ?? null,
    open_tasks: Number(held ?? 0),
  };
}

function readTasks([title = '', ...lines]: string[], { time }: Setting) {
  const [count, overdue] = read(TASKS, title).map(Number);
  const open = lines.map((line) => readTask(line, time));
  if (open.length !== count) throw unreadable(title);
  return { overdue, open };
}

function readTask(line: string, time: string) {
  const [
    id,
    day = '',
    clock = '',
    oldDay = '',
    oldClock,
    mark,
    description,
    owner,
    effort,
    minutes,
    priority,
    skill,
    status,
    holder,
    until,
  ] = read(TASK, line);
  return {
    id,
    due: nearestDate(time, day, clock),
    due_before: oldClock === undefined ? null : nearestDate(time, oldDay, oldClock),
    urgency: mark === ' OVERDUE' ? 'overdue' : mark === ' DUE SOON' ? 'soon' : 'later',
    description,
    owner,
    effort,
    takes_minutes: numberOrNull(minutes),
    priority: priority ?? null,
    skill: skill ?? null,
    status,
    delegated_to: holder ?? null,
    delegated_until: until ?? null,
  };
}

/** The groups of a match. `.` must match everything here, since only `\n` ends a line. */
function read(pattern: RegExp, line: string): (string | undefined)[] {
  const match = pattern.exec(line);
  if (match === null) throw unreadable(line);
  return match.slice(1);
}

function unreadable(line: string): SyntaxError {
  return new SyntaxError(`a briefing has no such line: ${line}`);
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

/** Minutes after midnight. */
function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}
