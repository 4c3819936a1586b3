/** What one step needs to remember while it runs; an engine owns one and reuses it for every step of every episode. */
import { countCriticalUnreplied, countPastDeadline } from '../../world/facts.ts';
import type { ActionType } from '../../world/schema.ts';
import { NOBODY } from '../../world/state.ts';
import type { Episode } from '../episode.ts';

export class Turn {
  // The action and what it refers to: indices, -1 where there is no such thing.
  type: ActionType | 'unreadable' = 'do_nothing';
  ok = true;
  email = -1;
  meeting = -1;
  /** Meetings that overlapped with the one that was moved or cancelled, and do not any more. */
  readonly partedFrom: number[] = [];
  /** Contact to whom a message went or a task was delegated. */
  contact = -1;
  /** Whether the contact was named without padding. */
  namedExactly = false;
  body = '';

  // Facts of the world before the action, after this step's drift.
  critical = 0;
  pastDeadline = 0;
  stress = 0;
  pairs = 0;
  delegate: number = NOBODY;
  mood = new Uint8Array(0);
  taskStatus = new Uint8Array(0);

  /** Forgets the last step and takes the facts of the world as it stands. */
  begin(e: Episode): void {
    const { c, s } = e;
    this.ok = true;
    this.email = this.meeting = this.contact = -1;
    if (this.partedFrom.length > 0) this.partedFrom.length = 0;
    this.namedExactly = false;
    this.body = '';
    this.critical = countCriticalUnreplied(c, s);
    this.pastDeadline = countPastDeadline(c, s, s.clock);
    this.stress = s.stress;
    this.pairs = e.pairs;
    this.delegate = NOBODY;
    if (this.mood.length < s.mood.length) this.mood = new Uint8Array(s.mood.length);
    if (this.taskStatus.length < s.taskStatus.length) this.taskStatus = new Uint8Array(s.taskStatus.length);
    copyInto(this.mood, s.mood);
    copyInto(this.taskStatus, s.taskStatus);
  }
}

/** Element by element: a dozen of them are copied sooner than `set` is called. */
function copyInto(to: Uint8Array, from: Uint8Array): void {
  for (let index = 0; index < from.length; index++) to[index] = from[index] ?? 0;
}
