/** The preconditions, durations and effects of actions. Source: rules v2. */
import { quote } from '../../lib/text.ts';
import { DAY, formatClock, ISO_FORMS, inRange, parseTime } from '../../lib/time.ts';
import { isUnreadable, type ReadAction } from '../../world/completion/completion.ts';
import {
  type Day,
  isAble,
  LACKS_SKILL,
  LATE,
  MET,
  NO_ROOM,
  OFF_WORK,
  OPEN,
  OVERDUE_STATUS,
  WORKS,
} from '../../world/day.ts';
import { DONE, deadlineOf, IN_PROGRESS, meetingEnd, wayBetween } from '../../world/facts.ts';
import { type Action, CHANNELS } from '../../world/schema.ts';
import { CANCELLED, NO_CONTACT, NOT_ARRIVED, READ, REPLIED, SUPPRESSED } from '../../world/state.ts';
import { mark } from '../effects.ts';
import { type Episode, PEOPLE, TASKS } from '../episode.ts';
import { isBlank, unknown } from '../texts.ts';
import * as v2 from './constants.ts';
import { notesOf } from './notes.ts';
import {
  dueOf,
  endClashes,
  handStatus,
  harmMeeting,
  hasArrived,
  isOwed,
  missMeeting,
  receive,
  settle,
  settleClashes,
} from './react.ts';
import { setStatus, shiftMood } from './value.ts';
import { judge, owedBy, owedIn, type Reader, type Verdict } from './words.ts';

/** Whether the action furthered an obligation; or, as a text, why it is invalid. */
export type ActionOutcome = boolean | string;

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
      return rescheduleMeeting(e, day, action);
    case 'cancel_meeting':
      return cancelMeeting(e, day, action);
    case 'complete_task':
      return completeTask(e, day, action);
    case 'delegate_task':
      return delegateTask(e, day, action);
  }
}

/** Advances the clock. At the end of the year 9999 the clock stops. */
export function spend(e: Episode, microseconds: number): void {
  const next = e.s.clock + microseconds;
  if (inRange(next)) e.s.clock = next;
}

function replyEmail(e: Episode, day: Day, action: Action, reader: Reader): ActionOutcome {
  const { email_id = '', message_body = '', channel = 'email' } = action;
  const email = e.c.emailIndex.get(email_id) ?? -1;
  if (!hasArrived(e, email)) return unknown(action, 'email_id', 'email', email_id);
  if (isBlank(message_body)) return 'reply_email needs a message_body that is not blank';
  spend(e, v2.WRITING[channel]);
  const verdict = judge(reader.read(message_body), owedIn(e.c, email));
  mark(e, email, READ);
  const o = day.replyOf[email] ?? -1;
  if (verdict.kind === 'hurtful') {
    insult(e, email);
    e.note = `your answer to [${email_id}] hurts: ${verdict.why}`;
  } else if (o < 0 || !isOwed(e.s.obligation[o] ?? MET)) {
    mark(e, email, REPLIED);
    e.setNote(notesOf(e.c).answeredForNothing.at(email));
  } else if (verdict.kind === 'adequate' && inChannel(e, email, channel)) {
    meetReply(e, day, o, channel);
    e.setNote(notesOf(e.c).answered.at(email));
    return true;
  } else {
    answerInadequately(e, email);
    e.note = `your answer to [${email_id}] will not do: ${whyNot(e, email, verdict)}`;
  }
  return false;
}

