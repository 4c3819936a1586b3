/** What happens by itself: time, deadlines, moods, stress. Rules v1, paragraph 3, items 6 to 8. */
import { inRange, SECOND } from '../../lib/time.ts';
import { countCriticalUnreplied, DONE, deadlineOf, OVERDUE } from '../../world/facts.ts';
import { REPLIED } from '../../world/state.ts';
import { type Episode, TASKS } from '../episode.ts';
import { moveMood } from '../mood.ts';
import { STEP_DURATION, STRESS_FROM_PROBLEMS_LIMIT, STRESS_LIMIT, STRESS_PER_PROBLEM } from './constants.ts';
import type { Turn } from './turn.ts';

/**
 * The clock moves on, a fraction of a second is lost for good, and what is not done by its deadline becomes overdue. At the
 * end of the year 9999 the clock stands still; the published environment crashes there. Returns how many tasks are past
 * their deadline then.
 */
export function advanceClock(e: Episode): number {
  const { c, s } = e;
  const { taskStatus } = s;
  const next = Math.floor((s.clock + STEP_DURATION) / SECOND) * SECOND;
  if (inRange(next)) s.clock = next;
  const now = s.clock;
  let past = 0;
  for (let task = 0; task < taskStatus.length; task++) {
    const status = taskStatus[task];
    if (status === DONE || deadlineOf(c, s, task) >= now) continue;
    past++;
    if (status === OVERDUE) continue;
    taskStatus[task] = OVERDUE;
    e.changed |= TASKS;
  }
  return past;
}

/** People react to what was done, or was not. */
export function moveMoods(e: Episode, turn: Turn): void {
  const { c, s } = e;
  if (!turn.ok || turn.type === 'do_nothing') {
    const ignored = c.criticalEmails.find((email) => ((s.emailFlags[email] ?? 0) & REPLIED) === 0);
    if (ignored !== undefined) moveMood(e, c.emailSender[ignored] ?? -1, -1);
  } else if (turn.type === 'reply_email') moveMood(e, c.emailSender[turn.email] ?? -1, 1);
  else if (turn.type === 'send_message') moveMood(e, turn.contact, 1);
  else if (turn.type === 'cancel_meeting') {
    for (const contact of c.meetingAttendees[turn.meeting] ?? []) moveMood(e, contact, -1);
  }
}

/** @param critical Critical emails without a reply. */
export function recomputeStress(e: Episode, critical = countCriticalUnreplied(e.c, e.s)): void {
  const problems = e.pairs + critical;
  const fromProblems = Math.min(STRESS_FROM_PROBLEMS_LIMIT, STRESS_PER_PROBLEM * problems);
  e.s.stress = Math.min(STRESS_LIMIT, e.c.world.stress + fromProblems);
}
