/** The preconditions, durations and effects of actions. Source: rules v2. */
import { quote } from '../../lib/text.ts';
import { DAY, formatClock, ISO_FORMS, parseTime } from '../../lib/time.ts';
import { isUnreadable, type ReadAction } from '../../world/completion/completion.ts';
import { type Day, isAble, LACKS_SKILL, LATE, MET, NO_ROOM, OFF_WORK, OPEN, WORKS } from '../../world/day.ts';
import { DONE, deadlineOf, IN_PROGRESS, meetingEnd, wayBetween } from '../../world/facts.ts';
import type { Action } from '../../world/schema.ts';
import { ARCHIVED, CANCELLED, NO_CONTACT, NOT_ARRIVED, READ } from '../../world/state.ts';
import { mark } from '../effects.ts';
import { type Episode, PEOPLE, TASKS } from '../episode.ts';
import { isBlank, unknown } from '../texts.ts';
import type { Reader } from './answers.ts';
import * as v2 from './constants.ts';
import { notesOf } from './notes.ts';
import {
  type ActionOutcome,
  beBusy,
  endClashes,
  handStatus,
  harmMeeting,
  hasArrived,
  isOwed,
  receive,
  settle,
  settleClashes,
  spend,
} from './react.ts';
import { setStatus, shiftMood } from './value.ts';
import { answerByReason, replyEmail, sendMessage, tellReason } from './writing.ts';

/** Carries out the action and advances the clock by its duration. `e.note` then describes the effect. */
export function perform(e: Episode, day: Day, action: ReadAction, reader: Reader): ActionOutcome {
  if (isUnreadable(action)) return action.unreadable;
  switch (action.action_type ?? 'do_nothing') {
    case 'do_nothing':
      spend(e, v2.MINUTES.idle);
      e.setNote('you let the time pass');
      return false;
    case 'reply_email':
      return replyEmail(e, day, action, reader);
    case 'send_message':
      return sendMessage(e, day, action, reader);
    case 'archive_email':
      return archiveEmail(e, day, action);
    case 'reschedule_meeting':
      return rescheduleMeeting(e, day, action, reader);
    case 'cancel_meeting':
      return cancelMeeting(e, day, action, reader);
    case 'complete_task':
      return completeTask(e, day, action);
    case 'delegate_task':
      return delegateTask(e, day, action);
  }
}

function archiveEmail(e: Episode, day: Day, action: Action): ActionOutcome {
  const { email_id = '' } = action;
  const email = e.c.emailIndex.get(email_id) ?? -1;
  if (!hasArrived(e, email)) return unknown(action, 'email_id', 'email', email_id);
  spend(e, v2.MINUTES.archive);
  const o = day.replyOf[email] ?? -1;
  const buried = o >= 0 && isOwed(e.s.obligation[o] ?? MET);
  if (buried) {
    e.s.emailHarm[email] = (e.s.emailHarm[email] ?? 0) | v2.EMAIL_BURIED;
    e.v2.harmed = true;
  }
  mark(e, email, READ | ARCHIVED);
  e.setNote((buried ? notesOf(e.c).buried : notesOf(e.c).archived).at(email));
  return false;
}

