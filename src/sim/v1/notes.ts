/** The notes of valid actions: a small number of texts, each built and cleaned on first use in a scenario. */
import { cleanNote } from '../episode.ts';
import { KeptPairs, keptFor } from '../kept.ts';
import { MovingNotes, namesOf, notes } from '../texts.ts';

/** The notes of a scenario, which all its episodes share. */
export const notesOf = keptFor((c) => {
  const { email, meeting, task, contact } = namesOf(c);
  return {
    replied: notes((at) => `replied to ${email(at)}`),
    archived: notes((at) => `archived ${email(at)}`),
    moved: new MovingNotes(c),
    cancelled: notes((at) => `cancelled ${meeting(at)}`),
    completed: notes((at) => `completed ${task(at)}`),
    /** By task and contact. */
    delegated: new KeptPairs((what, whom) => cleanNote(`delegated ${task(what)} to ${contact(whom)}`)),
    sent: notes((at) => `sent a message to ${contact(at)}`),
  };
});
