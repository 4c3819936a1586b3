/**
 * The notes of valid actions and the news: a small number of texts, each built on first use in a scenario. Texts that quote the
 * policy, or that say why an answer is inadequate, are built every time.
 */
import { plural } from '../../lib/text.ts';
import { formatClock, formatDay, utcOf } from '../../lib/time.ts';
import { type CompiledDriftEvent, HANDS, WORKS } from '../../world/day.ts';
import { Kept, keptFor } from '../../world/kept.ts';
import type { ScenarioEvent } from '../../world/schema.ts';
import { cleanNote, newsItem } from '../episode.ts';
import { bracketed, namesOf, notes } from '../texts.ts';

// The text by which the briefing announces an event, in one line.

/** @param effects The effects of the event that change anything. */
export function announcementOf(event: ScenarioEvent, effects: CompiledDriftEvent): string {
  const parts: string[] = [];
  if (event.comment) parts.push(event.comment);
  for (const { id, sender } of event.emails ?? []) parts.push(`new mail [${id}] from ${sender}`);
  for (const { id, title } of event.meetings ?? []) parts.push(`invitation [${id}] ${title}`);
  const { set_task_deadline: deadline, set_contact_preference: preference, set_contact_mood: mood } = event;
  if (event.shift_all_meetings_hours) {
    parts.push(`the meetings that may move are moved by ${plural(event.shift_all_meetings_hours, 'hour')}`);
  }
  if (deadline && effects.deadline) {
    const due = utcOf(deadline.deadline);
    parts.push(`[${deadline.task_id}] is now due ${formatDay(due)} ${formatClock(due)}`);
  }
  if (preference && effects.preference)
    parts.push(`${preference.name} now prefers ${preference.communication_preference}`);
  if (mood && effects.mood) parts.push(`${mood.name} is ${mood.mood}`);
  return parts.join('; ');
}

/** The notes of a scenario, which all its episodes share. */
export const notesOf = keptFor((c) => {
  const { email, meeting, task, contact } = namesOf(c);
  const { emails } = c.world;
  return {
    answered: notes((at) => `answered ${email(at)}`),
    answeredForNothing: notes((at) => `answered ${email(at)}; nothing was owed`),
    answeredAgain: notes((at) => `answered ${email(at)} again; nothing more was owed`),
    /** By the email that the message answers. */
    message: notes((at) => `your message to ${emails[at]?.sender} answers ${bracketed(emails[at])}`),
    messageForNothing: notes((at) => `your message to ${contact(at)} answers nothing that is owed`),
    archived: notes((at) => `archived ${bracketed(emails[at])}`),
    buried: notes((at) => `archived ${bracketed(emails[at])}, though an answer is owed`),
    /** Not cached, since there are too many times. */
    moved: (at: number, time: string) => `moved ${meeting(at)} to ${time}`,
    cancelled: notes((at) => `cancelled ${meeting(at)}`),
    completed: notes((at) => `completed ${task(at)}`),
    /** By task and contact. */
    asked: new Kept((what, whom) => cleanNote(`asked ${contact(whom)} to take ${task(what)}`)),
  };
});

/** The news of a scenario, which all its episodes share. */
export const newsOf = keptFor((c) => {
  const { task, contact } = namesOf(c);
  const { emails, meetings } = c.world;
  return {
    /** By the index of the event. */
    event: new Kept((at) => newsItem(c.day?.events[at]?.text ?? '')),
    writes: new Kept((at) => newsItem(`${emails[at]?.sender} writes ${bracketed(emails[at])}`)),
    late: new Kept((at) => newsItem(`you were late for ${bracketed(meetings[at])}`)),
    missed: new Kept((at) => newsItem(`you missed ${bracketed(meetings[at])}`)),
    /** How the work of a delegate ends: by the status of the task's work, then by task and contact. */
    handed: new Kept(
      (hand) =>
        new Kept((what, who) =>
          newsItem(
            hand === WORKS
              ? `${contact(who)} has done ${task(what)}`
              : `${contact(who)} hands back ${task(what)} (${HANDS[hand]})`,
          ),
        ),
    ),
  };
});
