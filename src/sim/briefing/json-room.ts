/** How many bytes the briefings of a scenario take at the most where they stand in JSON, quotation marks included. */
import { oneLine } from '../../lib/text.ts';
import { MAX_NEWS, MAX_NOTE } from '../episode.ts';
import { keptFor } from '../kept.ts';
import { fragmentsOf } from './fragments.ts';
import { MAX_CLASHES_NAMED } from './words.ts';

/** Lines that are no email, meeting, contact or task, with room to spare: titles, blank lines, the head, the mark of a cut. */
const OTHER_LINES = 64;

/**
 * What UTF-8 takes, and what JSON adds to it: a backslash for each end of a line, for the two quotation marks around each
 * subject, and for what it escapes in the texts of the scenario, each as often as the briefing can show it.
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
    // Of a note and of news, both of which are one line of well-formed text, each character may be one that is escaped.
    MAX_NOTE +
    MAX_NEWS;
  return fragmentsOf(c).maxBytes + added + 2;
});

/** Bytes that JSON adds to a text, apart from the quotation marks around it. */
function escapes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2 - Buffer.byteLength(text.toWellFormed());
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
