/** A scenario without the additions of rules v2, for rules v1. */
import type { Scenario } from './schema.ts';

/** Returns a copy without the fields of rules v2. */
export function stripV2(world: Scenario): Scenario {
  const { executive: _, day_end: __, travel_minutes: ___, events: ____, ...rest } = world;
  return {
    ...rest,
    emails: world.emails.map(({ needs: _, ...email }) => email),
    meetings: world.meetings.map(({ movable: _, cancellable: __, ...meeting }) => meeting),
    contacts: world.contacts.map(
      ({ skills: _, load_limit: __, working_hours: ___, response_minutes: ____, ...contact }) => contact,
    ),
    tasks: world.tasks.map(({ priority: _, skill: __, ...task }) => task),
  };
}
