/** What notes and news of both rulesets are made of. */
import { MAX_TIME_TEXT } from '../lib/time.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { cleanNote, MAX_NOTE } from './episode.ts';
import { Kept } from './kept.ts';

/** How the things of a scenario are called, by index. */
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

/** Notes by index, ready for `Episode.say`. */
export function notes(text: (index: number) => string): Kept<string> {
  return new Kept((index) => cleanNote(text(index)));
}

/** Printable ASCII: what nearly every time is. */
const USUAL = /^[ -~]*$/;

/** Notes by the index of a meeting and by a time. */
export class MovingNotes {
  private readonly starts: Kept<string>;
  private readonly start: (meeting: number) => string;

  constructor(c: CompiledScenario) {
    const names = namesOf(c);
    this.start = (meeting) => `moved ${names.meeting(meeting)} to`;
    this.starts = notes(this.start);
  }

  at(meeting: number, time: string): string {
    const start = this.starts.at(meeting);
    const isShort = time.length <= MAX_TIME_TEXT && start.length + 1 + MAX_TIME_TEXT <= MAX_NOTE;
    if (isShort && USUAL.test(time)) return `${start} ${time}`;
    return cleanNote(`${this.start(meeting)} ${time}`);
  }
}
