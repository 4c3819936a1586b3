/** Scratch data of one step. A ruleset owns one `StepScratch` and reuses it for every step of every episode. */
import type { ActionType } from '../../world/schema.ts';
import { NO_CONTACT } from '../../world/state.ts';
import type { Episode } from '../episode.ts';

export class StepScratch {
  // The action and its subjects: indices, or -1.
  type: ActionType | 'unreadable' = 'do_nothing';
  ok = true;
  email = -1;
  meeting = -1;
  /** Meetings that overlapped with the moved or cancelled meeting before, and no longer do. */
  readonly partedFrom: number[] = [];
  /** The task that was completed or delegated. */
  task = -1;
  /** The contact who received a message or a task. */
  contact = -1;
  /** Whether the action named the contact without padding. */
  namedExactly = false;
  body = '';

  // Facts about the world before the action, but after the drift of this step.
  critical = 0;
  pastDeadline = 0;
  stress = 0;
  pairs = 0;
  /** The mood of the sender of the answered email. */
  senderMood = 0;
  /** The delegate of the task that was completed or delegated. */
  delegate: number = NO_CONTACT;
  taskStatus = -1;

  // Changes since then.
  /** The value of all changes of mood: whole numbers, so that their order does not affect the sum. */
  moods = 0;
  /** Number of tasks that were neither done nor overdue before, and are overdue now. */
  becameOverdue = 0;

  /** Clears the last step and records the facts about the current world. */
  begin(e: Episode): void {
    this.ok = true;
    this.email = this.meeting = this.task = this.contact = -1;
    while (this.partedFrom.length > 0) this.partedFrom.pop();
    this.critical = e.v1.criticalUnreplied;
    this.pastDeadline = e.v1.pastDeadline;
    this.stress = e.s.stress;
    this.pairs = e.pairs;
    this.moods = 0;
    this.becameOverdue = 0;
  }
}
