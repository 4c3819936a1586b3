/** The maximum number of bytes of a scenario's briefings in JSON, including the quotation marks. */
import { oneLine } from '../../lib/text.ts';
import { MAX_NEWS, MAX_NOTE } from '../episode.ts';
import { keptFor } from '../kept.ts';
import { fragmentsOf } from './fragments.ts';
import { MAX_CLASHES_NAMED } from './words.ts';

/**
 * An upper bound of the lines that show neither an email, a meeting, a contact nor a task: titles, blank lines, the head, the
 * mark of a cut.
 */
const OTHER_LINES = 64;

/**
 * The UTF-8 length, plus the characters that JSON adds: a backslash for each line end, for the two quotation marks around each
 * subject, and for the escaped characters in the texts of the scenario, as often as the briefing can show them.
 */
export const briefingJsonBytes = keptFor((c) => {
  const { emails, meetings, contacts, tasks, executive = '' } = c.world;
  const shown = [
    ...emails.flatMap(({ sender, subject, body }) => [sender, subject, body]),
    ...meetings.flatMap(({ title, location, attendees }) => [title, location, ...attendees]),
    ...contacts.flatMap(({ name, skills = [] }) => [name, ...skills]),
    ...tasks.flatMap(({ description, owner, skill = '' }) => [description, owner, skill]),
    executive,
  ].map(oneLine);
  const ids = [emails, meetings, tasks].map((things) => things.map(({ id }) => escapes(id)));
  const holders = [...contacts.map(({ name }) => name), ...tasks.map((task) => task.delegated_to ?? '')].map(oneLine);
  const lines = OTHER_LINES + emails.length + meetings.length + contacts.length + tasks.length;
  const added =
    lines +
    2 * emails.length +
    sum(shown.map(escapes)) +
    sum(ids.flat()) +
    meetings.length * MAX_CLASHES_NAMED * Math.max(0, ...(ids[1] ?? [])) +
    tasks.length * Math.max(0, ...holders.map(escapes)) +
    // Note and news are one line of well-formed text each, in which every character may need an escape.
    MAX_NOTE +
    MAX_NEWS;
  return fragmentsOf(c).maxBytes + added + 2;
});

/** Number of bytes that JSON adds to a text, without the quotation marks around it. */
function escapes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2 - Buffer.byteLength(text.toWellFormed());
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
