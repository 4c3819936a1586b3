/** The maximum size of a scenario's briefings: that of a briefing in which everything is as long as it can be. */
import type { CompiledScenario } from '../../world/compile.ts';
import { ASK_STATES } from '../../world/day.ts';
import { keptFor } from '../../world/kept.ts';
import { CHANNELS, MOODS, TASK_STATUSES } from '../../world/schema.ts';
import { EpisodeState, READ } from '../../world/state.ts';
import { MAX_NEWS, MAX_NOTE } from '../episode.ts';
import {
  calendarLines,
  headText,
  inboxLines,
  MAX_CODE_POINTS,
  PRIORITY_TITLES,
  peopleLines,
  tasksLines,
} from './briefing.ts';
import type {
  Observation,
  ObservedCalendar,
  ObservedEmail,
  ObservedHead,
  ObservedInbox,
  ObservedPeople,
  ObservedTasks,
} from './observation.ts';
import { MAX_CLASHES_NAMED, shown, Things } from './things.ts';

/** For worlds that are too large to be shown in full, previews shrink to these shares until the briefing fits. */
const SMALLER_PREVIEWS = [0.5, 0.2, 0];
/** Bytes of words that exclude each other, such as `nothing until the day ends` and the first free slot. */
const SLACK = 64;
/** The widest instant: a date of two digits. */
const WIDEST = '2026-09-30T23:59:00';
/** A character of four bytes, in JSON too. */
const WIDE_CHARACTER = '\u{1f989}';

/** The share of an email's preview that the briefings of a scenario show. */
export function previewShareOf(c: CompiledScenario): number {
  return fittingBound(c).share;
}

/** The maximum number of bytes of a scenario's briefings in UTF-8. */
export function briefingBytes(c: CompiledScenario): number {
  return Math.min(fittingBound(c).bytes, MAX_CODE_POINTS * 4);
}

/** The maximum number of bytes of a scenario's briefings in JSON, including the quotation marks. */
export const briefingJsonBytes = keptFor((c) => boundOf(c, previewShareOf(c), jsonBytes).bytes + 2);

/** The maximum number of bytes of a scenario's observations in JSON. */
export const observationJsonBytes = keptFor((c) => {
  const { observation } = boundOf(c, previewShareOf(c), jsonBytes);
  // In JSON `overdue` is longer than `soon`, and null longer than a short name.
  return Buffer.byteLength(JSON.stringify(observation)) + 8 * c.layout.tasks + SLACK;
});

type Measure = (text: string) => number;

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

type Bound = { readonly share: number; readonly bytes: number; readonly observation: Observation };

/** The longest briefing with previews of this share, and the observation behind it. */
function boundOf(c: CompiledScenario, share: number, measure: Measure): Bound {
  const head = longestHead(c);
  const before = measure(headText(head)) + measure(PRIORITY_TITLES.join('')) + SLACK;
  const things = new Things(c, share);
  const observation = {
    ...head,
    inbox: longestInbox(c, things),
    calendar: longestCalendar(c, things, measure),
    people: longestPeople(c, things),
    tasks: longestTasks(c, things, measure),
  };
  const { inbox, calendar, people, tasks } = observation;
  const lines = [inboxLines(inbox), calendarLines(calendar), peopleLines(people), tasksLines(tasks)];
  return { share, bytes: lines.flat().reduce((sum, line) => sum + measure(line), before), observation };
}

/** The bound with the first share of previews with which the longest briefing is not cut, or with none. */
const fittingBound = keptFor((c) => {
  let bound = boundOf(c, 1, utf8Bytes);
  for (const share of SMALLER_PREVIEWS) if (bound.bytes > MAX_CODE_POINTS) bound = boundOf(c, share, utf8Bytes);
  return bound;
});

function longestHead({ world, day }: CompiledScenario): ObservedHead {
  const steps = world.max_episode_steps;
  return {
    time: `9999${WIDEST.slice(4)}`,
    day_ends: day === undefined ? null : WIDEST,
    step: steps,
    max_steps: steps,
    steps_left: steps,
    stress: 100,
    active: false,
    step_ok: false,
    note: WIDE_CHARACTER.repeat(MAX_NOTE),
    news: day === undefined ? '' : WIDE_CHARACTER.repeat(MAX_NEWS),
  };
}

function longestInbox(c: CompiledScenario, things: Things): ObservedInbox {
  const s = newState(c);
  const state = longest(ASK_STATES);
  const emails = c.world.emails.map(({ asks = [] }, email): ObservedEmail => {
    s.emailFlags[email] = READ;
    const answers = c.day === undefined ? [] : asks.map(({ id }) => ({ ask: shown(id), state }));
    return { ...things.email(s, email), answered: c.day !== undefined, archived: c.day !== undefined, answers };
  });
  const count = emails.length;
  return { unread: count, unanswered: count, dealt_with: c.day === undefined ? null : count, emails };
}

function longestCalendar(c: CompiledScenario, things: Things, measure: Measure): ObservedCalendar {
  const s = newState(c);
  const all = c.world.meetings.map((_, meeting) => things.meeting(s, meeting, false));
  const others = Math.max(0, all.length - 1);
  const byLength = all.map(({ id }) => id).sort((a, b) => measure(b) - measure(a));
  const clash = {
    clashes_with: byLength.slice(0, Math.min(others, MAX_CLASHES_NAMED)),
    further_clashes: others > MAX_CLASHES_NAMED ? others : 0,
  };
  const slots = Array.from({ length: all.length + 1 }, () => ({ from: WIDEST, to: WIDEST }));
  return {
    clashes: all.length ** 2,
    meetings: all.map((meeting) => ({
      ...meeting,
      start: WIDEST,
      end: WIDEST,
      moved_from: c.day === undefined ? null : WIDEST,
      ...clash,
    })),
    free: c.day === undefined ? null : slots,
    travel_minutes: things.travelMinutes,
  };
}

function longestPeople(c: CompiledScenario, things: Things): ObservedPeople {
  const s = newState(c);
  const tasks = c.world.tasks.length;
  const isV2 = c.day !== undefined;
  const prefers = longest(CHANNELS);
  const feeling = { mood: longest(MOODS), prefers, preferred_before: isV2 ? prefers : null, unmoved: isV2 };
  const contacts = c.world.contacts.map((_, contact) => {
    const seen = things.contact(s, contact, 0);
    // At most this many contacts can hold a task at once.
    return { ...seen, ...feeling, open_tasks: contact < tasks ? tasks : 0 };
  });
  return { executive: things.executive, contacts };
}

function longestTasks(c: CompiledScenario, things: Things, measure: Measure): ObservedTasks {
  const s = newState(c);
  const names = [
    ...c.world.contacts.map((_, contact) => things.contact(s, contact, 0).name),
    ...c.world.tasks.map((task) => shown(task.delegated_to ?? '')),
  ];
  const held = {
    due: WIDEST,
    due_before: c.day === undefined ? null : WIDEST,
    urgency: 'soon',
    status: longest(TASK_STATUSES),
    delegated_to: longest(['', ...names], measure),
    delegated_until: c.day === undefined ? null : '23:59',
  } as const;
  const open = c.world.tasks.map((_, task) => ({ ...things.task(s, task), ...held }));
  return { overdue: open.length, open };
}

function newState({ layout, initialRegion }: CompiledScenario): EpisodeState {
  return new EpisodeState(layout, Uint8Array.from(initialRegion).buffer);
}

function longest<T extends string>(texts: readonly T[], measure: Measure = utf8Bytes): T {
  return texts.reduce((most, text) => (measure(text) > measure(most) ? text : most));
}
