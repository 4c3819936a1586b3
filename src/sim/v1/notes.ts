/** What valid actions say of themselves: a few texts, each made and cleaned when it is first said in a scenario. */
import { MAX_TIME_TEXT } from '../../lib/time.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { cleanNote, MAX_NOTE } from '../episode.ts';

const known = new WeakMap<CompiledScenario, Notes>();

/** The notes of a scenario, which all its episodes share. */
export function notesOf(c: CompiledScenario): Notes {
  let notes = known.get(c);
  if (notes === undefined) {
    notes = new Notes(c);
    known.set(c, notes);
  }
  return notes;
}

class Notes {
  private readonly c: CompiledScenario;
  private readonly replies: string[] = [];
  private readonly archives: string[] = [];
  private readonly moves: string[] = [];
  private readonly cancellations: string[] = [];
  private readonly completions: string[] = [];
  private readonly messages: string[] = [];
  /** By task, then by contact. */
  private readonly delegations: readonly string[][];

  constructor(c: CompiledScenario) {
    this.c = c;
    this.delegations = c.world.tasks.map(() => []);
  }

  replied(email: number): string {
    return this.replies[email] ?? keep(this.replies, email, `replied to ${this.email(email)}`);
  }

  archived(email: number): string {
    return this.archives[email] ?? keep(this.archives, email, `archived ${this.email(email)}`);
  }

  /** @param time A text that says a time: at most MAX_TIME_TEXT long, without control characters. */
  moved(meeting: number, time: string): string {
    const start = this.moves[meeting] ?? keep(this.moves, meeting, `moved ${this.meeting(meeting)} to`);
    if (start.length + 1 + MAX_TIME_TEXT <= MAX_NOTE) return `${start} ${time}`;
    return cleanNote(`moved ${this.meeting(meeting)} to ${time}`);
  }

  cancelled(meeting: number): string {
    return this.cancellations[meeting] ?? keep(this.cancellations, meeting, `cancelled ${this.meeting(meeting)}`);
  }

  completed(task: number): string {
    return this.completions[task] ?? keep(this.completions, task, `completed ${this.task(task)}`);
  }

  delegated(task: number, contact: number): string {
    const notes = this.delegations[task] ?? [];
    return notes[contact] ?? keep(notes, contact, `delegated ${this.task(task)} to ${this.contact(contact)}`);
  }

  sent(contact: number): string {
    return this.messages[contact] ?? keep(this.messages, contact, `sent a message to ${this.contact(contact)}`);
  }

  private email(email: number): string {
    const { id, sender } = this.c.world.emails[email] ?? {};
    return `[${id}] from ${sender}`;
  }

  private meeting(meeting: number): string {
    const { id, title } = this.c.world.meetings[meeting] ?? {};
    return `[${id}] ${title}`;
  }

  private task(task: number): string {
    return `[${this.c.world.tasks[task]?.id}]`;
  }

  private contact(contact: number): string {
    return this.c.world.contacts[contact]?.name ?? '';
  }
}

function keep(notes: string[], at: number, text: string): string {
  const note = cleanNote(text);
  notes[at] = note;
  return note;
}
