/** The world as JSON again, in the shape of a scenario file. */
import { formatTime } from '../lib/time.ts';
import type { CompiledScenario } from './compile.ts';
import { CHANNELS, MOODS, type Scenario, TASK_STATUSES } from './schema.ts';
import { AS_IN_FILE, type EpisodeState, NOBODY, READ, REPLIED } from './state.ts';

export type WorldExport = Omit<Scenario, 'active_conflicts' | 'action_log'>;

/** Simulated time as text: the file's own before the first step, `YYYY-MM-DDTHH:MM:SS` after it. */
export function simulationTime(c: CompiledScenario, s: EpisodeState): string {
  return s.stepCount === 0 ? c.world.simulation_time : formatTime(s.clock);
}

/** Why the episode ended, or null; a reason stated in the file stays. */
export function endReason(c: CompiledScenario, s: EpisodeState): string | null {
  return c.world.episode_end_reason ?? (s.limitReached ? 'step_limit' : null);
}

/** Every field of the world except its two logs. */
export function exportWorld(c: CompiledScenario, s: EpisodeState): WorldExport {
  const { world } = c;
  return {
    simulation_time: simulationTime(c, s),
    stress: s.stress,
    episode_active: s.active,
    episode_end_reason: endReason(c, s),
    max_episode_steps: world.max_episode_steps,
    emails: world.emails.map((email, index) => {
      const flags = s.emailFlags[index] ?? 0;
      return { ...email, read: (flags & READ) !== 0, replied: (flags & REPLIED) !== 0 };
    }),
    meetings: world.meetings.map((meeting, index) => ({
      ...meeting,
      attendees: [...meeting.attendees],
      start: s.movedStartText(index) ?? meeting.start,
      cancelled: s.meetingCancelled[index] === 1,
    })),
    contacts: world.contacts.map((contact, index) => ({
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

/** Who holds a task, or null. */
export function delegateName(c: CompiledScenario, s: EpisodeState, task: number): string | null {
  const delegate = s.taskDelegate[task] ?? NOBODY;
  if (delegate === NOBODY) return null;
  return (delegate === AS_IN_FILE ? c.world.tasks[task]?.delegated_to : c.world.contacts[delegate]?.name) ?? null;
}
