/** The passage of time: events, work of delegates, deadlines, clashes. Source: rules v2. */
import { SECOND } from '../../lib/time.ts';
import {
  AWAITED,
  CORRECTED,
  type Day,
  type DayEvent,
  HAPPENED,
  IN_HAND,
  LATE,
  MET,
  MISSED,
  NEVER,
  NOW,
  OPEN,
  OVERDUE_STATUS,
  PENDING,
  SPARED,
  SPOILED,
  WORKS,
  WRONG,
} from '../../world/day.ts';
import { countOverlapsOf, DONE, deadlineOf, latenessAfter, overlap } from '../../world/facts.ts';
import { TASK_STATUSES } from '../../world/schema.ts';
import { type EpisodeState, NO_CONTACT, READ, REPLIED } from '../../world/state.ts';
import { applyEffects } from '../effects.ts';
import { type Episode, PEOPLE, TASKS } from '../episode.ts';
import { finishTask } from './actions.ts';
import { LATE_TOLERANCE } from './constants.ts';
import { newsOf } from './notes.ts';
import {
  arrive,
  beLate,
  dueOf,
  handStatus,
  isMissed,
  isOwed,
  missMeeting,
  missReply,
  openClashes,
  receive,
} from './react.ts';
import { MOODS_CHANGED, setStatus } from './value.ts';

const TASK_PENDING = TASK_STATUSES.indexOf('pending');
const TASK_OVERDUE = TASK_STATUSES.indexOf('overdue');

/** Marks the events of the last step as past. */
export function closeStep({ s }: Episode): void {
  const { eventStatus } = s;
  for (let index = 0; index < eventStatus.length; index++) {
    if (eventStatus[index] === NOW) eventStatus[index] = HAPPENED;
  }
}

/** At the end of a step, the events happen that wait for its number. Returns whether any did. */
export function endStep(e: Episode, day: Day): boolean {
  const { s } = e;
  const { eventStatus, stepCount } = s;
  let happened = false;
  for (let index = 0; index < eventStatus.length; index++) {
    const event = day.events[index];
    if (event?.afterStep !== stepCount || eventStatus[index] !== PENDING) continue;
    happen(e, day, index, event, s.clock);
    happened = true;
  }
  return happened;
}

/** Brings the world up to the clock. `before` is the clock at the beginning of the step. */
export function unfold(e: Episode, day: Day, before: number): void {
  if (e.s.clock < e.v2.quietUntil) return;
  const handed = delegatesFinish(e, day);
  // One change may make another one due, or be the condition of an event.
  let due: number;
  do due = timePasses(e, day, before);
  while (eventsHappen(e, day));
  e.v2.quietUntil = Math.min(handed, due, nextEvent(e));
}

/** The time of the next event in the current state. */
function nextEvent({ s }: Episode): number {
  const { eventStatus, eventTime } = s;
  let next = Number.POSITIVE_INFINITY;
  for (let index = 0; index < eventStatus.length; index++) {
    if (eventStatus[index] === PENDING) next = Math.min(next, eventTime[index] ?? 0);
  }
  return next;
}

/** Finishes the work of delegates. Returns when the next work will be finished. */
function delegatesFinish(e: Episode, day: Day): number {
  const { s, c } = e;
  const { taskHand } = s;
  const now = Math.min(s.clock, day.end);
  let next = Number.POSITIVE_INFINITY;
  for (let task = 0; task < taskHand.length; task++) {
    const hand = taskHand[task] ?? 0;
    if (hand === 0) continue;
    const at = s.taskUntil[task] ?? 0;
    if (at > now) {
      next = Math.min(next, at);
      continue;
    }
    const contact = s.taskDelegate[task] ?? NO_CONTACT;
    e.addNews(newsOf(c).handed.at(hand).at(task, contact));
    if (hand === WORKS) finishTask(e, day, task, at);
    else {
      s.taskHand[task] = 0;
      s.taskDelegate[task] = NO_CONTACT;
      s.taskStatus[task] = deadlineOf(c, s, task) < s.clock ? TASK_OVERDUE : TASK_PENDING;
      e.changed |= TASKS | PEOPLE;
      receive(e, day.handBack[task] ?? -1);
    }
  }
  return next;
}

/** Applies what time alone causes. Returns when it will next cause something, or an earlier time. */
function timePasses(e: Episode, day: Day, before: number): number {
  const answer = answersAreMissed(e, day);
  const clash = clashesBegin(e, day);
  const task = tasksAreMissed(e, day);
  // If nothing overlaps, the beginning of a meeting has no other effect.
  const meeting = e.pairs === 0 ? Number.POSITIVE_INFINITY : meetingsBegin(e, day, before);
  return Math.min(answer, clash, task, meeting);
}

// Answers and tasks are missed only once their time has passed.