function rescheduleMeeting(e: Episode, day: Day, action: Action, reader: Reader): ActionOutcome {
  const { meeting_id = '', new_time = '', reason = '' } = action;
  const { c, s } = e;
  const meeting = findMeeting(e, meeting_id);
  if (meeting < 0) return unknown(action, 'meeting_id', 'meeting', meeting_id);
  if (new_time === '') return 'reschedule_meeting needs a new_time';
  const start = parseTime(new_time)?.utc;
  if (start === undefined) return `new_time ${quote(new_time)} cannot be read; expected ${ISO_FORMS}`;
  const lasts = c.meetingDuration[meeting] ?? 0;
  const old = s.meetingStart[meeting] ?? 0;
  if (s.meetingCancelled[meeting] === CANCELLED) return `meeting [${meeting_id}] is cancelled`;
  if (old <= s.clock) return `meeting [${meeting_id}] has begun already`;
  if (start === old) return `meeting [${meeting_id}] is at ${quote(new_time)} already`;
  if (start <= s.clock + v2.MINUTES.calendar) return `new_time ${quote(new_time)} is not in the future`;
  if (start + lasts > day.end) return `[${meeting_id}] would end after the day does, at ${formatClock(day.end)}`;
  for (let other = 0; other < c.layout.meetings; other++) {
    if (other === meeting || s.meetingCancelled[other] !== 0) continue;
    const way = wayBetween(c, meeting, other);
    if (start < meetingEnd(c, s, other) + way && (s.meetingStart[other] ?? 0) < start + lasts + way) {
      return `${quote(new_time)} would clash with [${c.world.meetings[other]?.id}]${way > 0 ? ', the way there included' : ''}`;
    }
  }
  const notice = Math.min(old, start) - s.clock;
  spend(e, v2.MINUTES.calendar);
  tellReason(e, day, meeting, reason, reader);
  const absent = (c.meetingAttendees[meeting] ?? []).find((contact) => !atWork(day, contact, start, start + lasts));
  if (absent !== undefined) {
    decline(e, day, meeting, absent);
    e.note = `${c.world.contacts[absent]?.name} declines ${quote(new_time)}, which is outside their working hours; [${meeting_id}] stays where it is`;
    return false;
  }
  const clashes = endClashes(e, meeting);
  s.moveMeeting(meeting, start, new_time);
  const harm = s.meetingHarm[meeting] ?? 0;
  s.meetingHarm[meeting] = harm | v2.MEETING_MOVED;
  const movable = day.movable[meeting] ?? true;
  settleClashes(e, day, meeting, movable);
  e.note = notesOf(c).moved(meeting, new_time);
  if (!movable) harmMeeting(e, day, meeting, v2.MEETING_SPOILED);
  else if (notice < v2.NOTICE || (harm & v2.MEETING_MOVED) !== 0) harmMeeting(e, day, meeting, v2.MEETING_HASTY);
  return movable && clashes > 0;
}

function cancelMeeting(e: Episode, day: Day, action: Action, reader: Reader): ActionOutcome {
  const { meeting_id = '', reason = '' } = action;
  const { c, s } = e;
  const meeting = findMeeting(e, meeting_id);
  if (meeting < 0) return unknown(action, 'meeting_id', 'meeting', meeting_id);
  if (s.meetingCancelled[meeting] === CANCELLED) return `meeting [${meeting_id}] is cancelled already`;
  if ((s.meetingStart[meeting] ?? 0) <= s.clock) return `meeting [${meeting_id}] has begun already`;
  spend(e, v2.MINUTES.calendar);
  const clashes = endClashes(e, meeting);
  const allowed = (day.cancellable[meeting] ?? false) && !isBlank(reason);
  s.meetingCancelled[meeting] = CANCELLED;
  settleClashes(e, day, meeting, allowed);
  e.setNote(notesOf(c).cancelled.at(meeting));
  if (!allowed) harmMeeting(e, day, meeting, v2.MEETING_SPOILED);
  else if (clashes === 0) harmMeeting(e, day, meeting, v2.MEETING_NEEDLESS);
  return answerByReason(e, day, meeting, reason, reader) || (allowed && clashes > 0);
}

/** The executive does the task, and misses meetings meanwhile. */
function completeTask(e: Episode, day: Day, action: Action): ActionOutcome {
  const { task_id = '' } = action;
  const { c, s } = e;
  const task = c.taskIndex.get(task_id) ?? -1;
  if (task < 0) return unknown(action, 'task_id', 'task', task_id);
  if (s.taskStatus[task] === DONE) return `task [${task_id}] is done already`;
  const begun = s.clock;
  const lasts = day.takes[task] ?? 0;
  if (begun + lasts > day.end)
    return `[${task_id}] would take you until ${formatClock(begun + lasts)}, after the end of the day`;
  spend(e, lasts);
  beBusy(e, day, begun, s.clock);
  finishTask(e, day, task, s.clock);
  s.taskDelegate[task] = NO_CONTACT;
  e.setNote(notesOf(c).completed.at(task));
  return true;
}

