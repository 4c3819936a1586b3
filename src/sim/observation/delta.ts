/**
 * What has changed from one observation to the next: as data, and as text. A trainer that keeps a whole episode in the context of
 * a model sends the first briefing whole and deltas after it.
 */
import { z } from 'zod';
import {
  calendarTitle,
  changedContactLine,
  changedEmailLine,
  changedTaskLine,
  contactLine,
  freeLine,
  headText,
  inboxTitle,
  joinBriefing,
  meetingLine,
  newEmailLine,
  peopleTitle,
  taskLine,
  tasksTitle,
} from './briefing.ts';
import { type Observation, observationSchema, observedThings } from './observation.ts';

/** The changes of a list of things. */
function changesSchema<T extends z.ZodType>(thing: T) {
  const placed = z.strictObject({ at: z.int().min(0).describe('Its place in the new list, from 0'), thing }).readonly();
  return {
    count: z.int().min(0).describe('Length of the new list'),
    added: z.array(placed).readonly().describe('Things that the list did not have before'),
    changed: z.array(placed).readonly().describe('Things that the list had in another state, or in another order'),
    gone: z.array(z.string()).readonly().describe('Ids (names of contacts) of the things that the list has no longer'),
  };
}

const { inbox, calendar, people, tasks, ...head } = observationSchema.unwrap().shape;
const { emails: _emails, ...inboxCounts } = inbox.unwrap().shape;
const { meetings: _meetings, ...calendarFacts } = calendar.unwrap().shape;
const { contacts: _contacts, ...peopleFacts } = people.unwrap().shape;
const { open: _open, ...taskCounts } = tasks.unwrap().shape;

/** The schema (zod) of a delta. A section that has not changed is absent. */
export const observationDeltaSchema = z
  .strictObject({
    ...head,
    inbox: z
      .strictObject({ ...inboxCounts, ...changesSchema(observedThings.email) })
      .readonly()
      .optional(),
    calendar: z
      .strictObject({ ...calendarFacts, ...changesSchema(observedThings.meeting) })
      .readonly()
      .optional(),
    people: z
      .strictObject({ ...peopleFacts, ...changesSchema(observedThings.contact) })
      .readonly()
      .optional(),
    tasks: z
      .strictObject({ ...taskCounts, ...changesSchema(observedThings.task) })
      .readonly()
      .optional(),
  })
  .readonly();

/** What has changed from one observation to the next of the same episode. */
export type ObservationDelta = z.output<typeof observationDeltaSchema>;

type Placed<T> = { readonly at: number; readonly thing: T };
type Changes<T> = {
  readonly count: number;
  readonly added: readonly Placed<T>[];
  readonly changed: readonly Placed<T>[];
  readonly gone: readonly string[];
};

/**
 * What has changed from `before` to `after`.
 * @example
 * applyDelta(before, deltaOf(before, after)); // equals `after`
 */
export function deltaOf(before: Observation, after: Observation): ObservationDelta {
  const { inbox, calendar, people, tasks, ...head } = after;
  const { emails, ...inboxNow } = inbox;
  const { meetings, ...calendarNow } = calendar;
  const { contacts, ...peopleNow } = people;
  const { open, ...tasksNow } = tasks;
  // Copies of their own that are added to: a literal that begins with a spread takes V8 microseconds for each further property.
  return Object.assign(
    head,
    !isSame(before.inbox, inbox) && {
      inbox: Object.assign(inboxNow, changesOf(before.inbox.emails, emails, idOf)),
    },
    !isSame(before.calendar, calendar) && {
      calendar: Object.assign(calendarNow, changesOf(before.calendar.meetings, meetings, idOf)),
    },
    !isSame(before.people, people) && {
      people: Object.assign(peopleNow, changesOf(before.people.contacts, contacts, nameOf)),
    },
    !isSame(before.tasks, tasks) && { tasks: Object.assign(tasksNow, changesOf(before.tasks.open, open, idOf)) },
  );
}

