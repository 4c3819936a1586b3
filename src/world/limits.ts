/**
 * Limits on the size of what scenarios bring about. If two parts of a scenario multiply, it is checked before anything is
 * built.
 */
import { ValidationError } from '../lib/errors.ts';

/** The maximum number of pairs of meetings that overlap, including everything that may arrive; rules v2. */
export const MAX_CLASHES = 200;
/** The maximum number of events of a scenario and its drift together; rules v2. */
export const MAX_EVENTS = 1_000;
/** The maximum number of events that shift all meetings, times the number of meetings. */
export const MAX_SHIFTS = 50_000;

/** @throws ValidationError if there are more than MAX_EVENTS */
export function refuseManyEvents(events: number): void {
  if (events <= MAX_EVENTS) return;
  throw refusal(`events: expected at most ${MAX_EVENTS} (rules v2), those of the drift included, got ${events}`);
}

/** @throws ValidationError if more than MAX_SHIFTS meetings would be shifted */
export function refuseManyShifts(
  meetings: number,
  events: readonly { readonly shift_all_meetings_hours?: number | null | undefined }[],
): void {
  const shifts = events.filter(({ shift_all_meetings_hours: hours }) => hours !== undefined && hours !== null).length;
  if (meetings * shifts <= MAX_SHIFTS) return;
  throw refusal(
    `events: expected shift_all_meetings_hours to shift at most ${MAX_SHIFTS} meetings in all, got ${shifts} events for ${meetings} meetings`,
  );
}

/** The error for a scenario that exceeds a limit. */
export function refusal(issue: string): ValidationError {
  return new ValidationError('scenario', [issue]);
}
