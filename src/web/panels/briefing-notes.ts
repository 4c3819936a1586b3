/** Reads from the briefing what the exported world does not contain: when answers are due, and the free times. */

export type BriefingNotes = {
  /** By email id: `10:30`, `within 4 hours`, `owed`. */
  readonly due: ReadonlyMap<string, string>;
  /** The free times in the briefing's words; empty if the briefing does not state them. */
  readonly free: string;
};

const EMAIL = /^ {2}\[(.+?)\] [^"]*? \((?:VIP|personal|professional|unknown); answer (?:by )?([^)"]*)\) "/;
const FREE = /^ {2}Free: (.*)$/;

export function readNotes(briefing: string): BriefingNotes {
  const due = new Map<string, string>();
  let free = '';
  for (const line of briefing.split('\n')) {
    const email = EMAIL.exec(line);
    if (email !== null) due.set(email[1] ?? '', email[2] ?? '');
    else free = FREE.exec(line)?.[1] ?? free;
  }
  return { due, free };
}
