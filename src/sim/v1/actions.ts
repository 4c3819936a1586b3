/** The preconditions and effects of actions: rules v1, paragraph 2. */

import { parsePythonTime, rewritePythonTime } from '../../lib/python-time.ts';
import { pythonStrip, quote } from '../../lib/text.ts';
import { ISO_FORMS, inRange } from '../../lib/time.ts';
import { isUnreadable, type ReadAction, remarkOf } from '../../world/completion/completion.ts';
import { DONE, deadlineOf, IN_PROGRESS, meetingEnd } from '../../world/facts.ts';
import { Kept, keptFor } from '../../world/kept.ts';
import type { Action } from '../../world/schema.ts';
import { fitsStartText } from '../../world/start-text.ts';
import { NO_CONTACT, READ, REPLIED } from '../../world/state.ts';
import { mark } from '../effects.ts';
import { cleanNote, type Episode, PEOPLE, TASKS } from '../episode.ts';
import { namesOf, notes, unknown } from '../texts.ts';
import type { StepScratch } from './turn.ts';

// The notes of valid actions: a small number of texts, each built and cleaned on first use in a scenario.

/** The notes of a scenario, which all its episodes share. */
export const notesOf = keptFor((c) => {
  const { email, meeting, task, contact } = namesOf(c);
  return {
    replied: notes((at) => `replied to ${email(at)}`),
    archived: notes((at) => `archived ${email(at)}`),
    /** Not cached, since there are too many times. */
    moved: (at: number, time: string) => `moved ${meeting(at)} to ${time}`,
    cancelled: notes((at) => `cancelled ${meeting(at)}`),
    completed: notes((at) => `completed ${task(at)}`),
    /** By task and contact. */
    delegated: new Kept((what, whom) => cleanNote(`delegated ${task(what)} to ${contact(whom)}`)),
    sent: notes((at) => `sent a message to ${contact(at)}`),
  };
});

/** Applies the action and records its subject in `turn`. `e.note` then holds its effect or the reason why it failed. */
export function applyAction(e: Episode, action: ReadAction, turn: StepScratch): void {
  const problem = perform(e, action, turn);
  turn.ok = problem === undefined;
  if (problem !== undefined) e.note = problem;
  e.appendNote(remarkOf(action));
}

/** The reason why an action is invalid; undefined if it was carried out. */
type ActionProblem = string | undefined;

function perform(e: Episode, action: ReadAction, turn: StepScratch): ActionProblem {
  if (isUnreadable(action)) {
    turn.type = 'unreadable';
    return action.unreadable;
  }
  turn.type = action.action_type ?? 'do_nothing';
  switch (turn.type) {
    case 'do_nothing':
      e.setNote('you let the time pass');
      return undefined;
    case 'reply_email':
      return replyEmail(e, action, turn);
    case 'archive_email':
      return archiveEmail(e, action);
    case 'reschedule_meeting':
      return rescheduleMeeting(e, action, turn);
    case 'cancel_meeting':
      return cancelMeeting(e, action, turn);
    case 'complete_task':
      return completeTask(e, action, turn);
    case 'delegate_task':
      return delegateTask(e, action, turn);
    case 'send_message':
      return sendMessage(e, action, turn);
  }
}

function replyEmail(e: Episode, action: Action, turn: StepScratch): ActionProblem {
  const { email_id = '', message_body = '' } = action;
  const email = find(e.c.emailIndex, email_id);
  turn.email = email;
  turn.body = message_body;
  if (email < 0) return unknown(action, 'email_id', 'email', email_id);
  if (isBlank(message_body)) return 'reply_email needs a message_body that is not blank';
  const { c, s } = e;
  turn.senderMood = s.mood[c.emailSender[email] ?? -1] ?? 0;
  if (((s.emailFlags[email] ?? 0) & REPLIED) === 0 && c.world.emails[email]?.priority === 'critical') {
    e.v1.criticalUnreplied--;
  }
  mark(e, email, READ | REPLIED);
  e.setNote(notesOf(c).replied.at(email));
  return undefined;
}

function archiveEmail(e: Episode, action: Action): ActionProblem {
  const { email_id = '' } = action;
  const email = find(e.c.emailIndex, email_id);
  if (email < 0) return unknown(action, 'email_id', 'email', email_id);
  mark(e, email, READ);
  e.setNote(notesOf(e.c).archived.at(email));
  return undefined;
}

function rescheduleMeeting(e: Episode, action: Action, turn: StepScratch): ActionProblem {
  const { meeting_id = '', new_time = '' } = action;
  const { c, s } = e;
  const meeting = find(c.meetingIndex, meeting_id);
  if (meeting < 0) return unknown(action, 'meeting_id', 'meeting', meeting_id);
  if (new_time === '') return 'reschedule_meeting needs a new_time';
  const start = parsePythonTime(new_time)?.utc;
  if (start === undefined) {
    return `new_time ${quote(new_time)} cannot be read; expected ${ISO_FORMS}`;
  }
  const end = start + (c.meetingDuration[meeting] ?? 0);
  if (!inRange(end)) return `with new_time ${quote(new_time)} the meeting would end after year 9999`;
  const clash = nextClash(e, meeting, start, end, 0);
  if (clash >= 0) return `${quote(new_time)} would clash with [${c.world.meetings[clash]?.id}]`;
  if (s.meetingCancelled[meeting] === 1) return `meeting [${meeting_id}] is cancelled`;
  rememberPartners(e, meeting, turn);
  const text = kept(new_time);
  s.moveMeeting(meeting, start, text);
  e.calendarChanged(e.pairs - turn.partedFrom.length);
  e.note = notesOf(c).moved(meeting, text);
  return undefined;
}

