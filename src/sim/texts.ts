/** Parts of notes and news that both rulesets use. */
import { quote } from '../lib/text.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { Kept } from '../world/kept.ts';
import type { Action } from '../world/schema.ts';
import { cleanNote } from './episode.ts';

// The messages of both rulesets for actions with a missing or unknown id.

/** Whether a text is empty or only white space. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** The message for an action whose field names an unknown entity, or none. */
export function unknown(action: Action, field: string, kind: string, value: string): string {
  return value === '' ? `${action.action_type} needs ${field}` : `there is no ${kind} ${quote(value)}`;
}

/** The names of the entities of a scenario, by index. */
export function namesOf({ world }: CompiledScenario) {
  return {
    /** `[e1] from Ana`. */
    email: (at: number) => `${bracketed(world.emails[at])} from ${world.emails[at]?.sender}`,
    /** `[m1] Budget`. */
    meeting: (at: number) => `${bracketed(world.meetings[at])} ${world.meetings[at]?.title}`,
    /** `[t1]`. */
    task: (at: number) => bracketed(world.tasks[at]),
    contact: (at: number) => world.contacts[at]?.name,
  };
}

/** `[e1]`. */
export function bracketed(thing: { readonly id: string } | undefined): string {
  return `[${thing?.id}]`;
}

/** Cached notes by index, for `Episode.setNote`. */
export function notes(text: (index: number) => string): Kept<string> {
  return new Kept((index) => cleanNote(text(index)));
}
