/**
 * The reward of one step: rules v1, paragraph 4. `turn` describes the world before the action; the episode is the world after
 * it.
 */
import { deadlineOf } from '../../world/facts.ts';
import { MOODS, PRIORITIES, type Scenario } from '../../world/schema.ts';
import { NO_CONTACT, SUPPRESSED } from '../../world/state.ts';
import type { Breakdown } from '../breakdown.ts';
import type { Episode } from '../episode.ts';
import * as v1 from './constants.ts';
import type { StepScratch } from './turn.ts';

/**
 * The tone of a text under rules v1, paragraph 4. The first list with an entry that is a substring of the text decides ("they"
 * is casual).
 */
export type Tone = 'apologetic' | 'formal' | 'casual' | 'assertive' | 'neutral';

const LISTS: readonly (readonly [Tone, readonly string[]])[] = [
  ['apologetic', ['sorry', 'apologize', 'apologies', 'my mistake']],
  ['formal', ['dear ', 'sincerely', 'best regards', 'respectfully', 'cordially']],
  ['casual', ['hey', 'lol', 'haha', '\u{1f44b}', 'no worries', 'cheers']],
  ['assertive', ['must', 'immediately', 'asap', 'non-negotiable', 'demand']],
];

/** The tone of a text. */
export function toneOf(text: string): Tone {
  const lower = text.toLowerCase();
  return LISTS.find(([, words]) => words.some((word) => lower.includes(word)))?.[0] ?? 'neutral';
}

const ANNOYED = MOODS.indexOf('annoyed');
const NEUTRAL = MOODS.indexOf('neutral');
const FURIOUS = MOODS.indexOf('furious');

/**
 * The least and the greatest reward of a step, which rules v1 do not state: every mood and task counts, so it depends on their
 * number. These bounds take every channel at its limit at the same time, and are never reached.
 */
export function rewardRangeV1({ contacts, tasks }: Pick<Scenario, 'contacts' | 'tasks'>): readonly [number, number] {
  const important = contacts.filter(({ importance }) => importance >= v1.IMPORTANT).length;
  const others = contacts.length - important;
  const { conflict, relationship, task } = v1.WEIGHTS;
  const answer = v1.VIP_FACTOR * Math.max(...v1.REPLY_BY_PRIORITY);

  const up = {
    people: important * v1.MOOD_ROSE.important + others * v1.MOOD_ROSE.other + answer + v1.VALID_MESSAGE,
    work: tasks.length * v1.TASK_DONE_IN_TIME + v1.TASK_DELEGATED + v1.VALID_DELEGATE + v1.VALID_COMPLETE,
  };
  const down = {
    people:
      important * v1.MOOD_FELL.important + others * v1.MOOD_FELL.other + v1.CASUAL_TO_BOARD + v1.FORMAL_TO_PERSONAL,
    work: tasks.length * v1.TASK_BECAME_OVERDUE,
  };
  const quality = Math.max(...v1.QUALITY.map(({ amount }) => amount));
  const helped = v1.SYNERGY.people.limit + v1.SYNERGY.work.limit + v1.POTENTIAL.limit + v1.SCAFFOLD.limit + quality;
  const hindered = v1.TRADEOFF.people.limit + v1.TRADEOFF.work.limit + v1.POTENTIAL.limit + quality;

  const best = conflict * v1.CONFLICT_LIMIT + relationship * up.people + task * up.work + helped;
  const worst = -conflict * v1.CONFLICT_LIMIT + relationship * down.people + task * down.work - hindered;
  return [
    v1.OUTPUT_SCALE * worst + v1.INVALID_STEP + v1.DO_NOTHING + v1.CATASTROPHE.amount,
    v1.OUTPUT_SCALE * best + v1.COMPLETION.amount,
  ];
}