/** A message answers the first email of the contact for which it is adequate. */
function sendMessage(e: Episode, day: Day, action: Action, reader: Reader): ActionOutcome {
  const { contact_name = '', message_body = '', channel = 'text' } = action;
  const name = contact_name.trim();
  const contact = e.c.contactIndex.get(name) ?? -1;
  if (contact < 0) return unknown(action, 'contact_name', 'contact', contact_name);
  if (isBlank(message_body)) return 'send_message needs a message_body that is not blank';
  spend(e, v2.WRITING[channel]);
  const text = reader.read(message_body);
  let verdict = judge(text, owedBy(e.c, contact));
  if (verdict.kind === 'hurtful') {
    countUp(e, e.s.contactHarm, contact, v2.RUDE_SHIFT);
    shiftMood(e, contact, -1);
    e.note = `your message to ${name} hurts: ${verdict.why}`;
    return false;
  }
  const replies = day.repliesTo[contact] ?? [];
  for (let i = 0; i < replies.length; i++) {
    const o = replies[i] ?? 0;
    const email = day.subjects[o] ?? 0;
    if (!hasArrived(e, email) || !isOwed(e.s.obligation[o] ?? MET)) continue;
    verdict = judge(text, owedIn(e.c, email));
    if (verdict.kind !== 'adequate' || !inChannel(e, email, channel)) continue;
    meetReply(e, day, o, channel);
    e.setNote(notesOf(e.c).message.at(email));
    return true;
  }
  const before = (e.s.contactHarm[contact] ?? 0) & v2.UNASKED_MASK;
  countUp(e, e.s.contactHarm, contact, 0);
  if (before > 0) shiftMood(e, contact, -1);
  e.setNote(notesOf(e.c).messageForNothing.at(contact));
  return false;
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
  mark(e, email, READ);
  e.setNote((buried ? notesOf(e.c).buried : notesOf(e.c).archived).at(email));
  return false;
}

function rescheduleMeeting(e: Episode, day: Day, action: Action): ActionOutcome {
  const { meeting_id = '', new_time = '' } = action;
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

function cancelMeeting(e: Episode, day: Day, action: Action): ActionOutcome {
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
  return allowed && clashes > 0;
}

/** The executive does the task and misses meetings meanwhile. */
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
  for (let meeting = 0; meeting < c.layout.meetings; meeting++) {
    if (s.meetingCancelled[meeting] !== 0) continue;
    if ((s.meetingStart[meeting] ?? 0) >= s.clock || meetingEnd(c, s, meeting) <= begun) continue;
    missMeeting(e, day, meeting);
    settleClashes(e, day, meeting, false);
  }
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

/** An adequate answer. If it is in time and uses the preferred channel of the sender, the sender's mood rises. */
function meetReply(e: Episode, day: Day, o: number, channel: (typeof CHANNELS)[number]): void {
  const { s, c } = e;
  const email = day.obligations[o]?.subject ?? -1;
  const status = s.obligation[o];
  const inTime = status !== OVERDUE_STATUS && s.clock <= dueOf(e, day, o);
  settle(e, day, o, inTime ? MET : LATE);
  mark(e, email, READ | REPLIED);
  const sender = c.emailSender[email] ?? -1;
  const liked = CHANNELS[s.preference[sender] ?? -1] === channel || c.world.emails[email]?.needs?.channel === channel;
  const silenced = ((s.emailFlags[email] ?? 0) & SUPPRESSED) !== 0;
  if (inTime && liked && !silenced) shiftMood(e, sender, 1);
}

/** An inadequate answer lowers the mood of the sender once. */
function answerInadequately(e: Episode, email: number): void {
  const before = e.s.emailHarm[email] ?? 0;
  if ((before & v2.EMAIL_FOBBED_OFF) !== 0) return;
  e.s.emailHarm[email] = before | v2.EMAIL_FOBBED_OFF;
  e.v2.harmed = true;
  shiftMood(e, e.c.emailSender[email] ?? -1, -1);
}

function insult(e: Episode, email: number): void {
  countUp(e, e.s.emailHarm, email, v2.RUDE_SHIFT);
  shiftMood(e, e.c.emailSender[email] ?? -1, -1);
}

/** Counts in two bits, up to COUNT_LIMIT. */
function countUp(e: Episode, harm: Uint8Array, index: number, shift: number): void {
  const before = harm[index] ?? 0;
  if (((before >> shift) & v2.COUNT_LIMIT) === v2.COUNT_LIMIT) return;
  harm[index] = before + (1 << shift);
  e.v2.harmed = true;
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

function inChannel(e: Episode, email: number, channel: string): boolean {
  const needed = e.c.world.emails[email]?.needs?.channel;
  return needed === undefined || needed === channel;
}

function whyNot(e: Episode, email: number, { kind, why }: Verdict): string {
  return kind === 'adequate' ? `it should be a ${e.c.world.emails[email]?.needs?.channel}` : why;
}

/** The index of a meeting that has arrived, cancelled or not; otherwise -1. */
function findMeeting(e: Episode, id: string): number {
  const meeting = e.c.meetingIndex.get(id) ?? -1;
  return e.s.meetingCancelled[meeting] === NOT_ARRIVED ? -1 : meeting;
}
