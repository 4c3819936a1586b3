/** Tries out plans in one episode, whose state is restored as often as needed. */

import { DAY } from '../../lib/time.ts';
import { Episode, type Ruleset } from '../../sim/episode.ts';
import { createRuleset } from '../../sim/rules.ts';
import { atWork } from '../../sim/v2/actions.ts';
import {
  CHANNEL_WEIGHTS,
  MEETING_DAMAGE,
  MINUTES,
  PRIORITY_DAMAGE,
  STATUS_VALUE,
  WRITING,
} from '../../sim/v2/constants.ts';
import { dueOf } from '../../sim/v2/react.ts';
import { COLLATERAL, worthOf } from '../../sim/v2/value.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { AWAITED, CORRECTED, type Day, isAble, LATE, MET, MISSED, OPEN, SPOILED, WORKS } from '../../world/day.ts';
import { deadlineOf } from '../../world/facts.ts';
import { type Action, CHANNELS, MOODS } from '../../world/schema.ts';
import { SUPPRESSED } from '../../world/state.ts';
import { Candidates, loadOf, WAIT } from './candidates.ts';

export type SolveOptions = {
  /** States that are kept after each step. */
  readonly beam: number;
  readonly seed: number;
  /** Maximum number of steps to play in the search. The plan is completed even if they run out. */
  readonly maxExpansions: number;
  /** Called with the number of finished parts of the search and the number of all parts. */
  readonly onProgress?: (done: number, total: number) => void;
};

export type SolvedPlan = {
  readonly actions: readonly Action[];
  /** V at the end. */
  readonly value: number;
  /** Sum of the rewards. */
  readonly paid: number;
};
/** Values that differ by less count as equal. */
const SAME = 1e-9;
/** Whether plan `a` is better than `b`: by V, then by fewer steps, then by the return. */
export function isBetter(a: SolvedPlan, b: SolvedPlan): boolean {
  if (Math.abs(a.value - b.value) > SAME) return a.value > b.value;
  if (a.actions.length !== b.actions.length) return a.actions.length < b.actions.length;
  return a.paid > b.paid + SAME;
}

/** One episode in which all plans are tried out. */
export class Bench {
  readonly e: Episode;
  readonly rules: Ruleset = createRuleset('v2');
  readonly candidates: Candidates;
  readonly estimate: Estimate;
  expansions = 0;

  constructor(c: CompiledScenario) {
    this.e = Episode.of(c, 'full');
    this.candidates = new Candidates(c);
    this.estimate = new Estimate(c);
  }

  reset(): void {
    this.rules.reset(this.e);
  }

  step(action: Action): number {
    this.expansions++;
    return this.rules.step(this.e, action);
  }

  /** Restores a state. Texts about the last step are not restored: the rules do not depend on them. */
  load(region: Uint8Array): void {
    this.e.load(region, '');
  }

  /** Completes a plan, whose last state is the current one, by the step with the best estimate, again and again. */
  finish(begun: readonly Action[], paidBefore: number): SolvedPlan {
    const actions = [...begun];
    let paid = paidBefore;
    while (this.e.s.active) {
      const step = this.stepGreedily();
      actions.push(step.action);
      paid += step.paid;
    }
    return { actions, paid, value: worthOf(this.e.s) };
  }

  /** Plays the step with the best estimate and leaves the episode in the state after it. Returns the action and its reward. */
  private stepGreedily(): { action: Action; paid: number } {
    const before = this.e.s.region.slice();
    let best: { action: Action; paid: number; region: Uint8Array; estimate: number } | undefined;
    for (const { action, worked } of this.candidates.list(this.e)) {
      this.load(before);
      const paid = this.step(action);
      if (!this.e.s.stepOk || !worked(this.e)) continue;
      const estimate = this.estimate.of(this.e);
      if (best === undefined || estimate > best.estimate + SAME) {
        best = { action, paid, estimate, region: this.e.s.region.slice() };
      }
    }
    if (best === undefined) {
      this.load(before);
      return { action: WAIT.action, paid: this.step(WAIT.action) };
    }
    this.load(best.region);
    return best;
  }
}