function answersAreMissed(e: Episode, day: Day): number {
  const { obligation, clock } = e.s;
  const open = OPEN;
  let next = Number.POSITIVE_INFINITY;
  for (let o = 0; o < day.firstClash; o++) {
    if (obligation[o] !== open) continue;
    const due = dueOf(e, day, o);
    if (due >= clock) next = Math.min(next, due + 1);
    else missReply(e, day, o);
  }
  return next;
}

function clashesBegin(e: Episode, day: Day): number {
  const { obligation, meetingStart, clock } = e.s;
  let next = Number.POSITIVE_INFINITY;
  for (let o = day.firstClash; o < day.firstTask; o++) {
    if (obligation[o] !== OPEN) continue;
    const subject = day.subjects[o] ?? 0;
    const other = day.others[o] ?? 0;
    const first = meetingStart[subject] ?? 0;
    const second = meetingStart[other] ?? 0;
    // The meetings of a clash that was never settled may no longer overlap: drift may have moved one of them alone.
    if (first > clock || second > clock) next = Math.min(next, Math.max(first, second));
    else clash(e, day, first <= second ? subject : other, first <= second ? other : subject);
  }
  return next;
}

function tasksAreMissed(e: Episode, day: Day): number {
  const { s } = e;
  const { obligation, taskDeadline, clock } = s;
  const { subjects } = day;
  const { deadlineInstants } = e.c;
  const open = OPEN;
  const inHand = IN_HAND;
  let next = Number.POSITIVE_INFINITY;
  for (let o = day.firstTask; o < obligation.length; o++) {
    const status = obligation[o];
    if (status !== open && status !== inHand) continue;
    const subject = subjects[o] ?? 0;
    const due = deadlineInstants[taskDeadline[subject] ?? 0] ?? 0;
    if (due >= clock) {
      if (due + 1 < next) next = due + 1;
    } else {
      setStatus(e, o, OVERDUE_STATUS);
      if (s.taskHand[subject] === 0) s.taskStatus[subject] = TASK_OVERDUE;
      e.changed |= TASKS;
    }
  }
  return next;
}

/** Handles meetings that have begun since `before` while another one went on. */
function meetingsBegin(e: Episode, day: Day, before: number): number {
  const { c, s } = e;
  const { meetingStart, clock } = s;
  const { meetingDuration, travel } = c;
  let next = Number.POSITIVE_INFINITY;
  for (let later = 0; later < meetingStart.length; later++) {
    const start = meetingStart[later] ?? 0;
    if (start > clock) next = Math.min(next, start);
    if (start <= before || start > clock || s.meetingCancelled[later] !== 0) continue;
    for (let other = 0; other < meetingStart.length; other++) {
      const begun = meetingStart[other] ?? 0;
      if (other === later || begun > start || begun + (meetingDuration[other] ?? 0) + travel <= start) continue;
      // If the meeting to be missed is missed already, the pair is finished: `clashesBegin` came first.
      if (isMissed(s, missedOf(day, other, later))) continue;
      if (overlap(c, s, later, other)) clash(e, day, other, later);
    }
  }
  return next;
}

/** Of two clashing meetings the executive attends the one of higher priority, or else the earlier one. Returns the other. */
function missedOf({ meetingPriority }: Day, earlier: number, later: number): number {
  return (meetingPriority[earlier] ?? 0) > (meetingPriority[later] ?? 0) ? earlier : later;
}

/** Two clashing meetings have begun. If they share little time, the executive is late for the one, and does not miss it. */
function clash(e: Episode, day: Day, earlier: number, later: number): void {
  const { c, s } = e;
  const o = clashBetween(day, earlier, later);
  if (o >= 0 && s.obligation[o] === OPEN) setStatus(e, o, MISSED);
  if (latenessAfter(c, s, earlier, later) <= LATE_TOLERANCE) beLate(e, missedOf(day, earlier, later));
  else missMeeting(e, day, missedOf(day, earlier, later));
}

/** The obligation of two meetings that clashed from the beginning; -1 if they did not. */
function clashBetween({ clashesOf, subjects, others }: Day, a: number, b: number): number {
  const clashes = clashesOf[a] ?? [];
  for (let i = 0; i < clashes.length; i++) {
    const o = clashes[i] ?? -1;
    if (subjects[o] === b || others[o] === b) return o;
  }
  return -1;
}

/** Lets due events happen. Returns whether any did. */
function eventsHappen(e: Episode, day: Day): boolean {
  const { s } = e;
  const { eventStatus } = s;
  let happened = false;
  for (let index = 0; index < eventStatus.length; index++) {
    if (eventStatus[index] !== PENDING) continue;
    const event = day.events[index];
    if (event === undefined || event.afterStep > 0) continue;
    if (event.obligation >= 0 && s.eventTime[index] === Number.POSITIVE_INFINITY)
      happened = awaitOutcome(e, index, event) || happened;
    const time = s.eventTime[index] ?? Number.POSITIVE_INFINITY;
    if (s.eventStatus[index] === PENDING && time <= s.clock) {
      happen(e, day, index, event, time);
      happened = true;
    }
  }
  return happened;
}

