/**
 * Writes the briefing from the exported world in plain strings, from scratch every time: the oracle of the renderer, which
 * patches bytes. It shows every preview in full length, so it covers only worlds that fit. For very large worlds, the renderer
 * shortens previews and cuts the text.
 */
import { over, pairs, windowsOverlap } from './questions.ts';
import { DAY, formatTime, HOUR, type Instant, instantOf, MINUTE } from './time.ts';
import type { Contact, Email, FinalWorld, Meeting, Task, World } from './world.ts';

export interface Told {
  world: FinalWorld;
  /** The effect of the last action, or why it failed; empty after a reset. */
  note: string;
  stepOk: boolean;
  stepCount: number;
}

export function referenceBriefing({ world: exported, note, stepOk, stepCount }: Told): string {
  const world: World = { ...exported, active_conflicts: [], action_log: [] };
  return [head(world, note, stepOk, stepCount), inbox(world), calendar(world), people(world), tasks(world)].join('\n');
}

// ---------------------------------------------------------------- words

/** Runs of white space and control characters become one space; none at either end. */
function oneLine(text: string): string {
  const words: string[] = [''];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    if (control || character.trim() === '') words.push('');
    else words.push(`${words.pop() ?? ''}${character}`);
  }
  return words.filter((word) => word !== '').join(' ');
}

