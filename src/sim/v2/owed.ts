/** What answers to the emails of a scenario owe, made ready for matching once for each scenario. */
import type { CompiledScenario } from '../../world/compile.ts';
import { compileOwed, type Owed } from './words.ts';

type Known = { readonly emails: (Owed | undefined)[]; readonly contacts: (Owed | undefined)[] };

const known = new WeakMap<CompiledScenario, Known>();
/** The last scenario that was asked for: the next question is about the same one, as a rule. */
let last: CompiledScenario | undefined;
let knownOfLast: Known = { emails: [], contacts: [] };

/** What an answer to an email owes. */
export function owedIn(c: CompiledScenario, email: number): Owed {
  const { emails } = knownOf(c);
  let owed = emails[email];
  if (owed === undefined) {
    const source = c.world.emails[email];
    if (source === undefined) throw new RangeError(`there is no email ${email}`);
    owed = emails[email] = compileOwed(source);
  }
  return owed;
}

/** What any message to a contact owes, whatever it is about. */
export function owedBy(c: CompiledScenario, contact: number): Owed {
  const { contacts } = knownOf(c);
  let owed = contacts[contact];
  if (owed === undefined) {
    const sender = c.world.contacts[contact]?.name ?? '';
    const email = { id: '', subject: '', body: '', read: true, replied: false, priority: 'low' as const };
    owed = contacts[contact] = compileOwed({ ...email, sender, sender_relationship: 'professional' });
  }
  return owed;
}

function knownOf(c: CompiledScenario): Known {
  if (c === last) return knownOfLast;
  let list = known.get(c);
  if (list === undefined) {
    list = { emails: [], contacts: [] };
    known.set(c, list);
  }
  last = c;
  knownOfLast = list;
  return list;
}
