/** The messages of both rulesets for actions with a missing or unknown id. */
import { quote } from '../lib/text.ts';
import type { Action } from '../world/schema.ts';

/** Whether a text is empty or only white space. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** The message for an action whose field names an unknown entity, or none. */
export function unknown(action: Action, field: string, kind: string, value: string): string {
  return value === '' ? `${action.action_type} needs ${field}` : `there is no ${kind} ${quote(value)}`;
}
