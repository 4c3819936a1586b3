/**
 * The slow, obvious simulator of rules v1: the oracle of the fast one. The world is one plain JSON object, cloned before every
 * step. Each function names the paragraph of rules-v1.md that it implements.
 */

import type { Metadata } from './questions.ts';
import {
  crit,
  findContact,
  findEmail,
  findMeeting,
  findTask,
  MOOD_LADDER,
  metadataOf,
  stressOf,
  windowsOverlap,
} from './questions.ts';
import type { Breakdown, RewardMode } from './reward.ts';
import { rewardOf, rewardOfInactiveStep } from './reward.ts';
import { formatTime, HOUR, inRange, instantOf, MINUTE, parseTime, SECOND, wallClockOf } from './time.ts';
import type { Action, Drift, DriftEvent, FinalWorld, FullAction, Meeting, Mood, Scenario, World } from './world.ts';
import { fillAction, fillDefaults } from './world.ts';

export type { Metadata } from './questions.ts';
export type { Breakdown, RewardMode } from './reward.ts';

export interface StepResult extends Metadata {
  reward: number;
  done: boolean;
  breakdown: Breakdown;
  moods: Record<string, Mood>;
}

export class ReferenceEpisode {
  private readonly scenario: World;
  private readonly drift: Drift;
  private readonly rewardMode: RewardMode;
  private current: World;
  private stepCount = 0;
  private suppressed: string[] = [];

  constructor(scenario: Scenario, drift: Drift | null, rewardMode: RewardMode) {
    this.scenario = fillDefaults(scenario);
    this.drift = structuredClone(drift ?? { events: [] });
    this.rewardMode = rewardMode;
    this.current = structuredClone(this.scenario);
    this.reset();
  }

  /** Section 3.8: reset computes the stress too. `step_ok` is true, and the clock keeps the time of the file. */
  reset(): Metadata {
    this.current = structuredClone(this.scenario);
    this.stepCount = 0;
    this.suppressed = [];
    this.current.stress = stressOf(this.current, this.scenario.stress);
    return metadataOf(this.current, this.stepCount, true);
  }

  /** Section 3, in its order. */
  step(given: Action): StepResult {
    // 3.0
    if (!this.current.episode_active) return this.result(false, true, rewardOfInactiveStep());

    const action = fillAction(given);
    const world = structuredClone(this.current);
    this.current = world;

    // 3.1
    this.stepCount += 1;

    // 3.2
    const fired = this.drift.events.filter((event) => event.after_step === this.stepCount);
    for (const event of fired) this.suppressed.push(...applyDriftEvent(world, event));
    if (fired.length > 0) world.stress = stressOf(world, this.scenario.stress);

    // 3.3
    if (!isBlank(action.message)) world.action_log.push(action.message);

    // 3.4
    const before = structuredClone(world);

    // 3.5
    const valid = isValid(world, action);
    if (valid) applyAction(world, action);

    // 3.6
    advanceClock(world);

    // 3.7
    moveMoods(world, action, valid);

    // 3.8
    world.stress = stressOf(world, this.scenario.stress);

    // 3.9
    const done = this.stepCount >= world.max_episode_steps;
    if (done) {
      world.episode_active = false;
      world.episode_end_reason ??= 'step_limit';
    }

    // 3.10
    const breakdown = rewardOf({
      before,
      after: structuredClone(world),
      action,
      valid,
      stepCount: this.stepCount,
      done,
      suppressed: this.suppressed,
      rewardMode: this.rewardMode,
    });
    return this.result(valid, done, breakdown);
  }

  /** The current world, without the two log lists. */
  world(): FinalWorld {
    const { active_conflicts: _conflicts, action_log: _log, ...rest } = structuredClone(this.current);
    return rest;
  }

  private result(stepOk: boolean, done: boolean, breakdown: Breakdown): StepResult {
    return {
      ...metadataOf(this.current, this.stepCount, stepOk),
      reward: breakdown.final,
      done,
      breakdown,
      moods: Object.fromEntries(this.current.contacts.map((contact) => [contact.name, contact.mood])),
    };
  }
}

/** Like Python's `str.strip`, since the published environment is written in Python. */
function strip(text: string): string {
  const space = '\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
  return text.replace(new RegExp(`^[${space}]+`), '').replace(new RegExp(`[${space}]+$`), '');
}

/** Section 2: empty after trimming. */
function isBlank(text: string): boolean {
  return strip(text) === '';
}

// ---------------------------------------------------------------- section 1, drift; section 3.2

/** Applies one event in the order of section 1's list. Returns the senders that it suppresses. */
function applyDriftEvent(world: World, event: DriftEvent): string[] {
  const shift = event.shift_all_meetings_hours ?? null;
  if (shift !== null) {
    for (const meeting of world.meetings) shiftMeeting(meeting, shift);
  }

  const preference = event.set_contact_preference ?? null;
  if (preference !== null) {
    const contact = findContact(world, preference.name);
    if (contact !== undefined) {
      contact.communication_preference = preference.communication_preference;
    }
  }

  const deadline = event.set_task_deadline ?? null;
  if (deadline !== null) {
    const task = findTask(world, deadline.task_id);
    if (task !== undefined) task.deadline = deadline.deadline;
  }

  const suppressed = event.suppress_reply_relationship_for_senders ?? [];

  const setMood = event.set_contact_mood ?? null;
  if (setMood !== null) {
    const contact = findContact(world, setMood.name);
    const mood = MOOD_LADDER.find((rung) => rung === setMood.mood);
    if (contact !== undefined && mood !== undefined) contact.mood = mood;
  }

  return suppressed;
}

