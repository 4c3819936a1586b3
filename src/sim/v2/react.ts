/** Reactions of contacts and obligations to what is done or left undone. Used by actions and by the passage of time. */
import { inRange } from '../../lib/time.ts';
import { AWAITED, type Day, IN_HAND, MET, OPEN, OVERDUE_STATUS, SPOILED, WRONG } from '../../world/day.ts';
import { countOverlapsOf, deadlineOf, meetingEnd, overlap } from '../../world/facts.ts';
import { type EpisodeState, HIDDEN, NOT_ARRIVED, SUPPRESSED } from '../../world/state.ts';
import { CALENDAR, type Episode, INBOX } from '../episode.ts';
import * as v2 from './constants.ts';
import { newsOf } from './notes.ts';
import { setStatus, shiftMood } from './value.ts';

/** Whether an action furthered an obligation; or, as a text, why it is invalid. */
export type ActionOutcome = boolean | string;

/** Advances the clock. At the end of the year 9999 the clock stops. */
export function spend(e: Episode, microseconds: number): void {
  const next = e.s.clock + microseconds;
  if (inRange(next)) e.s.clock = next;
}

/** Whether an obligation can still be met, in time or late. */
export function isOwed(status: number): boolean {
  return status === OPEN || status === IN_HAND || status === OVERDUE_STATUS || status === AWAITED || status === WRONG;
}

/** Sets the status of an obligation as the result of an action. If an event waits for it, something may happen at once. */
export function settle(e: Episode, day: Day, o: number, status: number): void {
  setStatus(e, o, status);
  if (day.awaited[o] === 1) e.v2.quietUntil = Number.NEGATIVE_INFINITY;
}

/** An email with the reaction of a contact arrives. -1 is ignored. */
export function receive(e: Episode, email: number): void {
  if (email < 0) return;
  arrive(e, email, 0);
  e.addNews(newsOf(e.c).writes.at(email));
}

/** An email arrives with its flags of the file. The answer to a sender whom an event has silenced still raises no mood. */
export function arrive(e: Episode, email: number, flags: number): void {
  const { emailFlags } = e.s;
  emailFlags[email] = flags | ((emailFlags[email] ?? 0) & SUPPRESSED);
  e.changed |= INBOX;
}

/** Whether an email is in the inbox, read or not. */
export function hasArrived(e: Episode, email: number): boolean {
  return ((e.s.emailFlags[email] ?? HIDDEN) & HIDDEN) === 0;
}

/**
 * Records harm to a meeting. Each kind counts once for each meeting. The first time, the mood of the attendees falls, and one
 * of them writes.
 */
export function harmMeeting(e: Episode, day: Day, meeting: number, harm: number): void {
  const before = e.s.meetingHarm[meeting] ?? 0;
  if ((before & harm) !== 0) return;
  e.s.meetingHarm[meeting] = before | harm;
  e.v2.harmed = true;
  if ((before & ~(v2.MEETING_MOVED | v2.MEETING_LATE)) !== 0) return;
  for (const contact of day.attendees[meeting] ?? []) shiftMood(e, contact, -1);
  receive(e, day.complaint[meeting] ?? -1);
}

/** Whether the executive has missed a meeting. */
export function isMissed({ meetingHarm }: EpisodeState, meeting: number): boolean {
  return ((meetingHarm[meeting] ?? 0) & v2.MEETING_MISSED) !== 0;
}

/** The executive is late for a meeting, which counts once. */
export function beLate(e: Episode, meeting: number): void {
  const before = e.s.meetingHarm[meeting] ?? 0;
  if ((before & (v2.MEETING_LATE | v2.MEETING_MISSED)) !== 0) return;
  e.s.meetingHarm[meeting] = before | v2.MEETING_LATE;
  e.v2.harmed = true;
  e.addNews(newsOf(e.c).late.at(meeting));
}

/**
 * The executive does what cannot be done in a meeting: calls, and work. Meetings that had begun are missed; for meetings that
 * begin meanwhile, it depends on how late the executive comes.
 */
export function beBusy(e: Episode, day: Day, from: number, to: number): void {
  const { c, s } = e;
  for (let meeting = 0; meeting < c.layout.meetings; meeting++) {
    const start = s.meetingStart[meeting] ?? 0;
    if (s.meetingCancelled[meeting] !== 0 || start >= to || meetingEnd(c, s, meeting) <= from) continue;
    if (start >= from && to - start <= v2.LATE_TOLERANCE) {
      beLate(e, meeting);
      continue;
    }
    missMeeting(e, day, meeting);
    settleClashes(e, day, meeting, false);
  }
}

/** The executive misses a meeting. */
export function missMeeting(e: Episode, day: Day, meeting: number): void {
  if (isMissed(e.s, meeting)) return;
  e.addNews(newsOf(e.c).missed.at(meeting));
  harmMeeting(e, day, meeting, v2.MEETING_MISSED);
}

/**
 * Must be called before a meeting is moved to a time without overlaps, or cancelled. Returns the number of meetings that it
 * overlaps with now.
 */
export function endClashes(e: Episode, meeting: number): number {
  const clashes = countOverlapsOf(e.c, e.s, meeting);
  e.pairs -= clashes;
  e.changed |= CALENDAR;
  return clashes;
}

/** Settles the clashes of a meeting, met or spoiled. */
export function settleClashes(e: Episode, day: Day, meeting: number, well: boolean): void {
  const clashes = day.clashesOf[meeting] ?? [];
  for (let i = 0; i < clashes.length; i++) {
    const o = clashes[i] ?? 0;
    if (e.s.obligation[o] === OPEN) settle(e, day, o, well ? MET : SPOILED);
  }
}

/** An invitation has arrived: clashes that waited for it become open, or are settled if they were prevented. */
export function openClashes(e: Episode, day: Day, meeting: number): void {
  for (const o of day.clashesOf[meeting] ?? []) {
    const subject = day.subjects[o] ?? 0;
    const other = subject === meeting ? (day.others[o] ?? 0) : subject;
    if (e.s.obligation[o] !== AWAITED || e.s.meetingCancelled[other] === NOT_ARRIVED) continue;
    const spoiled = ((e.s.meetingHarm[other] ?? 0) & v2.MEETING_SPOILED) !== 0;
    setStatus(e, o, overlap(e.c, e.s, meeting, other) ? OPEN : spoiled ? SPOILED : MET);
  }
  e.changed |= CALENDAR;
}

/** The time at which an obligation is due, an instant in microseconds; never after the end of the day. */
export function dueOf(e: Episode, day: Day, o: number): number {
  const due = day.dues[o] ?? day.end;
  if (!Number.isNaN(due)) return due;
  const arrival = e.s.eventTime[day.emailEvent[day.subjects[o] ?? -1] ?? -1] ?? day.end;
  return Math.min(arrival + (day.spans[o] ?? 0), day.end);
}

/** The status of a task with a delegate: in able hands if the work will be done in time. */
export function handStatus(e: Episode, task: number): number {
  return (e.s.taskUntil[task] ?? 0) <= deadlineOf(e.c, e.s, task) ? IN_HAND : OPEN;
}

/** An email was not answered: its sender writes again, and the sender's mood falls. */
export function missReply(e: Episode, day: Day, o: number): void {
  const email = day.obligations[o]?.subject ?? -1;
  setStatus(e, o, OVERDUE_STATUS);
  shiftMood(e, e.c.emailSender[email] ?? -1, -1);
  receive(e, day.chaser[email] ?? -1);
}
