/** The text by which the briefing announces an event, in one line. */
import { plural } from '../../lib/text.ts';
import { formatClock, formatDay, utcOf } from '../../lib/time.ts';
import type { CompiledDriftEvent } from '../../world/drift-event.ts';
import type { ScenarioEvent } from '../../world/schema.ts';

/** @param effects The effects of the event that change anything. */
export function announcementOf(event: ScenarioEvent, effects: CompiledDriftEvent): string {
  const parts: string[] = [];
  if (event.comment) parts.push(event.comment);
  for (const { id, sender } of event.emails ?? []) parts.push(`new mail [${id}] from ${sender}`);
  for (const { id, title } of event.meetings ?? []) parts.push(`invitation [${id}] ${title}`);
  const { set_task_deadline: deadline, set_contact_preference: preference, set_contact_mood: mood } = event;
  if (event.shift_all_meetings_hours) {
    parts.push(`all meetings are moved by ${plural(event.shift_all_meetings_hours, 'hour')}`);
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