/**
 * Kept: the wall-clock digits stay, offset and fraction are dropped. A meeting that would leave the years 1..9999 is not moved.
 */
function shiftMeeting(meeting: Meeting, hours: number): void {
  const wall = wallClockOf(meeting.start) + BigInt(hours) * HOUR;
  if (!inRange(wall)) return;
  const start = wall - (wall % SECOND);
  if (!inRange(endOf(start, meeting))) return;
  meeting.start = formatTime(start);
}

function endOf(start: bigint, meeting: Meeting): bigint {
  return start + BigInt(meeting.duration_minutes) * MINUTE;
}

// ---------------------------------------------------------------- section 2, "valid when"

function isValid(world: World, action: FullAction): boolean {
  switch (action.action_type) {
    case 'unreadable':
      return false;
    case 'do_nothing':
      return true;
    case 'reply_email':
      return findEmail(world, action.email_id) !== undefined && !isBlank(action.message_body);
    case 'archive_email':
      return findEmail(world, action.email_id) !== undefined;
    case 'reschedule_meeting':
      return isValidReschedule(world, action);
    case 'cancel_meeting':
      return findMeeting(world, action.meeting_id) !== undefined;
    case 'complete_task': {
      const task = findTask(world, action.task_id);
      return task !== undefined && task.status !== 'done';
    }
    case 'delegate_task':
      return (
        findTask(world, action.task_id) !== undefined && findContact(world, strip(action.contact_name)) !== undefined
      );
    case 'send_message':
      return findContact(world, strip(action.contact_name)) !== undefined && !isBlank(action.message_body);
  }
}

function isValidReschedule(world: World, action: FullAction): boolean {
  const meeting = findMeeting(world, action.meeting_id);
  if (meeting === undefined || meeting.cancelled) return false;
  const start = parseTime(action.new_time);
  if (start === null) return false;
  if (!inRange(endOf(start, meeting))) return false;
  return !world.meetings.some(
    (other) =>
      other.id !== meeting.id &&
      !other.cancelled &&
      windowsOverlap(start, meeting.duration_minutes, instantOf(other.start), other.duration_minutes),
  );
}

// ---------------------------------------------------------------- section 2, "effect"

/** Called only with a valid action, so everything that it names exists. */
function applyAction(world: World, action: FullAction): void {
  const email = findEmail(world, action.email_id);
  const meeting = findMeeting(world, action.meeting_id);
  const task = findTask(world, action.task_id);
  const contact = findContact(world, strip(action.contact_name));

  if (action.action_type === 'reply_email' && email !== undefined) {
    email.read = true;
    email.replied = true;
  }
  if (action.action_type === 'archive_email' && email !== undefined) {
    email.read = true;
  }
  if (action.action_type === 'reschedule_meeting' && meeting !== undefined) {
    meeting.start = action.new_time;
  }
  if (action.action_type === 'cancel_meeting' && meeting !== undefined) {
    meeting.cancelled = true;
  }
  if (action.action_type === 'complete_task' && task !== undefined) {
    task.status = 'done';
  }
  if (action.action_type === 'delegate_task' && task !== undefined && contact !== undefined) {
    task.delegated_to = contact.name;
    task.status = 'in-progress';
  }
  if (action.action_type === 'send_message' && contact !== undefined) {
    world.action_log.push(`message to ${contact.name}`);
  }
}

// ---------------------------------------------------------------- section 3.6

/** The clock is stored as text, so a fraction of a second is lost before deadlines are compared. */
function advanceClock(world: World): void {
  world.simulation_time = formatTime(instantOf(world.simulation_time) + 20n * MINUTE);
  const now = instantOf(world.simulation_time);
  for (const task of world.tasks) {
    if (task.status !== 'done' && instantOf(task.deadline) < now) task.status = 'overdue';
  }
}

// ---------------------------------------------------------------- section 3.7

function moveMoods(world: World, action: FullAction, valid: boolean): void {
  if (!valid || action.action_type === 'do_nothing') {
    const waiting = crit(world)[0];
    if (waiting !== undefined) moveMood(world, waiting.sender, -1);
    return;
  }
  if (action.action_type === 'reply_email') {
    const email = findEmail(world, action.email_id);
    if (email !== undefined) moveMood(world, email.sender, +1);
  }
  if (action.action_type === 'send_message') {
    moveMood(world, strip(action.contact_name), +1);
  }
  if (action.action_type === 'cancel_meeting') {
    const attendees = findMeeting(world, action.meeting_id)?.attendees ?? [];
    for (const name of attendees) moveMood(world, name, -1);
  }
}

/** One level up or down, clamped. A person who is not a contact has no mood. */
function moveMood(world: World, name: string, rungs: number): void {
  const contact = findContact(world, name);
  if (contact === undefined) return;
  const rung = MOOD_LADDER.indexOf(contact.mood) + rungs;
  const clamped = Math.max(0, Math.min(MOOD_LADDER.length - 1, rung));
  contact.mood = MOOD_LADDER[clamped] ?? contact.mood;
}
