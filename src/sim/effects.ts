/** Changes of the world that both rulesets make, and the effects of an event: the five kinds of drift. Rules v1, paragraph 3, item 2; rules v2 keep them. */

import { parsePythonTime } from '../lib/python-time.ts';
import { formatTime, HOUR, inRange, parseTime } from '../lib/time.ts';
import type { CompiledDriftEvent } from '../world/day.ts';
import { MOODS } from '../world/schema.ts';
import { NOT_ARRIVED, SUPPRESSED } from '../world/state.ts';
import { type Episode, EVERYTHING, INBOX, PEOPLE } from './episode.ts';

// The scale of moods, which all rulesets share.

const BEST = MOODS.length - 1;

/** Moves the mood of a contact by one level, within the scale. Returns whether it changed. A contact of -1 is ignored. */
export function moveMood(e: Episode, contact: number, rungs: 1 | -1): boolean {
  if (contact < 0) return false;
  const { mood } = e.s;
  const before = mood[contact] ?? 0;
  if (before === (rungs === 1 ? BEST : 0)) return false;
  mood[contact] = before + rungs;
  e.changed |= PEOPLE;
  return true;
}

/** Sets flags of an email. */
export function mark(e: Episode, email: number, flags: number): void {
  const before = e.s.emailFlags[email] ?? 0;
  if ((before | flags) === before) return;
  e.s.emailFlags[email] = before | flags;
  e.changed |= INBOX;
}

/** Applies the effects of one event to the world of an episode. */
export function applyEffects(e: Episode, event: CompiledDriftEvent): void {
  const { s } = e;
  if (event.shiftHours !== undefined) shiftAllMeetings(e, event.shiftHours);
  if (event.preference) s.preference[event.preference.contact] = event.preference.value;
  if (event.deadline) s.taskDeadline[event.deadline.task] = event.deadline.entry;
  for (const emails of event.suppressedEmails) {
    for (const email of emails) s.emailFlags[email] = (s.emailFlags[email] ?? 0) | SUPPRESSED;
  }
  if (event.mood) s.mood[event.mood.contact] = event.mood.value;
  e.changed |= EVERYTHING;
}

/**
 * Kept from the published environment: the wall-clock digits are shifted and the offset is dropped, so that `09:00+02:00`
 * shifted by 1 becomes `10:00` UTC. A meeting whose new time would lie outside the years 1..9999 is not moved.
 */
function shiftAllMeetings(e: Episode, hours: number): void {
  const { c, s } = e;
  c.world.meetings.forEach((meeting, index) => {
    // Under rules v2, what must not be moved stays where it is.
    if (s.meetingCancelled[index] === NOT_ARRIVED || c.day?.movable[index] === false) return;
    const offset = parsePythonTime(s.movedStartText(index) ?? meeting.start)?.offset ?? 0;
    const wall = (s.meetingStart[index] ?? 0) + offset + hours * HOUR;
    if (!inRange(wall) || !inRange(wall + (c.meetingDuration[index] ?? 0))) return;
    const text = formatTime(wall);
    s.moveMeeting(index, parseTime(text)?.utc ?? wall, text);
  });
  e.calendarChanged();
}
