/** Changes that no action causes: time, deadlines, moods, stress. Rules v1, paragraph 3, items 6 to 8. */

import { inRange, SECOND } from '../../lib/time.ts';
import { countCriticalUnreplied, countPastDeadline, DONE, deadlineOf, OVERDUE } from '../../world/facts.ts';
import { REPLIED } from '../../world/state.ts';
import { applyEffects, moveMood } from '../effects.ts';
import { type Episode, TASKS } from '../episode.ts';
import {
  IMPORTANT,
  MOOD_FELL,
  MOOD_ROSE,
  STEP_DURATION,
  STRESS_FROM_PROBLEMS_LIMIT,
  STRESS_LIMIT,
  STRESS_PER_PROBLEM,
} from './constants.ts';
import type { StepScratch } from './turn.ts';

// Scheduled changes of the world: rules v1, paragraph 3, item 2.

/** Applies the events of the current step, in file order. */
export function applyDrift(e: Episode): void {
  if (e.c.driftByStep.size === 0) return;
  const events = e.c.driftByStep.get(e.s.stepCount);
  if (events === undefined) return;
  for (const event of events) applyEffects(e, event);
  takeStock(e);
  recomputeStress(e);
}

/** Recounts the totals that steps keep up to date. Must be called after any other change of the world. */
export function takeStock(e: Episode): void {
  e.v1.criticalUnreplied = countCriticalUnreplied(e.c, e.s);
  e.v1.pastDeadline = countPastDeadline(e.c, e.s, e.s.clock);
  e.v1.quietUntil = Number.NEGATIVE_INFINITY;
}

/**
 * Advances the clock, which drops fractions of a second, and marks unfinished tasks past their deadline as overdue. At the end
 * of the year 9999 the clock stops; the published environment crashes there.
 */
export function advanceClock(e: Episode, turn: StepScratch): void {
  const { s } = e;
  const next = Math.floor((s.clock + STEP_DURATION) / SECOND) * SECOND;
  if (inRange(next)) s.clock = next;
  if (e.v1.quietUntil < s.clock) passDeadlines(e, turn);
}

function passDeadlines(e: Episode, turn: StepScratch): void {
  const { c, s } = e;
  const { taskStatus, clock } = s;
  let past = 0;
  let nextDeadline = Number.POSITIVE_INFINITY;
  for (let task = 0; task < taskStatus.length; task++) {
    const status = taskStatus[task] ?? 0;
    if (status === DONE) continue;
    const deadline = deadlineOf(c, s, task);
    if (deadline >= clock) {
      if (deadline < nextDeadline) nextDeadline = deadline;
      continue;
    }
    past++;
    if (status === OVERDUE) continue;
    taskStatus[task] = OVERDUE;
    e.changed |= TASKS;
    const before = task === turn.task ? turn.taskStatus : status;
    if (before !== DONE && before !== OVERDUE) turn.becameOverdue++;
  }
  e.v1.pastDeadline = past;
  e.v1.quietUntil = nextDeadline;
}

/** Updates the moods of contacts, who react to what was done or left undone. */
export function moveMoods(e: Episode, turn: StepScratch): void {
  const { c } = e;
  if (!turn.ok || turn.type === 'do_nothing') {
    const ignored = firstIgnored(e);
    if (ignored >= 0) move(e, turn, c.emailSender[ignored] ?? -1, -1);
  } else if (turn.type === 'reply_email') move(e, turn, c.emailSender[turn.email] ?? -1, 1);
  else if (turn.type === 'send_message') move(e, turn, turn.contact, 1);
  else if (turn.type === 'cancel_meeting') letDown(e, turn, c.meetingAttendees[turn.meeting] ?? []);
}

/** The first critical email without a reply; -1 if there is none. */
function firstIgnored(e: Episode): number {
  if (e.v1.criticalUnreplied === 0) return -1;
  const { criticalEmails } = e.c;
  const { emailFlags } = e.s;
  for (let i = 0; i < criticalEmails.length; i++) {
    const email = criticalEmails[i] ?? -1;
    if (((emailFlags[email] ?? 0) & REPLIED) === 0) return email;
  }
  return -1;
}

/** Lowers the mood of attendees. An attendee who is listed twice falls by two levels, but counts once in the reward. */
function letDown(e: Episode, turn: StepScratch, attendees: readonly number[]): void {
  const paid = new Set<number>();
  for (let i = 0; i < attendees.length; i++) {
    const contact = attendees[i] ?? -1;
    if (paid.has(contact)) moveMood(e, contact, -1);
    else move(e, turn, contact, -1);
    paid.add(contact);
  }
}

function move(e: Episode, turn: StepScratch, contact: number, rungs: 1 | -1): void {
  if (!moveMood(e, contact, rungs)) return;
  const worth = rungs === 1 ? MOOD_ROSE : MOOD_FELL;
  turn.moods += (e.c.importance[contact] ?? 0) >= IMPORTANT ? worth.important : worth.other;
}

/** Computes the stress of the current world: rules v1, paragraph 3, item 8. */
export function recomputeStress(e: Episode): void {
  const problems = e.pairs + e.v1.criticalUnreplied;
  const fromProblems = Math.min(STRESS_FROM_PROBLEMS_LIMIT, STRESS_PER_PROBLEM * problems);
  e.s.stress = Math.min(STRESS_LIMIT, e.c.world.stress + fromProblems);
}
