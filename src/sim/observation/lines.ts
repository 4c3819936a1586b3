/**
 * The constant parts of the lines of a briefing. Template punctuation is ASCII: one character outside Latin-1 doubles the cost
 * of decoding a text.
 */
import { clip, oneLine, plural } from '../../lib/text.ts';
import { DAY, formatClock, formatDay, HOUR, MINUTE } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import type { Day } from '../../world/day.ts';
import { CHANNELS, MOODS, type PRIORITIES, type Scenario } from '../../world/schema.ts';

/** Number of code points of an email's body that are shown, by priority. */
export const PREVIEW_LENGTHS: Readonly<Record<(typeof PRIORITIES)[number], number>> = {
  critical: 400,
  high: 280,
  normal: 160,
  low: 90,
};
const MAX_SUBJECT = 120;
const MAX_DESCRIPTION = 240;

/** Work is given only to contacts of these relationships. */
const WORKING_RELATIONSHIPS: ReadonlySet<string> = new Set(['direct_report', 'team_member']);

/** The text about the end of the day: on that day, and before it. Empty under rules v1. */
export function dayEnd({ day }: CompiledScenario): { clock: string; day: string } {
  if (day === undefined) return { clock: '', day: '' };
  const clock = formatClock(day.end);
  return { clock: ` | the day ends ${clock}`, day: ` | the day ends ${formatDay(day.end)} ${clock}` };
}

/** The texts of an email's line up to its preview, and the text that the preview is cut from. */
export type EmailTexts = Pick<Scenario['emails'][number], 'id' | 'priority'> & {
  readonly head: string;
  readonly body: string;
};

/** The texts of an email may be long, so they are scanned once, however much of the body will be shown. */
export function emailTexts(c: CompiledScenario, index: number, email: Scenario['emails'][number]): EmailTexts {
  const { id, priority } = email;
  const from = `${oneLine(email.sender)} (${email.sender_relationship}${answerDue(c, index)})`;
  return { id, priority, head: `${from} "${clip(oneLine(email.subject), MAX_SUBJECT)}": `, body: oneLine(email.body) };
}

/** @param factor The share of a preview that is shown. */
export function emailLines(
  { id, priority, head, body }: EmailTexts,
  factor: number,
): { unread: string; unanswered: string } {
  const rest = `${head}${clip(body, Math.floor(PREVIEW_LENGTHS[priority] * factor))}\n`;
  return { unread: `  [${id}] ${rest}`, unanswered: `  [${id}] ${priority}, ${rest}` };
}

/** The time at which an answer to an email is due: `; answer by 10:30`. Rules v2 only. */
function answerDue(c: CompiledScenario, email: number): string {
  const obligation = c.day?.obligations[c.day.replyOf[email] ?? -1];
  if (obligation === undefined) return '';
  if (Number.isFinite(obligation.due)) return `; answer by ${formatClock(obligation.due)}`;
  return Number.isFinite(obligation.span)
    ? `; answer within ${plural(obligation.span / HOUR, 'hour')}`
    : '; answer owed';
}

/** The line of a meeting up to the clashes, split at its times. */
export function meetingLine(
  c: CompiledScenario,
  index: number,
  meeting: Scenario['meetings'][number],
): { head: string; tail: string } {
  const place = meeting.location === '' ? '' : `, ${oneLine(meeting.location)}`;
  const people = meeting.attendees.length === 0 ? '' : ` with ${meeting.attendees.map(oneLine).join(', ')}`;
  const what = `${meeting.priority}${place}${freedom(c, index)}`;
  return { head: `  [${meeting.id}] `, tail: ` ${clip(oneLine(meeting.title), MAX_SUBJECT)} (${what})${people}` };
}

/** `Mon 22 Jun 10:00-11:00`. */
export function meetingTimes(start: number, end: number): string {
  return `${formatDay(start)} ${formatClock(start)}-${formatClock(end)}`;
}

/** Whether a meeting may be moved or cancelled. */
function freedom({ day }: CompiledScenario, meeting: number): string {
  if (day === undefined) return '';
  return `${day.movable[meeting] ? '' : '; must not be moved'}${day.cancellable[meeting] ? '; may be cancelled' : ''}`;
}

/** The text after the free slots, if a meeting of rules v2 is far from others. */
export function travelTime({ travel }: CompiledScenario): string {
  return travel > 0 ? `; ${travel / MINUTE} min from one place to another` : '';
}

/** The title of the people section. */
export function peopleTitle({ day, world }: CompiledScenario): string {
  const { executive } = world;
  const whose = day === undefined || executive === undefined ? '' : ` around ${clip(oneLine(executive), MAX_SUBJECT)}`;
  return `\nPEOPLE${whose}\n`;
}

/** The line of a contact up to the tasks that the contact holds, split at mood and preference. */
export function contactLine(
  c: CompiledScenario,
  index: number,
  person: Scenario['contacts'][number],
): { head: string; tail: string } {
  const kind = person.relationship_type.replace('_', ' ');
  return {
    head: `  ${oneLine(person.name)}: ${kind}, importance ${person.importance}/5, `,
    tail: c.day === undefined ? workOf(person.relationship_type) : abilities(c.day, index, person.skills ?? []),
  };
}

function workOf(relationship: string): string {
  return WORKING_RELATIONSHIPS.has(relationship) ? ', can take work' : '';
}

/** The skills of a contact, and how much and when the contact works. */
function abilities(day: Day, contact: number, skills: readonly string[]): string {
  const limit = day.loadLimit[contact] ?? 0;
  const from = day.worksFrom[contact] ?? 0;
  const to = day.worksTo[contact] ?? DAY;
  const hours = to - from < DAY ? `, works ${formatClock(from)}-${formatClock(to)}` : '';
  if (limit === 0) return hours;
  const able = skills.length === 0 ? '' : ` (skills: ${skills.map(oneLine).join(', ')})`;
  return `${hours}, takes up to ${plural(limit, 'task')}${able}`;
}

/** `happy, prefers email`. */
export function moodAndPreference(mood: number, preference: number): string {
  return `${MOODS[mood]}, prefers ${CHANNELS[preference]}`;
}

/** `, holds 2 open tasks`. */
export function holds(count: number): string {
  return count === 0 ? '' : `, holds ${plural(count, 'open task')}`;
}

/** A task is due soon if at most this time, in microseconds, is left until its deadline. */
export const DUE_SOON = 2 * HOUR;
/** How close the deadline of a task is: indices into DUE_MARKS. */
export const LATER = 0;
export const SOON = 1;
export const PAST = 2;
/** The mark in the line of a task, by how close its deadline is. */
export const DUE_MARKS = ['', ' DUE SOON', ' OVERDUE'];

/** The line of a task up to its deadline. */
export function taskHead(id: string): string {
  return `  [${id}] due `;
}

/** The deadline of a task as text. */
export function dueTime(deadline: number): string {
  return `${formatDay(deadline)} ${formatClock(deadline)}`;
}

/** The line of a task between its deadline and its status. */
export function taskLine(c: CompiledScenario, index: number, task: Scenario['tasks'][number]): string {
  const effort = `${task.effort} effort${c.day === undefined ? '' : demands(c.day, index, task.priority, task.skill)}`;
  return `: ${clip(oneLine(task.description), MAX_DESCRIPTION)} (owner ${oneLine(task.owner)}, ${effort}, `;
}

function demands({ takes }: Day, task: number, priority = 'normal', skill?: string): string {
  const minutes = (takes[task] ?? 0) / MINUTE;
  return ` (${minutes} min), ${priority} priority${skill === undefined ? '' : `, needs ${oneLine(skill)}`}`;
}
