/** What a scenario may bring about: where two of its parts multiply, it is refused before anything is made of them. */
import { ValidationError } from '../lib/errors.ts';

/** Pairs of meetings that overlap, everything that may arrive included; rules v2. */
export const MAX_CLASHES = 200;
/** Events of a scenario and its drift together; rules v2. */
export const MAX_EVENTS = 1_000;
/** Events that shift all meetings, times the meetings. */
export const MAX_SHIFTS = 50_000;

/** @throws ValidationError where there are more than MAX_EVENTS */
export function refuseManyEvents(events: number): void {
  if (events <= MAX_EVENTS) return;
  throw refusal(`events: expected at most ${MAX_EVENTS} (rules v2), those of the drift included, got ${events}`);
}

/** @throws ValidationError where more than MAX_SHIFTS meetings would be shifted */
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

/** What is thrown where a scenario goes beyond a limit. */
export function refusal(issue: string): ValidationError {
  return new ValidationError('scenario', [issue]);
}
