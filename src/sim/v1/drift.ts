/** Scheduled changes of the world: rules v1, paragraph 3, item 2. */
import { formatTime, HOUR, inRange, MINUTE, parseTime } from '../../lib/time.ts';
import type { CompiledDriftEvent } from '../../world/compile.ts';
import { SUPPRESSED } from '../../world/state.ts';
import { type Episode, EVERYTHING } from '../episode.ts';
import { recomputeStress } from './dynamics.ts';

/** Fires the events of the step that has just begun, in file order. */
export function applyDrift(e: Episode): void {
  const events = e.c.driftByStep.get(e.s.stepCount);
  if (events === undefined) return;
  for (const event of events) applyEvent(e, event);
  e.changed = EVERYTHING;
  recomputeStress(e);
}

function applyEvent(e: Episode, event: CompiledDriftEvent): void {
  const { s } = e;
  if (event.shiftHours !== undefined) shiftAllMeetings(e, event.shiftHours);
  if (event.preference) s.preference[event.preference.contact] = event.preference.value;
  if (event.deadline) s.taskDeadline[event.deadline.task] = event.deadline.entry;
  for (const email of event.suppressedEmails) s.emailFlags[email] = (s.emailFlags[email] ?? 0) | SUPPRESSED;
  if (event.mood) s.mood[event.mood.contact] = event.mood.value;
}

/**
 * Kept from the published environment: the wall-clock digits are shifted and the offset is dropped, so that
 * `09:00+02:00` shifted by 1 becomes `10:00` UTC. A meeting that would leave the years 1..9999 stays where it is.
 */
function shiftAllMeetings(e: Episode, hours: number): void {
  const { c, s } = e;
  c.world.meetings.forEach((meeting, index) => {
    const offset = parseTime(s.movedStartText(index) ?? meeting.start)?.offsetMinutes ?? 0;
    const wall = (s.meetingStart[index] ?? 0) + offset * MINUTE + hours * HOUR;
    if (!inRange(wall) || !inRange(wall + (c.meetingDuration[index] ?? 0))) return;
    const text = formatTime(wall);
    s.moveMeeting(index, parseTime(text)?.utc ?? wall, text);
  });
  e.calendarChanged();
}
