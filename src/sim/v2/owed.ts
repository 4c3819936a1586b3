/** The requirements on answers to the emails of a scenario, compiled once for each scenario. */
import type { CompiledScenario } from '../../world/compile.ts';
import { Kept, keptFor } from '../kept.ts';
import { compileOwed, type Owed } from './words.ts';

const owedOf = keptFor(({ world }) => ({
  emails: new Kept((at) => {
    const email = world.emails[at];
    if (email === undefined) throw new RangeError(`there is no email ${at}`);
    return compileOwed(email);
  }),
  contacts: new Kept((at) => {
    const sender = world.contacts[at]?.name ?? '';
    const email = { id: '', subject: '', body: '', read: true, replied: false, priority: 'low' as const };
    return compileOwed({ ...email, sender, sender_relationship: 'professional' });
  }),
}));

/** The requirements on an answer to an email. */
export function owedIn(c: CompiledScenario, email: number): Owed {
  return owedOf(c).emails.at(email);
}

/** The requirements on any message to a contact, whatever its subject. */
export function owedBy(c: CompiledScenario, contact: number): Owed {
  return owedOf(c).contacts.at(contact);
}