// * An optimistic estimate of V at the end of the episode: what is certain already, plus as much of the rest as fits into the steps and the time that are left. The rest is chosen greedily by worth. Each job takes its shortest time and has its own due time; a job that does not fit in time may still fit late. The estimate ignores load limits, meetings in between and the order of events.

const HAPPY = MOODS.length - 1;
const LATE_VALUE = STATUS_VALUE[LATE] ?? 0;

/** `takes`: duration, `due`: the instant at which the job must be done; both in microseconds. */
type OwedWork = { gain: number; late: number; takes: number; due: number };

/** Serves any number of states of one scenario; owns its scratch memory. */
class Estimate {
  private readonly c: CompiledScenario;
  private readonly day: Day;
  private readonly jobs: OwedWork[] = [];
  private readonly taken: OwedWork[] = [];
  private free: number[] = [];

  constructor(c: CompiledScenario) {
    if (c.day === undefined) throw new TypeError('the scenario was not compiled for rules v2');
    this.c = c;
    this.day = c.day;
  }

  /** @returns An estimate of V at the end of the episode, on the same scale as V. */
  of(e: Episode): number {
    const { c, day, jobs } = this;
    const { s } = e;
    jobs.length = 0;
    this.free = c.world.contacts.map((_, contact) => (day.loadLimit[contact] ?? 0) - loadOf(c, e, contact));
    let sum = -(s.sums[COLLATERAL] ?? 0);
    for (let channel = 0; channel < CHANNEL_WEIGHTS.length; channel++) {
      sum += (CHANNEL_WEIGHTS[channel] ?? 0) * (day.unowed[channel] ?? 0);
    }
    for (let contact = 0; contact < day.moodShare.length; contact++) {
      sum += this.rung(contact) * (s.mood[contact] ?? 0);
    }
    for (let o = 0; o < day.obligations.length; o++) {
      const obligation = day.obligations[o];
      if (obligation === undefined) continue;
      const weight = (CHANNEL_WEIGHTS[obligation.channel] ?? 0) * obligation.share;
      const status = s.obligation[o] ?? MISSED;
      if (status === MET || status === LATE || status === CORRECTED) sum += weight * (STATUS_VALUE[status] ?? 0);
      else if (status === MISSED || status === SPOILED) continue;
      else if (status === AWAITED) sum += this.awaited(e, o, weight);
      else if (obligation.kind === 'reply') this.reply(e, o, weight);
      else if (obligation.kind === 'task') sum += this.task(e, obligation.subject, weight);
      else this.clash(e, o, weight);
    }
    return sum + this.pack(s.clock, c.world.max_episode_steps - s.stepCount);
  }

  /** The worth of one rung of mood. */
  private rung(contact: number): number {
    return CHANNEL_WEIGHTS[1] * (this.day.moodShare[contact] ?? 0);
  }

  /**
   * The certain worth of an obligation that has not arrived. Returns `weight` if it only arrives after a failure, which can be
   * avoided. Otherwise it can be met once it has arrived: adds a job and returns 0.
   */
  private awaited(e: Episode, o: number, weight: number): number {
    const { day } = this;
    for (let index = 0; index < day.events.length; index++) {
      const event = day.events[index];
      if (!event?.brings.includes(o)) continue;
      if (event.obligation >= 0 && event.outcome !== 'met') return weight;
      if ((e.s.eventTime[index] ?? 0) >= day.end && Number.isFinite(event.at)) return 0;
    }
    this.jobs.push({ gain: weight, late: 0, takes: WRITING.text, due: day.end });
    return 0;
  }

  private reply(e: Episode, o: number, weight: number): void {
    const { c, day } = this;
    const email = day.obligations[o]?.subject ?? -1;
    const sender = c.emailSender[email] ?? -1;
    const takes = WRITING[c.world.emails[email]?.reply?.channel ?? CHANNELS[e.s.preference[sender] ?? -1] ?? 'email'];
    const due = dueOf(e, day, o);
    const late = weight * LATE_VALUE;
    if (e.s.obligation[o] !== OPEN || due < e.s.clock + takes) {
      this.jobs.push({ gain: late, late: 0, takes, due: day.end });
      return;
    }
    const mood = sender < 0 ? 0 : (e.s.mood[sender] ?? 0);
    const silenced = ((e.s.emailFlags[email] ?? 0) & SUPPRESSED) !== 0;
    const rungs = sender < 0 ? 0 : Number(mood < HAPPY && !silenced) + Number(mood > 0);
    this.jobs.push({ gain: weight + rungs * this.rung(sender), late, takes, due });
  }

