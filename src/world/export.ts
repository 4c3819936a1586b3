/** Exports the current world as JSON in the shape of a scenario file. */
import { formatTime } from '../lib/time.ts';
import type { CompiledScenario } from './compile.ts';
import { CHANNELS, type Contact, type Email, MOODS, type Scenario, TASK_STATUSES } from './schema.ts';
import { AS_IN_FILE, CANCELLED, type EpisodeState, HIDDEN, NO_CONTACT, NOT_ARRIVED, READ, REPLIED } from './state.ts';

/**
 * A scenario without its logs, and without what must stay hidden from a policy: what answers are judged by, and future events.
 */
export type WorldExport = Omit<Scenario, 'active_conflicts' | 'action_log' | 'events' | 'emails' | 'contacts'> & {
  emails: Omit<Email, 'asks' | 'reply' | 'deny' | 'needs'>[];
  contacts: Omit<Contact, 'deny'>[];
};

/** Simulated time as text: that of the file before the first step, `YYYY-MM-DDTHH:MM:SS` after it. */
export function simulationTime(c: CompiledScenario, s: EpisodeState): string {
  return s.stepCount === 0 ? c.world.simulation_time : formatTime(s.clock);
}

/** Why the episode ended, or null. A reason that the file states is kept. */
export function endReason(c: CompiledScenario, s: EpisodeState): string | null {
  if (c.world.episode_end_reason !== null) return c.world.episode_end_reason;
  if (s.active) return null;
  if (s.limitReached) return 'step_limit';
  if (c.day === undefined) return null;
  return s.clock >= c.day.end ? 'day_end' : 'nothing_owed';
}

/**
 * The current world.
 * @returns a new object, in the shape of a scenario file
 */
export function exportWorld(c: CompiledScenario, s: EpisodeState): WorldExport {
  const { world } = c;
  return {
    simulation_time: simulationTime(c, s),
    stress: s.stress,
    episode_active: s.active,
    episode_end_reason: endReason(c, s),
    max_episode_steps: world.max_episode_steps,
    ...(world.executive !== undefined && { executive: world.executive }),
    ...(world.day_end !== undefined && { day_end: world.day_end }),
    ...(world.travel_minutes !== undefined && { travel_minutes: world.travel_minutes }),
    emails: world.emails.flatMap(({ asks: _, reply: __, deny: ___, needs: ____, ...email }, index) => {
      const flags = s.emailFlags[index] ?? 0;
      if ((flags & HIDDEN) !== 0) return [];
      return [{ ...email, read: (flags & READ) !== 0, replied: (flags & REPLIED) !== 0 }];
    }),
    meetings: world.meetings.flatMap((meeting, index) => {
      if (s.meetingCancelled[index] === NOT_ARRIVED) return [];
      const start = s.movedStartText(index) ?? meeting.start;
      const cancelled = s.meetingCancelled[index] === CANCELLED;
      return [{ ...meeting, attendees: [...meeting.attendees], start, cancelled }];
    }),
    contacts: world.contacts.map(({ deny: _, ...contact }, index) => ({
      ...contact,
      communication_preference: CHANNELS[s.preference[index] ?? 0] ?? contact.communication_preference,
      mood: MOODS[s.mood[index] ?? 0] ?? contact.mood,
    })),
    tasks: world.tasks.map((task, index) => ({
      ...task,
      deadline: c.deadlines[s.taskDeadline[index] ?? 0]?.text ?? task.deadline,
      status: TASK_STATUSES[s.taskStatus[index] ?? 0] ?? task.status,
      delegated_to: delegateName(c, s, index),
    })),
  };
}

/** The name of the contact who holds a task, or null. */
export function delegateName(c: CompiledScenario, s: EpisodeState, task: number): string | null {
  const delegate = s.taskDelegate[task] ?? NO_CONTACT;
  if (delegate === NO_CONTACT) return null;
  return (delegate === AS_IN_FILE ? c.world.tasks[task]?.delegated_to : c.world.contacts[delegate]?.name) ?? null;
}