/** The observation that follows `before`. `delta` must be a delta from `before`. */
export function applyDelta(before: Observation, delta: ObservationDelta): Observation {
  const { inbox, calendar, people, tasks, ...head } = delta;
  return {
    ...head,
    inbox:
      inbox === undefined ? before.inbox : { ...factsOf(inbox), emails: listAfter(before.inbox.emails, inbox, idOf) },
    calendar:
      calendar === undefined
        ? before.calendar
        : { ...factsOf(calendar), meetings: listAfter(before.calendar.meetings, calendar, idOf) },
    people:
      people === undefined
        ? before.people
        : { ...factsOf(people), contacts: listAfter(before.people.contacts, people, nameOf) },
    tasks: tasks === undefined ? before.tasks : { ...factsOf(tasks), open: listAfter(before.tasks.open, tasks, idOf) },
  };
}

const idOf = ({ id }: { readonly id: string }): string => id;
const nameOf = ({ name }: { readonly name: string }): string => name;

/** A section of a delta without the changes of its list. */
function factsOf<T extends Changes<unknown>>({ count: _, added: _a, changed: _c, gone: _g, ...facts }: T) {
  return facts;
}

/** Things in the same state are usually the same object; those that were read from JSON are not. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function changesOf<T>(before: readonly T[], after: readonly T[], keyOf: (thing: T) => string): Changes<T> {
  const places = placesOf(before, keyOf);
  const placesNow = placesOf(after, keyOf);
  const added: Placed<T>[] = [];
  const changed: Placed<T>[] = [];
  // Unchanged things keep their order, so one that comes earlier than it did must be listed.
  let last = -1;
  for (const [at, thing] of after.entries()) {
    const key = keyOf(thing);
    const place = places.get(key);
    if (place === undefined) added.push({ at, thing });
    else if (placesNow.get(key) !== at || place <= last || !isSame(before[place], thing)) changed.push({ at, thing });
    else last = place;
  }
  const gone = [...places.keys()].filter((key) => !placesNow.has(key));
  return { count: after.length, added, changed, gone };
}

/** The place of each key in a list; -1 if several things have it, which only names of contacts can be. */
function placesOf<T>(things: readonly T[], keyOf: (thing: T) => string): Map<string, number> {
  const places = new Map<string, number>();
  for (const [at, thing] of things.entries()) {
    const key = keyOf(thing);
    places.set(key, places.has(key) ? -1 : at);
  }
  return places;
}

function listAfter<T>(before: readonly T[], { added, changed, gone }: Changes<T>, keyOf: (thing: T) => string): T[] {
  const placed = [...added, ...changed].toSorted((a, b) => a.at - b.at);
  const moved = new Set([...gone, ...placed.map(({ thing }) => keyOf(thing))]);
  const kept = before.filter((thing) => !moved.has(keyOf(thing)));
  const after: T[] = [];
  let next = 0;
  for (const { at, thing } of placed) {
    const until = next + at - after.length;
    after.push(...kept.slice(next, until), thing);
    next = until;
  }
  return [...after, ...kept.slice(next)];
}

/**
 * A delta as text: the head of a briefing, then the things that are new, have changed or are gone, below the titles of their
 * sections. What has changed is listed without most of what never changes, such as the body of an email.
 */
export function deltaText(delta: ObservationDelta): string {
  const { inbox, calendar, people, tasks } = delta;
  const parts = [headText(delta)];
  if (inbox !== undefined) parts.push(inboxTitle(inbox), ...changeLines(inbox, newEmailLine, changedEmailLine));
  if (calendar !== undefined) {
    parts.push(
      calendarTitle(calendar.count, calendar.clashes),
      ...changeLines(calendar, meetingLine),
      freeLine(calendar),
    );
  }
  if (people !== undefined)
    parts.push(peopleTitle(people.executive), ...changeLines(people, contactLine, changedContactLine));
  if (tasks !== undefined)
    parts.push(tasksTitle(tasks.count, tasks.overdue), ...changeLines(tasks, taskLine, changedTaskLine));
  parts.push('\nAll else is as before.\n');
  return joinBriefing(parts);
}

/** The lines of the changes of a list. A line of a thing begins with two spaces. */
function changeLines<T>(
  { added, changed, gone }: Changes<T>,
  lineOf: (thing: T) => string,
  changedLineOf: (thing: T) => string = lineOf,
): string[] {
  return [
    ...added.map(({ thing }) => `  new:${lineOf(thing).slice(1)}`),
    ...changed.map(({ thing }) => `  now:${changedLineOf(thing).slice(1)}`),
    ...(gone.length === 0 ? [] : [`  gone: ${gone.join(', ')}\n`]),
  ];
}
