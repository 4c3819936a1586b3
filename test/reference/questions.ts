/** Queries about one world, each computed from scratch (rules-v1.md, sections 3.8, 4 and 5). */
import { instantOf, MINUTE } from './time.ts';
import type { Contact, Email, Meeting, Mood, Task, World } from './world.ts';

/** Section 3.7: the scale of moods, lowest first. */
export const MOOD_LADDER: readonly Mood[] = ['furious', 'angry', 'annoyed', 'neutral', 'happy'];

export function findEmail(world: World, id: string): Email | undefined {
  return world.emails.find((email) => email.id === id);
}

export function findMeeting(world: World, id: string): Meeting | undefined {
  return world.meetings.find((meeting) => meeting.id === id);
}

export function findTask(world: World, id: string): Task | undefined {
  return world.tasks.find((task) => task.id === id);
}

export function findContact(world: World, name: string): Contact | undefined {
  return world.contacts.find((contact) => contact.name === name);
}

/** Section 3.8: half-open windows; touching ends do not overlap. */
export function windowsOverlap(start: bigint, minutes: number, otherStart: bigint, otherMinutes: number): boolean {
  const end = start + BigInt(minutes) * MINUTE;
  const otherEnd = otherStart + BigInt(otherMinutes) * MINUTE;
  return start < otherEnd && otherStart < end;
}

export interface Pair {
  first: Meeting;
  second: Meeting;
}

/** Section 4, pairs(w): non-cancelled meetings whose windows overlap. */
export function pairs(world: World): Pair[] {
  const found: Pair[] = [];
  world.meetings.forEach((first, index) => {
    for (const second of world.meetings.slice(index + 1)) {
      if (first.cancelled || second.cancelled) continue;
      const overlap = windowsOverlap(
        instantOf(first.start),
        first.duration_minutes,
        instantOf(second.start),
        second.duration_minutes,
      );
      if (overlap) found.push({ first, second });
    }
  });
  return found;
}

export function samePair(one: Pair, other: Pair): boolean {
  return (
    (one.first.id === other.first.id && one.second.id === other.second.id) ||
    (one.first.id === other.second.id && one.second.id === other.first.id)
  );
}

/** Section 4, crit(w): critical unreplied emails, file order. */
export function crit(world: World): Email[] {
  return world.emails.filter((email) => email.priority === 'critical' && !email.replied);
}

/** Section 4, over(w): tasks not done with deadline < w's time, file order. */
export function over(world: World): Task[] {
  const now = instantOf(world.simulation_time);
  return world.tasks.filter((task) => task.status !== 'done' && instantOf(task.deadline) < now);
}

/** Section 3.8. */
export function stressOf(world: World, scenarioStress: number): number {
  const load = 2 * (pairs(world).length + crit(world).length);
  return Math.min(100, scenarioStress + Math.min(35, load));
}

/** Section 5: the order of unread_email_ids. */
const PRIORITY_ORDER = ['critical', 'high', 'normal', 'low'];

function byCodePoint(one: string, other: string): number {
  const left = Array.from(one, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(other, (character) => character.codePointAt(0) ?? 0);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export interface Metadata {
  simulation_time: string;
  stress: number;
  unread_email_count: number;
  calendar_conflict_pairs: number;
  episode_step: number;
  max_episode_steps: number;
  episode_active: boolean;
  episode_end_reason: string | null;
  step_ok: boolean;
  critical_unreplied_email_ids: string[];
  unread_email_ids: string[];
  overdue_task_ids: string[];
  active_meeting_ids: string[];
}

/** Section 5, without the texts (step_error, step_detail), which are not part of v1. */
export function metadataOf(world: World, stepCount: number, stepOk: boolean): Metadata {
  const unread = world.emails.filter((email) => !email.read);
  const unreadSorted = [...unread].sort(
    (one, other) =>
      PRIORITY_ORDER.indexOf(one.priority) - PRIORITY_ORDER.indexOf(other.priority) || byCodePoint(one.id, other.id),
  );
  const active = world.meetings.filter((meeting) => !meeting.cancelled);
  return {
    simulation_time: world.simulation_time,
    stress: world.stress,
    unread_email_count: unread.length,
    calendar_conflict_pairs: pairs(world).length,
    episode_step: stepCount,
    max_episode_steps: world.max_episode_steps,
    episode_active: world.episode_active,
    episode_end_reason: world.episode_end_reason,
    step_ok: stepOk,
    critical_unreplied_email_ids: crit(world)
      .slice(0, 12)
      .map((email) => email.id),
    unread_email_ids: unreadSorted.slice(0, 15).map((email) => email.id),
    overdue_task_ids: over(world)
      .slice(0, 12)
      .map((task) => task.id),
    active_meeting_ids: active.slice(0, 20).map((meeting) => meeting.id),
  };
}
