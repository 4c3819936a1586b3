/** What happens by itself while time passes: events, work of delegates, deadlines, clashes. Source: rules v2. */
import { SECOND } from '../../lib/time.ts';
import {
  AWAITED,
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
} from '../../world/day.ts';
import { DONE, deadlineOf, overlap } from '../../world/facts.ts';
import { countOverlapsOf } from '../../world/overlaps.ts';
import { TASK_STATUSES } from '../../world/schema.ts';
import { type EpisodeState, NOBODY, READ, REPLIED } from '../../world/state.ts';
import { applyEffects } from '../effects.ts';
import { type Episode, INBOX, PEOPLE, TASKS } from '../episode.ts';
import { finishTask } from './actions.ts';
import { become, MOODS } from './ledger.ts';
import { newsOf } from './notes.ts';
import { dueOf, handStatus, isMissed, isOwed, missMeeting, missReply, openClashes, receive } from './react.ts';

const TASK_PENDING = TASK_STATUSES.indexOf('pending');
const TASK_OVERDUE = TASK_STATUSES.indexOf('overdue');

/** Events of the last step are past. */
export function closeStep({ s }: Episode): void {
  const { eventStatus } = s;
  for (let index = 0; index < eventStatus.length; index++) {
    if (eventStatus[index] === NOW) eventStatus[index] = HAPPENED;
  }
}

/** At the beginning of a step: events that wait for its number happen. */
export function beginStep(e: Episode, day: Day): void {
  const { s } = e;
  const { eventStatus, stepCount } = s;
  for (let index = 0; index < eventStatus.length; index++) {
    const event = day.events[index];
    if (event?.afterStep === stepCount && eventStatus[index] === PENDING) happen(e, day, index, event, s.clock);
  }
}

/** Brings the world to the clock. `before` is what the clock showed at the beginning of the step. */
export function unfold(e: Episode, day: Day, before: number): void {
  if (e.s.clock < e.quietUntil) return;
  const handed = delegatesFinish(e, day);
  // What happens may be late already, or be what another event waits for.
  let due: number;
  do due = timePasses(e, day, before);
  while (eventsHappen(e, day));
  e.quietUntil = Math.min(handed, due, nextEvent(e));
}

/** When the next event happens, as things stand. */
function nextEvent({ s }: Episode): number {
  const { eventStatus, eventTime } = s;
  let next = Number.POSITIVE_INFINITY;
  for (let index = 0; index < eventStatus.length; index++) {
    if (eventStatus[index] === PENDING) next = Math.min(next, eventTime[index] ?? 0);
  }
  return next;
}

/** Returns when the next one will. */
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
    const contact = s.taskDelegate[task] ?? NOBODY;
    e.tell(newsOf(c).handed.at(hand).at(task, contact));
    if (hand === WORKS) finishTask(e, day, task, at);
    else {
      s.taskHand[task] = 0;
      s.taskDelegate[task] = NOBODY;
      s.taskStatus[task] = deadlineOf(c, s, task) < s.clock ? TASK_OVERDUE : TASK_PENDING;
      e.changed |= TASKS | PEOPLE;
      receive(e, day.handBack[task] ?? -1);
    }
  }
  return next;
}

/** Returns when more will come of time alone, or earlier. */
function timePasses(e: Episode, day: Day, before: number): number {
  const answer = answersAreMissed(e, day);
  const clash = clashesBegin(e, day);
  const task = tasksAreMissed(e, day);
  // Where nothing overlaps, nothing else comes of a meeting that begins.
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
    // One that was never settled may be of meetings that are apart by now: drift may have moved one of them alone.
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
      become(e, o, OVERDUE_STATUS);
      if (s.taskHand[subject] === 0) s.taskStatus[subject] = TASK_OVERDUE;
      e.changed |= TASKS;
    }
  }
  return next;
}

/** Meetings that have begun since `before` while another one went on. */
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
      // Of a pair of which the meeting to be missed is missed already, there is nothing left to come: `clashesBegin` came before.
      if (isMissed(s, missedOf(day, other, later))) continue;
      if (overlap(c, s, later, other)) clash(e, day, other, later);
    }
  }
  return next;
}

/** Of two meetings that clash the executive is at the one of higher priority, or at the earlier one. */
function missedOf({ meetingPriority }: Day, earlier: number, later: number): number {
  return (meetingPriority[earlier] ?? 0) > (meetingPriority[later] ?? 0) ? earlier : later;
}

/** Two meetings that clash have begun. */
function clash(e: Episode, day: Day, earlier: number, later: number): void {
  const o = clashBetween(day, earlier, later);
  if (o >= 0 && e.s.obligation[o] === OPEN) become(e, o, MISSED);
  missMeeting(e, day, missedOf(day, earlier, later));
}