/** Fills `out`; `out.final` is the reward. */
export function rewardStep(e: Episode, turn: StepScratch, out: Breakdown): void {
  const { s } = e;
  const { criticalUnreplied: critical, pastDeadline } = e.v1;
  const done = !s.active;
  out.critical_queue_bonus = v1.CRITICAL_ANSWERED * Math.max(0, turn.critical - critical);
  out.conflict_raw = rawConflict(e, turn) + out.critical_queue_bonus;
  out.conflict = clamp(out.conflict_raw, v1.CONFLICT_LIMIT);
  out.relationship = relationship(e, turn);
  out.task = task(e, turn);
  const base =
    v1.WEIGHTS.conflict * out.conflict + v1.WEIGHTS.relationship * out.relationship + v1.WEIGHTS.task * out.task;

  const scale = v1.OUTPUT_SCALE;
  let shaping = 0;
  if (e.rewardMode === 'base') {
    out.shaping_synergy = out.shaping_tradeoff = out.shaping_potential = out.shaping_scaffold = out.shaping_quality = 0;
    out.shaping_total = 0;
  } else {
    const worked = turn.ok && turn.type !== 'do_nothing';
    const synergyTerm = synergy(out.conflict, out.relationship, out.task);
    const tradeoffTerm = tradeoff(out.conflict, out.relationship, out.task);
    const before = potential(turn.critical, turn.pairs, turn.pastDeadline, turn.stress);
    const potentialTerm = clamp(potential(critical, e.pairs, pastDeadline, s.stress) - before, v1.POTENTIAL.limit);
    const scaffoldTerm = worked ? scaffold(e, turn) : 0;
    const qualityTerm = worked ? quality(base) : 0;
    shaping = synergyTerm + tradeoffTerm + potentialTerm + scaffoldTerm + qualityTerm;
    out.shaping_synergy = scale * synergyTerm;
    out.shaping_tradeoff = scale * tradeoffTerm;
    out.shaping_potential = scale * potentialTerm;
    out.shaping_scaffold = scale * scaffoldTerm;
    out.shaping_quality = scale * qualityTerm;
    out.shaping_total = scale * shaping;
  }
  const inner = base + clamp(shaping, v1.SHAPING_LIMIT.factor * (Math.abs(base) + v1.SHAPING_LIMIT.offset));
  const ratio = Math.abs(out.shaping_total) / (scale * Math.abs(base) + v1.RATIO.epsilon);
  out.shaping_to_base_ratio = Math.min(v1.RATIO.limit, ratio);
  out.output_scale = scale;
  out.weighted_base = scale * inner;

  out.invalid_step_adjustment = turn.ok ? 0 : v1.INVALID_STEP;
  out.do_nothing_floor = turn.type === 'do_nothing' ? v1.DO_NOTHING : 0;
  out.episode_completion_bonus = done && s.stress < v1.COMPLETION.stressBelow ? v1.COMPLETION.amount : 0;
  out.catastrophic_penalty = done && isCatastrophe(e, critical) ? v1.CATASTROPHE.amount : 0;
  out.final =
    out.weighted_base +
    out.invalid_step_adjustment +
    out.episode_completion_bonus +
    out.catastrophic_penalty +
    out.do_nothing_floor;
}

/** Rewards clashes that ended, and every valid reschedule a little. No valid action can create a clash (see PARITY). */
function rawConflict(e: Episode, turn: StepScratch): number {
  let sum = 0;
  const { partedFrom } = turn;
  const isPeaceful = partedFrom.length > 0 && inPeace(e, turn.meeting);
  for (let i = 0; i < partedFrom.length; i++) {
    sum += v1.CLASH_RESOLVED;
    if (isPeaceful && inPeace(e, partedFrom[i] ?? -1)) sum += v1.CLASH_RESOLVED_IN_PEACE;
  }
  return turn.ok && turn.type === 'reschedule_meeting' ? sum + v1.VALID_RESCHEDULE : sum;
}

function inPeace(e: Episode, meeting: number): boolean {
  const { mood } = e.s;
  const attendees = e.c.meetingAttendees[meeting] ?? [];
  for (let i = 0; i < attendees.length; i++) if ((mood[attendees[i] ?? -1] ?? 0) < NEUTRAL) return false;
  return true;
}

function relationship(e: Episode, turn: StepScratch): number {
  if (turn.type === 'reply_email' && turn.email >= 0) {
    if (((e.s.emailFlags[turn.email] ?? 0) & SUPPRESSED) !== 0) return 0;
    return turn.ok ? turn.moods + answer(e, turn) : turn.moods;
  }
  return turn.type === 'send_message' && turn.ok && turn.namedExactly ? turn.moods + v1.VALID_MESSAGE : turn.moods;
}

