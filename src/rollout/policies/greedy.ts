/**
 * Works off what the briefing shows in a fixed order: clashes, critical mail, tasks that are due soon, mail that waits,
 * tasks that can be handed on, the rest. It reads the text and nothing else, and plans no further than one step.
 */
import { formatTime, HOUR, MINUTE } from '../../lib/time.ts';
import type { PolicyAnswer } from '../../world/completion.ts';
import { PRIORITIES } from '../../world/schema.ts';
import type { Policy } from '../actor.ts';
import { readBriefing, type SeenBriefing, type SeenMeeting } from '../briefing-reader.ts';

const REPLY = 'Thank you for your message. I have taken this up and will come back to you today with an answer.';

/** Where a meeting may be moved to: on the grid, from an hour from now, as far ahead as this. */
const GRID = 15 * MINUTE;
const NOTICE = HOUR;
const HORIZON = 36 * HOUR;
const DAY_BEGINS = 8;
const DAY_ENDS = 20;

export const greedy: Policy = {
  name: 'greedy',
  start: () => ({ act: (observation) => choose(readBriefing(observation)) }),
};

function choose(seen: SeenBriefing): PolicyAnswer {
  const rules = [resolveClash, answer('critical'), finishDueTask, answer('high'), handOn, finishTask, answer('normal')];
  for (const rule of rules) {
    const action = rule(seen);
    if (action !== undefined) return action;
  }
  return { action_type: 'do_nothing' };
}

/** Moves the less important meeting of a clash to the first free slot. */
function resolveClash({ meetings, now }: SeenBriefing): PolicyAnswer | undefined {
  const urgency = (meeting: SeenMeeting): number => (PRIORITIES as readonly string[]).indexOf(meeting.priority);
  const clashing = meetings.filter((meeting) => meeting.clashes.length > 0);
  clashing.sort((a, b) => urgency(b) - urgency(a) || b.clashes.length - a.clashes.length || a.start - b.start);
  for (const meeting of clashing) {
    const slot = freeSlot(meeting, meetings, now);
    if (slot !== undefined) {
      return {
        action_type: 'reschedule_meeting',
        meeting_id: meeting.id,
        new_time: formatTime(slot),
        reason: `It overlaps with ${meeting.clashes.join(' and ')}.`,
      };
    }
  }
  return undefined;
}

function freeSlot(meeting: SeenMeeting, meetings: readonly SeenMeeting[], now: number): number | undefined {
  const length = meeting.end - meeting.start;
  const first = Math.ceil((now + NOTICE) / GRID) * GRID;
  for (let start = first; start < now + HORIZON; start += GRID) {
    const end = start + length;
    const hours = (instant: number): number => (instant / HOUR) % 24;
    if (hours(start) < DAY_BEGINS || hours(start) + length / HOUR > DAY_ENDS) continue;
    if (meetings.every((other) => other.id === meeting.id || end <= other.start || other.end <= start)) return start;
  }
  return undefined;
}

function answer(priority: string): (seen: SeenBriefing) => PolicyAnswer | undefined {
  return ({ emails }) => {
    const email = emails.find((candidate) => candidate.priority === priority);
    return email && { action_type: 'reply_email', email_id: email.id, message_body: REPLY };
  };
}

function finishDueTask({ tasks }: SeenBriefing): PolicyAnswer | undefined {
  const task = tasks.find((candidate) => candidate.mark === 'soon');
  return task && { action_type: 'complete_task', task_id: task.id };
}

/** Gives a task that has time to whoever takes work and holds least. */
function handOn({ tasks, people }: SeenBriefing): PolicyAnswer | undefined {
  const task = tasks.find((candidate) => candidate.mark === 'later' && !candidate.delegated);
  const [person] = people
    .filter((candidate) => candidate.takesWork)
    .sort((a, b) => a.held - b.held || a.importance - b.importance);
  return task && person && { action_type: 'delegate_task', task_id: task.id, contact_name: person.name };
}

function finishTask({ tasks }: SeenBriefing): PolicyAnswer | undefined {
  const task = tasks[0];
  return task && { action_type: 'complete_task', task_id: task.id };
}
