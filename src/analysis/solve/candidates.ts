/**
 * Lists the actions worth trying in a state: answers that are owed, work and its delegation to people who accept it, and
 * ways to resolve clashes in the calendar. Emails, meetings and tasks that have not arrived are not considered.
 */
import { formatTime, MINUTE } from '../../lib/time.ts';
import type { Episode } from '../../sim/episode.ts';
import { atWork } from '../../sim/v2/actions.ts';
import { MINUTES, NOTICE } from '../../sim/v2/constants.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { type Day, isAble, LATE, MET, OPEN, OVERDUE_STATUS, WORKS } from '../../world/day.ts';
import { DONE, deadlineOf, meetingEnd, overlap, wayBetween } from '../../world/facts.ts';
import { type Action, CHANNELS } from '../../world/schema.ts';
import { Answers } from './answers.ts';

/** Slots lie on this grid, or directly before or after another meeting. */
const GRID = 15 * MINUTE;
/** Number of slots to try for a meeting, spread over the day. */
const SLOTS = 12;
/** A meeting without a clash is moved to make time for work only if it begins within this time. */
const IN_THE_WAY = 150 * MINUTE;
const SLOTS_OUT_OF_THE_WAY = 2;

export type Candidate = {
  readonly action: Action;
  /** Whether the action had the intended effect; call it after the step. */
  readonly worked: (e: Episode) => boolean;
};

export const WAIT: Candidate = { action: { action_type: 'do_nothing' }, worked: () => true };

export class Candidates {
  private readonly c: CompiledScenario;
  private readonly day: Day;
  private readonly answers: Answers;

  constructor(c: CompiledScenario) {
    if (c.day === undefined) throw new TypeError('the scenario was not compiled for rules v2');
    this.c = c;
    this.day = c.day;
    this.answers = new Answers(c);
  }

  /** @param allSlots Whether to list every slot of a meeting instead of a few. */
  list(e: Episode, allSlots = false): Candidate[] {
    const found: Candidate[] = [];
    let work = false;
    this.day.obligations.forEach(({ kind, subject, other }, o) => {
      const status = e.s.obligation[o];
      if (status !== OPEN && status !== OVERDUE_STATUS) return;
      if (kind === 'reply') this.reply(e, o, subject, found);
      else if (kind === 'task') work = this.task(e, o, subject, found) || work;
      else if (status === OPEN && overlap(this.c, e.s, subject, other)) {
        for (const meeting of [subject, other]) this.solveClash(e, meeting, allSlots ? Infinity : SLOTS, found);
      }
    });
    if (work) this.makeRoom(e, allSlots ? Infinity : SLOTS_OUT_OF_THE_WAY, found);
    found.push(WAIT);
    return allSlots ? found : unique(found);
  }

  /** Whether the briefings so far contain what the action states. True for actions that state nothing. */
  isKnown(e: Episode, action: Action): boolean {
    if (action.message_body === undefined) return true;
    for (let o = 0; o < this.day.obligations.length; o++) {
      const obligation = this.day.obligations[o];
      const status = e.s.obligation[o];
      if (obligation?.kind !== 'reply' || (status !== OPEN && status !== OVERDUE_STATUS)) continue;
      if (this.answers.compose(e, obligation.subject) === action.message_body) return true;
    }
    return false;
  }

  private reply(e: Episode, o: number, email: number, found: Candidate[]): void {
    const { c } = this;
    const body = this.answers.compose(e, email);
    const file = c.world.emails[email];
    if (body === undefined || file === undefined) return;
    const sender = c.emailSender[email] ?? -1;
    const liked = file.reply?.channel ?? CHANNELS[e.s.preference[sender] ?? -1] ?? 'email';
    const worked = isMet(o);
    // By the channel that the sender prefers, or the fastest one.
    for (const channel of new Set([liked, file.reply?.channel ?? 'text'] as const)) {
      const action = { action_type: 'reply_email', email_id: file.id, message_body: body, channel } as const;
      found.push({ action, worked });
    }
  }

  /** Lists work on a task and its delegation. Returns false if the task is not in the hands of the executive. */
  private task(e: Episode, o: number, task: number, found: Candidate[]): boolean {
    const { c, day } = this;
    const { s } = e;
    const late = s.taskHand[task] === WORKS && (s.taskUntil[task] ?? 0) > deadlineOf(c, s, task);
    if (s.taskHand[task] !== 0 && !late) return false;
    const task_id = c.world.tasks[task]?.id ?? '';
    if (s.clock + (day.takes[task] ?? 0) <= day.end) {
      found.push({ action: { action_type: 'complete_task', task_id }, worked: isMet(o) });
    }
    if (s.taskHand[task] !== 0) return false;
    const from = s.clock + MINUTES.delegate;
    const until = from + (day.takesDelegate[task] ?? 0);
    if (until > day.end) return true;
    for (let contact = 0; contact < c.layout.contacts; contact++) {
      if (!isAble(day, task, contact) || !atWork(day, contact, from, until)) continue;
      if (loadOf(c, e, contact) >= (day.loadLimit[contact] ?? 0)) continue;
      const contact_name = c.world.contacts[contact]?.name ?? '';
      const worked = (after: Episode): boolean => after.s.taskHand[task] === WORKS || after.s.taskStatus[task] === DONE;
      found.push({ action: { action_type: 'delegate_task', task_id, contact_name }, worked });
    }
    return true;
  }