/** A time in the form that the state stores and observations show: as it was given, unless it is too long. */
function kept(time: string): string {
  return fitsStartText(time) ? time.toWellFormed() : rewritePythonTime(time);
}

function cancelMeeting(e: Episode, action: Action, turn: StepScratch): ActionProblem {
  const { meeting_id = '' } = action;
  const meeting = find(e.c.meetingIndex, meeting_id);
  if (meeting < 0) return unknown(action, 'meeting_id', 'meeting', meeting_id);
  rememberPartners(e, meeting, turn);
  if (e.s.meetingCancelled[meeting] === 0) {
    e.s.meetingCancelled[meeting] = 1;
    e.calendarChanged(e.pairs - turn.partedFrom.length);
  }
  e.setNote(notesOf(e.c).cancelled.at(meeting));
  return undefined;
}

function completeTask(e: Episode, action: Action, turn: StepScratch): ActionProblem {
  const { task_id = '' } = action;
  const { c, s } = e;
  const task = find(e.c.taskIndex, task_id);
  if (task < 0) return unknown(action, 'task_id', 'task', task_id);
  if (s.taskStatus[task] === DONE) return `task [${task_id}] is done already`;
  touchTask(e, task, turn);
  s.taskStatus[task] = DONE;
  if (deadlineOf(c, s, task) < s.clock) e.v1.pastDeadline--;
  e.setNote(notesOf(c).completed.at(task));
  return undefined;
}

function delegateTask(e: Episode, action: Action, turn: StepScratch): ActionProblem {
  const { task_id = '', contact_name = '' } = action;
  const task = find(e.c.taskIndex, task_id);
  const name = pythonStrip(contact_name);
  const contact = find(e.c.contactIndex, name);
  if (task < 0) return unknown(action, 'task_id', 'task', task_id);
  if (contact < 0) return unknown(action, 'contact_name', 'contact', contact_name);
  const { c, s } = e;
  touchTask(e, task, turn);
  turn.contact = contact;
  s.taskDelegate[task] = contact;
  s.taskStatus[task] = IN_PROGRESS;
  // A task that was overdue or done becomes overdue again.
  e.v1.quietUntil = Math.min(e.v1.quietUntil, deadlineOf(c, s, task));
  e.setNote(notesOf(c).delegated.at(task, contact));
  return undefined;
}

function sendMessage(e: Episode, action: Action, turn: StepScratch): ActionProblem {
  const { contact_name = '', message_body = '' } = action;
  const name = pythonStrip(contact_name);
  const contact = find(e.c.contactIndex, name);
  if (contact < 0) return unknown(action, 'contact_name', 'contact', contact_name);
  if (isBlank(message_body)) return 'send_message needs a message_body that is not blank';
  turn.contact = contact;
  turn.namedExactly = name === contact_name;
  e.setNote(notesOf(e.c).sent.at(contact));
  return undefined;
}

/** The published rules strip white space as Python does. */
function isBlank(text: string): boolean {
  return pythonStrip(text) === '';
}

/** Records the status of a task before the action. */
function touchTask(e: Episode, task: number, turn: StepScratch): void {
  const { taskStatus, taskDelegate } = e.s;
  turn.task = task;
  turn.taskStatus = taskStatus[task] ?? 0;
  turn.delegate = taskDelegate[task] ?? NO_CONTACT;
  e.changed |= TASKS | PEOPLE;
}

/** Records the meetings that this one clashes with. Once it is moved to a free slot or cancelled, these clashes are gone. */
function rememberPartners(e: Episode, meeting: number, turn: StepScratch): void {
  const { c, s } = e;
  turn.meeting = meeting;
  if (e.pairs === 0 || s.meetingCancelled[meeting] !== 0) return;
  const start = s.meetingStart[meeting] ?? 0;
  const end = meetingEnd(c, s, meeting);
  let other = nextClash(e, meeting, start, end, 0);
  while (other >= 0) {
    turn.partedFrom.push(other);
    other = nextClash(e, meeting, start, end, other + 1);
  }
}

/** The first other meeting, from index `from` on, that overlaps with the time from `start` to `end`; -1 if there is none. */
function nextClash(e: Episode, meeting: number, start: number, end: number, from: number): number {
  const { meetingStart, meetingCancelled } = e.s;
  const { meetingDuration } = e.c;
  for (let other = from; other < meetingStart.length; other++) {
    if (other === meeting || meetingCancelled[other] !== 0) continue;
    const otherStart = meetingStart[other] ?? 0;
    if (otherStart < end && start < otherStart + (meetingDuration[other] ?? 0)) return other;
  }
  return -1;
}

function find(index: ReadonlyMap<string, number>, key: string): number {
  return index.get(key) ?? -1;
}