  private clash(e: Episode, o: number, weight: number): void {
    const { c, day } = this;
    const { meetingPriority } = day;
    const { subject = -1, other = -1 } = day.obligations[o] ?? {};
    const due = Math.max(e.s.meetingStart[subject] ?? 0, e.s.meetingStart[other] ?? 0);
    if (due < e.s.clock + MINUTES.calendar) return;
    const missed = (meetingPriority[subject] ?? 0) > (meetingPriority[other] ?? 0) ? subject : other;
    let gain = weight + MEETING_DAMAGE.missed * (PRIORITY_DAMAGE[meetingPriority[missed] ?? 0] ?? 0);
    for (const contact of c.meetingAttendees[missed] ?? [])
      gain += (e.s.mood[contact] ?? 0) > 0 ? this.rung(contact) : 0;
    this.jobs.push({ gain, late: 0, takes: MINUTES.calendar, due });
  }

  /** The certain worth of a task that a delegate works on. Otherwise adds a job and returns 0. */
  private task(e: Episode, task: number, weight: number): number {
    const { c, day } = this;
    const { s } = e;
    const deadline = deadlineOf(c, s, task);
    const until = s.taskUntil[task] ?? 0;
    if (s.taskHand[task] === WORKS) return until > day.end ? 0 : until <= deadline ? weight : weight * LATE_VALUE;
    const from = s.clock + MINUTES.delegate;
    const lasts = day.takesDelegate[task] ?? 0;
    const own = day.takes[task] ?? 0;
    const midnight = Math.floor(s.clock / DAY) * DAY;
    let latest = Number.NEGATIVE_INFINITY;
    for (let contact = 0; contact < this.free.length; contact++) {
      if (!isAble(day, task, contact) || (this.free[contact] ?? 0) <= 0) continue;
      if (!atWork(day, contact, Math.max(from, midnight + (day.worksFrom[contact] ?? 0)), from + lasts)) continue;
      latest = Math.max(latest, Math.min(day.end, midnight + (day.worksTo[contact] ?? DAY)) - lasts);
    }
    const late = weight * LATE_VALUE;
    const inTime = Math.min(latest, deadline - lasts);
    if (inTime >= from) this.jobs.push({ gain: weight, late, takes: MINUTES.delegate, due: inTime });
    else if (s.clock + own <= Math.min(deadline, day.end)) {
      this.jobs.push({ gain: weight, late, takes: own, due: Math.min(deadline, day.end) });
    } else if (latest >= from) this.jobs.push({ gain: late, late: 0, takes: MINUTES.delegate, due: latest });
    else if (s.clock + own <= day.end) this.jobs.push({ gain: late, late: 0, takes: own, due: day.end });
    return 0;
  }

  /** The total worth of the jobs that fit, chosen in descending order of worth. */
  private pack(clock: number, steps: number): number {
    const { jobs, taken } = this;
    taken.length = 0;
    jobs.sort((a, b) => b.gain - a.gain || a.due - b.due || a.takes - b.takes);
    let sum = 0;
    for (const job of jobs) {
      if (taken.length >= steps) break;
      if (this.fits(job, clock)) sum += job.gain;
      else if (job.late > 0) {
        job.due = this.day.end;
        if (this.fits(job, clock)) sum += job.late;
      }
    }
    return sum;
  }

  /** Adds a job to the chosen jobs (which are sorted by due time) if all of them can still be done in time. */
  private fits(job: OwedWork, clock: number): boolean {
    const { taken } = this;
    let at = taken.length;
    while (at > 0 && (taken[at - 1]?.due ?? 0) > job.due) at--;
    taken.splice(at, 0, job);
    let time = clock;
    for (const one of taken) {
      time += one.takes;
      if (time > one.due) {
        taken.splice(at, 1);
        return false;
      }
    }
    return true;
  }
}