function delegateTask(e: Episode, day: Day, action: Action): ActionOutcome {
  const { task_id = '', contact_name = '' } = action;
  const { c, s } = e;
  const task = c.taskIndex.get(task_id) ?? -1;
  const name = contact_name.trim();
  const contact = c.contactIndex.get(name) ?? -1;
  if (task < 0) return unknown(action, 'task_id', 'task', task_id);
  if (contact < 0) return unknown(action, 'contact_name', 'contact', contact_name);
  if (s.taskStatus[task] === DONE) return `task [${task_id}] is done already`;
  if (s.taskHand[task] !== 0) {
    const holder = c.world.contacts[s.taskDelegate[task] ?? NO_CONTACT]?.name;
    return `task [${task_id}] is with ${holder} until ${formatClock(s.taskUntil[task] ?? 0)}`;
  }
  spend(e, v2.MINUTES.delegate);
  const lasts = day.takesDelegate[task] ?? 0;
  const hand = handOf(e, day, task, contact, lasts);
  s.taskDelegate[task] = contact;
  s.taskStatus[task] = IN_PROGRESS;
  s.taskHand[task] = hand;
  s.taskUntil[task] = s.clock + (hand === WORKS ? lasts : (day.response[contact] ?? 0));
  e.v2.quietUntil = Math.min(e.v2.quietUntil, s.taskUntil[task] ?? 0);
  e.changed |= TASKS | PEOPLE;
  const o = day.taskOf[task] ?? -1;
  if (hand === WORKS && s.obligation[o] === OPEN) setStatus(e, o, handStatus(e, task));
  e.setNote(notesOf(c).asked.at(task, contact));
  return hand === WORKS;
}

/** Whether a contact takes a task, and if not, why not. */
function handOf(e: Episode, day: Day, task: number, contact: number, lasts: number): number {
  const { s, c } = e;
  if (!isAble(day, task, contact)) return LACKS_SKILL;
  let held = 0;
  for (let other = 0; other < c.layout.tasks; other++) {
    if (other !== task && s.taskDelegate[other] === contact && s.taskStatus[other] !== DONE) held++;
  }
  if (held >= (day.loadLimit[contact] ?? 0)) return NO_ROOM;
  return atWork(day, contact, s.clock, s.clock + lasts) ? WORKS : OFF_WORK;
}

/** Marks a task as done at the instant `at`. */
export function finishTask(e: Episode, day: Day, task: number, at: number): void {
  const { s } = e;
  s.taskStatus[task] = DONE;
  s.taskHand[task] = 0;
  e.changed |= TASKS | PEOPLE;
  const o = day.taskOf[task] ?? -1;
  if (o >= 0 && isOwed(s.obligation[o] ?? MET)) settle(e, day, o, at <= deadlineOf(e.c, s, task) ? MET : LATE);
}

function decline(e: Episode, day: Day, meeting: number, contact: number): void {
  const before = e.s.meetingHarm[meeting] ?? 0;
  if ((before & v2.MEETING_DECLINED) !== 0) return;
  e.s.meetingHarm[meeting] = before | v2.MEETING_DECLINED;
  e.v2.harmed = true;
  shiftMood(e, contact, -1);
  receive(e, day.complaint[meeting] ?? -1);
}

/** Whether the working hours of a contact include all of the time from `start` to `end`. */
export function atWork(day: Day, contact: number, start: number, end: number): boolean {
  const midnight = Math.floor(start / DAY) * DAY;
  return start - midnight >= (day.worksFrom[contact] ?? 0) && end - midnight <= (day.worksTo[contact] ?? DAY);
}

/** The index of a meeting that has arrived, cancelled or not; otherwise -1. */
function findMeeting(e: Episode, id: string): number {
  const meeting = e.c.meetingIndex.get(id) ?? -1;
  return e.s.meetingCancelled[meeting] === NOT_ARRIVED ? -1 : meeting;
}
