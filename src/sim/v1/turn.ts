/** What one step needs to remember while it runs; an engine owns one and reuses it for every step of every episode. */
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
  /** Task that was completed or delegated. */
  task = -1;
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
  /** Of the email that was answered. */
  senderMood = 0;
  /** Of the task that was completed or delegated. */
  delegate: number = NOBODY;
  taskStatus = -1;

  // What has changed since.
  /** What the moods that moved are worth: whole numbers, so that it does not matter in which order they are summed. */
  moods = 0;
  /** Tasks that were neither done nor overdue, and are overdue now. */
  becameOverdue = 0;

  /** Forgets the last step and takes the facts of the world as it stands. */
  begin(e: Episode): void {
    this.ok = true;
    this.email = this.meeting = this.task = this.contact = -1;
    while (this.partedFrom.length > 0) this.partedFrom.pop();
    this.critical = e.criticalUnreplied;
    this.pastDeadline = e.pastDeadline;
    this.stress = e.s.stress;
    this.pairs = e.pairs;
    this.moods = 0;
    this.becameOverdue = 0;
  }
}