/** The obligation of two meetings that clashed from the beginning; -1 of others. */
function clashBetween({ clashesOf, subjects, others }: Day, a: number, b: number): number {
  const clashes = clashesOf[a] ?? [];
  for (let i = 0; i < clashes.length; i++) {
    const o = clashes[i] ?? -1;
    if (subjects[o] === b || others[o] === b) return o;
  }
  return -1;
}

/** Whether anything happened. */
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

/** Whether what the event waits for has come about, or cannot any more. */
function awaitOutcome(e: Episode, index: number, event: DayEvent): boolean {
  const { s } = e;
  const status = s.obligation[event.obligation] ?? AWAITED;
  const met = status === MET || status === LATE;
  const missed = status === OVERDUE_STATUS || status === MISSED;
  const came = event.outcome === 'met' ? met : event.outcome === 'missed' ? missed : status === SPOILED;
  if (came) s.eventTime[index] = s.clock + event.delay;
  else if (!isOwed(status)) {
    s.eventStatus[index] = NEVER;
    // What would have come of something well done is missed with it; what would have come of a failure is spared.
    const spared = status === SPARED || (met && event.outcome !== 'met');
    for (const o of event.brings) if (s.obligation[o] === AWAITED) become(e, o, spared ? SPARED : MISSED);
  } else return false;
  return true;
}

function happen(e: Episode, day: Day, index: number, event: DayEvent, at: number): void {
  const { s, c } = e;
  s.eventStatus[index] = NOW;
  s.eventTime[index] = at;
  e.quietUntil = Number.NEGATIVE_INFINITY;
  applyEffects(e, event.effects);
  if (event.effects.mood) e.changed |= MOODS;
  if (event.effects.deadline) judgeHand(e, day, event.effects.deadline.task);
  for (const email of event.emails) {
    const file = c.world.emails[email];
    s.emailFlags[email] = (file?.read ? READ : 0) | (file?.replied ? REPLIED : 0);
    const o = day.replyOf[email] ?? -1;
    // An index below 0 takes a detour through the runtime.
    if (o >= 0 && s.obligation[o] === AWAITED) become(e, o, OPEN);
    e.changed |= INBOX;
  }
  for (const meeting of event.meetings) {
    s.meetingCancelled[meeting] = Number(c.world.meetings[meeting]?.cancelled ?? false);
    e.calendarChanged(e.pairs + countOverlapsOf(c, s, meeting));
  }
  for (const meeting of event.meetings) openClashes(e, day, meeting);
  if (event.announced && event.text !== '') e.tell(newsOf(c).event.at(index));
}

/** The deadline of a task has moved: whether it is in able hands is another question now. */
function judgeHand(e: Episode, day: Day, task: number): void {
  const { obligation, taskHand } = e.s;
  const o = day.taskOf[task] ?? -1;
  if (o < 0 || taskHand[task] !== WORKS) return;
  if (obligation[o] === OPEN || obligation[o] === IN_HAND) become(e, o, handStatus(e, task));
}

/**
 * The episode is over, and the rest of the day passes without the executive: what is owed is missed, work in able hands is
 * finished, people react. So an episode is worth what its day comes to, however early it was cut off. The clock shows
 * when that was.
 */
export function playOut(e: Episode, day: Day): void {
  const { s } = e;
  const { clock } = s;
  while (s.clock < day.end) {
    const before = s.clock;
    // Far from now an instant has no room for single microseconds.
    s.clock = Math.min(day.end, Math.max(e.quietUntil, before + SECOND));
    unfold(e, day, before);
  }
  for (let o = 0; o < day.obligations.length; o++) {
    const status = s.obligation[o] ?? MET;
    if (!isOwed(status)) continue;
    if (status === OPEN && day.obligations[o]?.kind === 'reply') missReply(e, day, o);
    become(e, o, MISSED);
  }
  s.clock = clock;
}

/** Whether anything is owed that the executive could do something about now. */
export function isAnythingOwed({ s }: Episode, { firstTask, subjects }: Day): boolean {
  const { obligation } = s;
  const open = OPEN;
  const overdue = OVERDUE_STATUS;
  for (let o = 0; o < obligation.length; o++) {
    const status = obligation[o];
    if (status !== open && status !== overdue) continue;
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

/** Whether a delegate is at work on a task. */
function isWorkedOn({ taskHand, taskStatus }: EpisodeState, task: number): boolean {
  return taskHand[task] === WORKS && taskStatus[task] !== DONE;
}