/** Whether the condition of an event has been met, or cannot be met any more. */
function awaitOutcome(e: Episode, index: number, event: DayEvent): boolean {
  const { s } = e;
  const status = s.obligation[event.obligation] ?? AWAITED;
  const met = status === MET || status === LATE || status === CORRECTED;
  const missed = status === OVERDUE_STATUS || status === MISSED;
  const came = event.outcome === 'met' ? met : event.outcome === 'missed' ? missed : status === SPOILED;
  if (came) s.eventTime[index] = s.clock + event.delay;
  else if (!isOwed(status)) {
    s.eventStatus[index] = NEVER;
    // If a success is missed, the events that depended on it are missed too; events that depended on a failure are spared.
    const spared = status === SPARED || (met && event.outcome !== 'met');
    for (const o of event.brings) if (s.obligation[o] === AWAITED) setStatus(e, o, spared ? SPARED : MISSED);
  } else return false;
  return true;
}

function happen(e: Episode, day: Day, index: number, event: DayEvent, at: number): void {
  const { s, c } = e;
  s.eventStatus[index] = NOW;
  s.eventTime[index] = at;
  e.v2.quietUntil = Number.NEGATIVE_INFINITY;
  applyEffects(e, event.effects);
  if (event.effects.mood) e.changed |= MOODS_CHANGED;
  if (event.effects.deadline) judgeHand(e, day, event.effects.deadline.task);
  for (const email of event.emails) {
    const file = c.world.emails[email];
    arrive(e, email, (file?.read ? READ : 0) | (file?.replied ? REPLIED : 0));
    const o = day.replyOf[email] ?? -1;
    // An index below 0 would take a slow path of the runtime.
    if (o >= 0 && s.obligation[o] === AWAITED) setStatus(e, o, OPEN);
  }
  for (const meeting of event.meetings) {
    s.meetingCancelled[meeting] = Number(c.world.meetings[meeting]?.cancelled ?? false);
    e.calendarChanged(e.pairs + countOverlapsOf(c, s, meeting));
  }
  for (const meeting of event.meetings) openClashes(e, day, meeting);
  if (event.announced && event.text !== '') e.addNews(newsOf(c).event.at(index));
}

/** The deadline of a task has moved, so whether the task is in able hands is decided again. */
function judgeHand(e: Episode, day: Day, task: number): void {
  const { obligation, taskHand } = e.s;
  const o = day.taskOf[task] ?? -1;
  if (o < 0 || taskHand[task] !== WORKS) return;
  if (obligation[o] === OPEN || obligation[o] === IN_HAND) setStatus(e, o, handStatus(e, task));
}

/**
 * After the end of the episode, the rest of the day passes without the executive: open obligations are missed, work in able
 * hands is finished, contacts react. The value of an episode therefore does not depend on how early it ended. The clock keeps
 * the time of the end.
 */
export function playOut(e: Episode, day: Day): void {
  const { s } = e;
  const { clock } = s;
  while (s.clock < day.end) {
    const before = s.clock;
    // Doubles far from 1970 cannot represent single microseconds.
    s.clock = Math.min(day.end, Math.max(e.v2.quietUntil, before + SECOND));
    unfold(e, day, before);
  }
  for (let o = 0; o < day.obligations.length; o++) {
    const status = s.obligation[o] ?? MET;
    if (!isOwed(status)) continue;
    if (status === OPEN && day.obligations[o]?.kind === 'reply') missReply(e, day, o);
    setStatus(e, o, MISSED);
  }
  s.clock = clock;
}

/** Whether there is an obligation that the executive could further now. */
export function isAnythingOwed({ s }: Episode, { firstTask, subjects }: Day): boolean {
  const { obligation } = s;
  const open = OPEN;
  const overdue = OVERDUE_STATUS;
  const wrong = WRONG;
  for (let o = 0; o < obligation.length; o++) {
    const status = obligation[o];
    if (status !== open && status !== overdue && status !== wrong) continue;
    if (o < firstTask || !isWorkedOn(s, subjects[o] ?? 0)) return true;
  }
  return false;
}

/** Whether nothing more will arrive. */
export function isAllQuiet(e: Episode): boolean {
  const { eventStatus } = e.s;
  for (let index = 0; index < eventStatus.length; index++) if (eventStatus[index] === PENDING) return false;
  return true;
}

/** Whether a delegate works on a task. */
function isWorkedOn({ taskHand, taskStatus }: EpisodeState, task: number): boolean {
  return taskHand[task] === WORKS && taskStatus[task] !== DONE;
}