  private solveClash(e: Episode, meeting: number, slots: number, found: Candidate[]): void {
    const { c, day } = this;
    if ((e.s.meetingStart[meeting] ?? 0) <= e.s.clock) return;
    if (day.movable[meeting]) this.move(e, meeting, slots, 'It clashes with another meeting.', found);
    if (!day.cancellable[meeting]) return;
    const action: Action = {
      action_type: 'cancel_meeting',
      meeting_id: c.world.meetings[meeting]?.id ?? '',
      reason: 'I am sorry, it clashes with another meeting that cannot give way.',
    };
    found.push({ action, worked: () => true });
  }

  /** Moves meetings that clash with nothing but begin before the current work could be done. */
  private makeRoom(e: Episode, slots: number, found: Candidate[]): void {
    const { c, s } = { c: this.c, s: e.s };
    for (let meeting = 0; meeting < c.layout.meetings; meeting++) {
      const start = s.meetingStart[meeting] ?? 0;
      if (s.meetingCancelled[meeting] !== 0 || !this.day.movable[meeting] || s.meetingHarm[meeting] !== 0) continue;
      if (start < s.clock + NOTICE || start > s.clock + IN_THE_WAY) continue;
      this.move(e, meeting, slots, 'I need the time for work that is due.', found);
    }
  }

  private move(e: Episode, meeting: number, slots: number, reason: string, found: Candidate[]): void {
    const meeting_id = this.c.world.meetings[meeting]?.id ?? '';
    for (const start of spread(this.slotsOf(e, meeting), slots)) {
      found.push({
        action: { action_type: 'reschedule_meeting', meeting_id, new_time: formatTime(start), reason },
        worked: (after) => after.s.meetingStart[meeting] === start,
      });
    }
  }

  /** Starts at which the meeting clashes with nothing in the calendar and all its attendees are at work; ascending. */
  private slotsOf(e: Episode, meeting: number): number[] {
    const { c, day } = this;
    const { s } = e;
    const lasts = c.meetingDuration[meeting] ?? 0;
    const first = s.clock + Math.max(NOTICE, MINUTES.calendar);
    const last = day.end - lasts;
    const starts = new Set<number>();
    for (let start = Math.ceil(first / GRID) * GRID; start <= last; start += GRID) starts.add(start);
    const others: number[] = [];
    for (let other = 0; other < c.layout.meetings; other++) {
      if (other === meeting || s.meetingCancelled[other] !== 0) continue;
      others.push(other);
      const way = wayBetween(c, meeting, other);
      starts.add(meetingEnd(c, s, other) + way);
      starts.add((s.meetingStart[other] ?? 0) - way - lasts);
    }
    const people = c.meetingAttendees[meeting] ?? [];
    return [...starts]
      .filter((start) => {
        if (start < first || start > last || start === s.meetingStart[meeting]) return false;
        const end = start + lasts;
        if (!people.every((contact) => atWork(day, contact, start, end))) return false;
        return others.every((other) => {
          const way = wayBetween(c, meeting, other);
          return start >= meetingEnd(c, s, other) + way || (s.meetingStart[other] ?? 0) >= end + way;
        });
      })
      .sort((a, b) => a - b);
  }
}

function isMet(o: number): Candidate['worked'] {
  return ({ s }) => s.obligation[o] === MET || s.obligation[o] === LATE;
}

/** Number of open tasks that a contact holds. */
export function loadOf(c: CompiledScenario, { s }: Episode, contact: number): number {
  let held = 0;
  for (let task = 0; task < c.layout.tasks; task++) {
    if (s.taskDelegate[task] === contact && s.taskStatus[task] !== DONE) held++;
  }
  return held;
}

/** At most `count` elements, spread evenly; the first and the last are included. */
function spread(list: readonly number[], count: number): readonly number[] {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))] ?? 0);
}

/** Removes duplicates: a meeting with two clashes is listed twice. */
function unique(list: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return list.filter(({ action }) => {
    const { action_type, meeting_id, new_time } = action;
    if (meeting_id === undefined) return true;
    const key = `${action_type} ${meeting_id} ${new_time}`;
    return !seen.has(key) && seen.add(key);
  });
}