/** The reward of a valid reply itself, by the priority of the email and the tone of the reply. */
function answer(e: Episode, turn: StepScratch): number {
  const email = e.c.world.emails[turn.email];
  if (email === undefined) return 0;
  const amount = v1.REPLY_BY_PRIORITY[PRIORITIES.indexOf(email.priority)] ?? 0;
  let sum = email.sender_relationship === 'VIP' ? v1.VIP_FACTOR * amount : amount;
  const sender = e.c.world.contacts[e.c.emailSender[turn.email] ?? -1];
  const isCross = sender?.relationship_type === 'board_member' && turn.senderMood <= ANNOYED;
  if (isCross && toneOf(turn.body) === 'casual') sum += v1.CASUAL_TO_BOARD;
  if (email.sender_relationship === 'personal' && toneOf(turn.body) === 'formal') sum += v1.FORMAL_TO_PERSONAL;
  return sum;
}

function task(e: Episode, turn: StepScratch): number {
  const { c, s } = e;
  let sum = turn.becameOverdue === 0 ? 0 : v1.TASK_BECAME_OVERDUE * turn.becameOverdue;
  if (!turn.ok) return sum;
  if (turn.type === 'complete_task') {
    sum += deadlineOf(c, s, turn.task) >= s.clock ? v1.TASK_DONE_IN_TIME : v1.TASK_DONE_LATE;
    sum += v1.VALID_COMPLETE;
  } else if (turn.type === 'delegate_task') {
    const light = (c.importance[turn.contact] ?? 0) <= v1.DELEGATE_IMPORTANCE_LIMIT;
    if (turn.delegate === NO_CONTACT && light) sum += v1.TASK_DELEGATED;
    sum += v1.VALID_DELEGATE;
  }
  return sum;
}

function synergy(c: number, r: number, t: number): number {
  const { people, work } = v1.SYNERGY;
  let sum = 0;
  if (c > 0 && r > 0) sum += Math.min(people.limit, people.scale * Math.tanh(people.slope * c * r));
  if (t > 0 && (c > 0 || r > 0)) {
    sum += Math.min(work.limit, work.scale * Math.tanh(work.slope * t * (Math.max(c, 0) + Math.max(r, 0))));
  }
  return sum;
}

function tradeoff(c: number, r: number, t: number): number {
  const { threshold, people, work } = v1.TRADEOFF;
  let sum = 0;
  if (c < threshold && r < threshold) {
    sum -= Math.min(people.limit, people.scale * Math.tanh(people.slope * Math.abs(c * r)));
  }
  if (t < threshold && (c < 0 || r < 0)) {
    const strain = Math.abs(Math.min(c, 0)) + Math.abs(Math.min(r, 0));
    sum -= Math.min(work.limit, work.scale * Math.tanh(work.slope * Math.abs(t) * strain));
  }
  return sum;
}

function potential(critical: number, pairs: number, pastDeadline: number, stress: number): number {
  const weights = v1.POTENTIAL;
  return -(
    weights.critical * critical +
    weights.pairs * pairs +
    weights.overdue * pastDeadline +
    weights.stress * stress
  );
}

/** A bonus for an action that addresses the right kind of problem; 0 for other kinds of action. */
function scaffold(e: Episode, turn: StepScratch): number {
  const amount = scaffoldAmount(e, turn);
  if (amount === 0) return 0;
  const progress = e.s.stepCount / e.c.world.max_episode_steps;
  const { early, late, limit } = v1.SCAFFOLD;
  if (progress <= early.until) return clamp(amount * early.factor, limit);
  return clamp(progress >= late.from ? amount * late.factor : amount, limit);
}

function scaffoldAmount(e: Episode, turn: StepScratch): number {
  switch (turn.type) {
    case 'reply_email':
      return scaffoldOf(v1.SCAFFOLD.reply, turn.critical, e.v1.criticalUnreplied);
    case 'reschedule_meeting':
    case 'cancel_meeting':
      return scaffoldOf(v1.SCAFFOLD.meeting, turn.pairs, e.pairs);
    case 'complete_task':
    case 'delegate_task':
      return scaffoldOf(v1.SCAFFOLD.task, turn.pastDeadline, e.v1.pastDeadline);
    default:
      return 0;
  }
}

function scaffoldOf(worth: { better: number; any: number }, before: number, after: number): number {
  if (after < before) return worth.better;
  return before > 0 ? worth.any : 0;
}

function quality(base: number): number {
  for (const { from, amount } of v1.QUALITY) {
    if (base >= from) return amount;
    if (base <= -from) return -amount;
  }
  return 0;
}

function isCatastrophe(e: Episode, critical: number): boolean {
  if (critical > v1.CATASTROPHE.criticalAbove) return true;
  return e.c.world.contacts.some((contact, index) => contact.importance >= v1.IMPORTANT && e.s.mood[index] === FURIOUS);
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
