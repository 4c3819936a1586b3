/** What the words beside figures mean, for pages, reports and the terminal: one or two sentences each. Pure. */
import type { STATUSES } from '../world/day.ts';

/** Terms of rules v2. */
export const TERMS = {
  V: 'V is what the day is worth: 0.35 conflict + 0.35 relationship + 0.30 task \u2212 damage. It is at most 1.',
  potential:
    'A potential is the worth of one part of the day, at most 1: conflict is clashes and critical answers, relationship is moods and the other answers, task is tasks.',
  points: 'A point is a hundredth of V; moods and damage make up the rest of V.',
  drift: 'Drift is what changes the day while it is played: mail arrives, meetings and deadlines move.',
  settlement:
    'If an episode ends before its day, the rest of the day is played out without the executive, and the last reward contains what that brings.',
  silent: 'A silent event is not announced in the news of the briefing.',
} as const;

/** What each state of an obligation means, and what the obligation counts then. */
export const STATE_TERMS: Readonly<Record<(typeof STATUSES)[number], string>> = {
  awaited: 'It has not arrived yet.',
  open: 'It can still be met in time. Until then it counts 0.3.',
  'in able hands': 'A delegate works on the task and will finish in time. Until then it counts 0.65.',
  overdue: 'Its time has passed. It counts nothing, and can still be met late.',
  met: 'Done in full and in time. It counts in full.',
  late: 'Done after it was due. It counts half.',
  missed: 'Not done, or not in full. It counts nothing, except for the asks that were answered.',
  spoiled: 'A clash was settled in a way that is not allowed. It counts nothing.',
  spared: 'It never came up. It counts in full.',
  wrong: 'The last word on an ask is wrong. It counts nothing, a wrong choice less than nothing. It can be corrected.',
  corrected: 'Answered in full after a wrong answer. A corrected ask counts half, a corrected choice nothing.',
};

/** Why an episode ended, by the reason in its metadata, without the full stop. */
export const END_TERMS: Readonly<Record<string, string>> = {
  step_limit: 'The step limit was reached',
  day_end: 'The day is over',
  nothing_owed: 'Nothing is owed any more',
};
