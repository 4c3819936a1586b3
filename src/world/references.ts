/** Checks references between the parts of a scenario: ids are unique, and events wait for existing obligations. */
import { ValidationError } from '../lib/errors.ts';

// * Limits on the size of what scenarios bring about. If two parts of a scenario multiply, it is checked before anything is built.

/** The maximum number of pairs of meetings that overlap, including everything that may arrive; rules v2. */
export const MAX_CLASHES = 200;
/** The maximum number of events of a scenario and its drift together; rules v2. */
export const MAX_EVENTS = 1_000;
/** The maximum number of events that shift all meetings, times the number of meetings. */
export const MAX_SHIFTS = 50_000;

/** @throws ValidationError if there are more than MAX_EVENTS */
export function refuseManyEvents(events: number): void {
  if (events <= MAX_EVENTS) return;
  throw scenarioRefusal(
    `events: expected at most ${MAX_EVENTS} (rules v2), those of the drift included, got ${events}`,
  );
}

/** @throws ValidationError if more than MAX_SHIFTS meetings would be shifted */
export function refuseManyShifts(
  meetings: number,
  events: readonly { readonly shift_all_meetings_hours?: number | null | undefined }[],
): void {
  const shifts = events.filter(({ shift_all_meetings_hours: hours }) => hours !== undefined && hours !== null).length;
  if (meetings * shifts <= MAX_SHIFTS) return;
  throw scenarioRefusal(
    `events: expected shift_all_meetings_hours to shift at most ${MAX_SHIFTS} meetings in all, got ${shifts} events for ${meetings} meetings`,
  );
}

/** The error for a scenario that exceeds a limit. */
export function scenarioRefusal(issue: string): ValidationError {
  return new ValidationError('scenario', [issue]);
}

/** A part of a scenario that contradicts the others. */
export type Reference = { readonly path: (string | number)[]; readonly message: string };

type Named = { readonly id: string };
type EventParts = {
  readonly id?: string | undefined;
  readonly when?: { readonly obligation: string } | undefined;
  readonly emails?: readonly Named[] | undefined;
  readonly meetings?: readonly Named[] | undefined;
};
type Parts = {
  readonly emails: readonly Named[];
  readonly meetings: readonly Named[];
  readonly contacts: readonly { readonly name: string }[];
  readonly tasks: readonly Named[];
  readonly events?: readonly EventParts[] | undefined;
};

/** Calls `complain` for every repeated id and every obligation that does not exist. */
export function checkReferences(world: Parts, complain: (reference: Reference) => void): void {
  const events = world.events ?? [];
  const unique = (key: 'id' | 'name') => {
    const seen = new Set<string>();
    return (id: string, ...path: (string | number)[]): void => {
      const message = `expected ${key === 'name' ? 'a name' : 'an id'} not used before`;
      if (seen.has(id)) complain({ path: [...path, key], message });
      seen.add(id);
    };
  };
  const [email, meeting, task, event] = [unique('id'), unique('id'), unique('id'), unique('id')];
  const contact = unique('name');
  for (const [index, { id }] of world.emails.entries()) email(id, 'emails', index);
  for (const [index, { id }] of world.meetings.entries()) meeting(id, 'meetings', index);
  for (const [index, { name }] of world.contacts.entries()) contact(name, 'contacts', index);
  for (const [index, { id }] of world.tasks.entries()) task(id, 'tasks', index);
  for (const [at, { id: own, emails = [], meetings = [] }] of events.entries()) {
    if (own !== undefined) event(own, 'events', at);
    for (const [index, { id }] of emails.entries()) email(id, 'events', at, 'emails', index);
    for (const [index, { id }] of meetings.entries()) meeting(id, 'events', at, 'meetings', index);
  }

  const emails = new Set([...world.emails, ...events.flatMap((one) => one.emails ?? [])].map(({ id }) => id));
  const meetings = new Set([...world.meetings, ...events.flatMap((one) => one.meetings ?? [])].map(({ id }) => id));
  const tasks = new Set(world.tasks.map(({ id }) => id));
  const exists = (obligation: string): boolean => {
    const [, kind, id = ''] = /^(reply|task|clash):(.*)$/s.exec(obligation) ?? [];
    if (kind === 'reply') return emails.has(id);
    if (kind === 'task') return tasks.has(id);
    const pair = id.split('+');
    return kind === 'clash' && pair.length === 2 && pair.every((one) => meetings.has(one));
  };
  events.forEach((one, at) => {
    if (one.when === undefined || exists(one.when.obligation)) return;
    complain({
      path: ['events', at, 'when', 'obligation'],
      message: 'expected reply:EMAIL, task:TASK or clash:MEETING+MEETING of this scenario',
    });
  });
}
