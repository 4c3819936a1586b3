/** The actions that are possible in a scene, as lists to choose from. */

import type { Scene } from '../../analysis/replay.ts';
import { clip, oneLine, plural } from '../../lib/text.ts';
import { formatTime, parseTime } from '../../lib/time.ts';
import { freeSlot } from '../../policies/greedy.ts';
import { momentName } from '../../report/words.ts';
import type { Observation } from '../../sim/observation/observation.ts';
import type { WorldExport } from '../../world/export.ts';
import { type ActionType, type Meeting, PRIORITIES } from '../../world/schema.ts';
import type { Entry } from './prompts.ts';

export type Choice = {
  readonly type: ActionType;
  readonly text: string;
  /** The things that the action can be about now; undefined if the action is not about a thing. */
  readonly items: readonly Entry[] | undefined;
};

/** Every type of action that makes sense now. */
export function choicesOf(scene: Scene): Choice[] {
  const { world } = scene;
  const emails = [...world.emails].sort((a, b) => urgency(a.priority) - urgency(b.priority));
  const open = emails.filter(({ replied }) => !replied);
  const meetings = meetingsAhead(scene);
  const clashing = new Set(scene.clashes.flat());
  const tasks = world.tasks
    .filter(({ status }) => status !== 'done')
    .sort((a, b) => instant(a.deadline) - instant(b.deadline));
  const people = peopleOf(world);
  const meetingItems = meetings.map((meeting): Entry => {
    const mark = clashing.has(meeting.id) ? ' CLASHES' : '';
    return item(meeting.id, `${momentName(meeting.start)}${mark} ${meeting.title} (${meeting.priority})`);
  });
  const emailItem = (email: WorldExport['emails'][number]): Entry =>
    item(email.id, `${email.priority}${email.read ? '' : ', unread'}: ${email.sender}: ${email.subject}`);
  const taskItem = (task: WorldExport['tasks'][number]): Entry => {
    const who = task.delegated_to === null ? '' : ` (with ${task.delegated_to})`;
    return item(task.id, `due ${momentName(task.deadline)}${who}: ${task.description}`);
  };
  const all: Choice[] = [
    { type: 'reply_email', text: `reply to an email (${open.length} unanswered)`, items: open.map(emailItem) },
    {
      type: 'archive_email',
      text: 'archive an email',
      items: emails.filter(({ read, replied }) => !read || !replied).map(emailItem),
    },
    {
      type: 'reschedule_meeting',
      text: `move a meeting (${plural(scene.clashes.length, 'clash', 'clashes')})`,
      items: meetingItems,
    },
    { type: 'cancel_meeting', text: 'cancel a meeting', items: meetingItems },
    { type: 'complete_task', text: `work on a task (${tasks.length} open)`, items: tasks.map(taskItem) },
    { type: 'delegate_task', text: 'delegate a task', items: people.length > 0 ? tasks.map(taskItem) : [] },
    { type: 'send_message', text: 'write to a person', items: people },
    { type: 'do_nothing', text: 'let the time pass', items: undefined },
  ];
  return all.filter(({ items }) => items === undefined || items.length > 0);
}

/** People by name. */
export function peopleOf(world: WorldExport): Entry[] {
  return world.contacts.map(({ name, relationship_type, mood, communication_preference, skills }) => {
    const able = skills === undefined || skills.length === 0 ? '' : `; ${skills.join(', ')}`;
    const kind = relationship_type.replaceAll('_', ' ');
    return item(name, `${kind}, ${mood}, prefers ${communication_preference}${able}`);
  });
}

/** The channel that a contact prefers; undefined if there is no contact with this name. */
export function preferenceOf(world: WorldExport, name: string): string | undefined {
  return world.contacts.find((contact) => contact.name === name)?.communication_preference;
}

function meetingsAhead({ world, time }: Scene): Meeting[] {
  const now = instant(time);
  return world.meetings
    .filter(({ cancelled, start }) => !cancelled && instant(start) > now)
    .sort((a, b) => instant(a.start) - instant(b.start));
}

/** The first quarter of an hour at which a meeting fits, as the greedy policy finds it; undefined if it fits nowhere. */
export function suggestTime(seen: Observation, meetingId: string): string | undefined {
  const meeting = seen.calendar.meetings.find(({ id }) => id === meetingId);
  const start = meeting && freeSlot(meeting, seen);
  return start === undefined ? undefined : formatTime(start);
}

/** Completes a time of the day with the date of the scene. Undefined if the text is not a time. */
export function timeFrom(scene: Scene, text: string): string | undefined {
  const isClock = /^\d{1,2}:\d\d$/.test(text);
  const time = isClock ? `${formatTime(instant(scene.time)).slice(0, 11)}${text.padStart(5, '0')}` : text;
  if (parseTime(time) === undefined) return undefined;
  return isClock ? `${time}:00` : time;
}

function instant(time: string): number {
  return parseTime(time)?.utc ?? 0;
}

function urgency(priority: string): number {
  return (PRIORITIES as readonly string[]).indexOf(priority);
}

function item(id: string, text: string): Entry {
  return { value: id, label: `[${clip(id, 24)}] ${oneLine(clip(text, 400))}` };
}