/** At most `limit` characters. `...` counts as three of them and replaces the rest. */
function clip(text: string, limit: number): string {
  const characters = [...text];
  return characters.length <= limit ? text : `${characters.slice(0, limit - 3).join('')}...`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Mon 22 Jun`. 1 January of the year 1 was a Monday. */
function day(instant: Instant): string {
  const [, month, date] = formatTime(instant).slice(0, 10).split('-');
  return `${WEEKDAYS[Number((instant / DAY) % 7n)]} ${Number(date)} ${MONTHS[Number(month) - 1]}`;
}

function clock(instant: Instant): string {
  return formatTime(instant).slice(11, 16);
}

// ---------------------------------------------------------------- sections

function head(world: World, note: string, stepOk: boolean, stepCount: number): string {
  const now = instantOf(world.simulation_time);
  const year = Number(formatTime(now).slice(0, 4));
  const left = world.episode_active ? Math.max(0, world.max_episode_steps - stepCount) : 0;
  const step = `step ${stepCount} of ${world.max_episode_steps}, ${left} left`;
  let last = 'Last action: none yet; the day begins.';
  if (note !== '') last = stepOk ? `Last action: ${note}` : `Last action FAILED: ${note}`;
  return `${day(now)} ${year}, ${clock(now)} UTC | ${step} | stress ${world.stress}/100
${last}${world.episode_active ? '' : '\nThe episode is over.'}
`;
}

function inbox(world: World): string {
  const unread = world.emails.filter((email) => !email.read);
  const unanswered = world.emails.filter((email) => email.read && !email.replied);
  let text = `INBOX: ${unread.length} unread, ${unanswered.length} read but unanswered\n`;
  for (const priority of ['critical', 'high', 'normal', 'low']) {
    const group = unread.filter((email) => email.priority === priority).sort(byId);
    if (group.length > 0) text += ` ${priority.toUpperCase()}\n`;
    for (const email of group) text += `  [${email.id}] ${letter(email)}\n`;
  }
  if (unanswered.length > 0) text += ' READ, UNANSWERED\n';
  for (const priority of ['critical', 'high', 'normal', 'low']) {
    const group = unanswered.filter((email) => email.priority === priority).sort(byId);
    for (const email of group) text += `  [${email.id}] ${priority}, ${letter(email)}\n`;
  }
  return text;
}

/** By code point, which is the order of UTF-32. */
function byId(one: Email, other: Email): number {
  const key = ({ id }: Email): string =>
    [...id].map((character) => (character.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join('');
  return key(one) < key(other) ? -1 : 1;
}

const PREVIEW = { critical: 400, high: 280, normal: 160, low: 90 };

function letter(email: Email): string {
  const subject = clip(oneLine(email.subject), 120);
  const body = clip(oneLine(email.body), PREVIEW[email.priority]);
  return `${oneLine(email.sender)} (${email.sender_relationship}) "${subject}": ${body}`;
}

function endOf(meeting: Meeting): Instant {
  return instantOf(meeting.start) + BigInt(meeting.duration_minutes) * MINUTE;
}

/** Smaller keys first; equal keys in file order. */
function inOrder<T>(list: readonly T[], key: (item: T) => bigint): T[] {
  return list
    .map((item, index) => ({ item, index, at: key(item) }))
    .sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : one.index - other.index))
    .map(({ item }) => item);
}

function calendar(world: World): string {
  const now = instantOf(world.simulation_time);
  const ahead = world.meetings.filter((meeting) => !meeting.cancelled && endOf(meeting) > now);
  const clashes = count(pairs(world).length, 'clash', 'clashes');
  let text = `CALENDAR: ${count(ahead.length, 'meeting', 'meetings')} ahead, ${clashes}\n`;
  for (const meeting of inOrder(ahead, ({ start }) => instantOf(start))) {
    const start = instantOf(meeting.start);
    const place = meeting.location === '' ? '' : `, ${oneLine(meeting.location)}`;
    const guests = meeting.attendees.length === 0 ? '' : ` with ${meeting.attendees.map(oneLine).join(', ')}`;
    const title = clip(oneLine(meeting.title), 120);
    text += `  [${meeting.id}] ${day(start)} ${clock(start)}-${clock(endOf(meeting))} ${title}`;
    text += ` (${meeting.priority}${place})${guests}${clashesOf(world, meeting)}\n`;
  }
  return text;
}

function clashesOf(world: World, meeting: Meeting): string {
  const others = world.meetings
    .filter((other) => other.id !== meeting.id && !other.cancelled)
    .filter((other) =>
      windowsOverlap(
        instantOf(meeting.start),
        meeting.duration_minutes,
        instantOf(other.start),
        other.duration_minutes,
      ),
    )
    .map(({ id }) => id);
  if (others.length === 0) return '';
  const rest = others.length > 8 ? ` and ${others.length - 8} more` : '';
  return ` CLASHES with ${others.slice(0, 8).join(', ')}${rest}`;
}

function people(world: World): string {
  let text = 'PEOPLE\n';
  for (const contact of inOrder(world.contacts, ({ importance }) => BigInt(-importance))) {
    text += `  ${person(world, contact)}\n`;
  }
  return text;
}

function person(world: World, contact: Contact): string {
  const held = world.tasks.filter((task) => task.status !== 'done' && task.delegated_to === contact.name).length;
  const words = [
    `${oneLine(contact.name)}: ${contact.relationship_type.replace('_', ' ')}`,
    `importance ${contact.importance}/5`,
    contact.mood,
    `prefers ${contact.communication_preference}`,
  ];
  if (['direct_report', 'team_member'].includes(contact.relationship_type)) words.push('can take work');
  if (held > 0) words.push(`holds ${count(held, 'open task', 'open tasks')}`);
  return words.join(', ');
}

function tasks(world: World): string {
  const now = instantOf(world.simulation_time);
  const open = world.tasks.filter((task) => task.status !== 'done');
  let text = `TASKS: ${open.length} open, ${over(world).length} overdue\n`;
  for (const task of inOrder(open, ({ deadline }) => instantOf(deadline))) text += `  ${job(task, now)}\n`;
  return text;
}

function job(task: Task, now: Instant): string {
  const due = instantOf(task.deadline);
  let mark = '';
  if (due < now) mark = ' OVERDUE';
  else if (due - now <= 2n * HOUR) mark = ' DUE SOON';
  const holder = task.delegated_to === null ? '' : `, with ${oneLine(task.delegated_to)}`;
  const how = `owner ${oneLine(task.owner)}, ${task.effort} effort, ${task.status}${holder}`;
  return `[${task.id}] due ${day(due)} ${clock(due)}${mark}: ${clip(oneLine(task.description), 240)} (${how})`;
}
