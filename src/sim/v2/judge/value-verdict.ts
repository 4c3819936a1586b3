/** Whether a reply states the value of an ask. */
import type { ValueAsk } from './asks.ts';
import { ALTERNATIVES, IGNORANCE, WEEKDAYS } from './language.ts';
import { type Cue, findPhrase, occurrences } from './match.ts';
import { type Clause, isNegated, type Reply, says } from './reply.ts';
import { type Mention, mentionsIn } from './values.ts';
import { type Finding, finding } from './verdict.ts';

type Said = Mention & { readonly clause: Clause; readonly index: number; readonly isRight: boolean };

/** The verdict on a value. */
export function valueVerdict({ clauses }: Reply, ask: ValueAsk): Finding {
  const { value, about, others } = ask;
  const said = clauses.flatMap((clause, index): Said[] =>
    mentionsIn(clause, value).map((mention) => ({ ...mention, clause, index, isRight: value.right.has(mention.key) })),
  );
  const asserted = said.filter((one) => isAsserted(one, ask, clauses));
  const right = asserted.filter(({ isRight }) => isRight);
  const rivals = asserted.filter(({ isRight, key }) => !isRight && !others.includes(key));
  const cueOfRival = (rival: Said): Cue | undefined => nearestCue(rival, about, said);
  const [first] = right;
  if (first === undefined) {
    const rival = about.length === 0 ? rivals[0] : rivals.find((one) => cueOfRival(one) !== undefined);
    if (rival !== undefined) return finding('wrong', rival.clause, 'states another value');
    const denied = said.find(({ isRight }) => isRight);
    if (denied === undefined) return finding('missing', undefined, 'nothing states it');
    return finding(
      denied.clause.open === undefined ? 'wrong' : 'missing',
      denied.clause,
      denied.clause.open ?? 'denies it',
    );
  }
  const denied = said.find(
    (one) =>
      one.isRight &&
      one.clause.open === undefined &&
      !asserted.includes(one) &&
      !right.some(({ clause }) => clause === one.clause),
  );
  if (denied !== undefined && !ask.excluded) return finding('wrong', denied.clause, 'denies it elsewhere');
  const listed = right.find((one) => isOneOfSeveral(one, said, others, clauses));
  if (listed !== undefined) return finding('wrong', listed.clause, 'names several values');
  if (right.every((one) => isOfAnotherThing(one, ask, clauses))) {
    return finding('wrong', first.clause, 'states it of something else');
  }
  const isBound = right.some(({ clause, index }) => says(clause, about) || says(clauses[index - 1], about));
  const unknown = clauses.find(
    (clause) =>
      says(clause, about) && findPhrase(clause.words, IGNORANCE) >= 0 && !right.some((one) => one.clause === clause),
  );
  if (unknown !== undefined && !isBound) return finding('missing', unknown, 'leaves it open');
  // Another value at a word for what was asked contradicts, unless the right one stands at another such word.
  const cues = new Set(right.flatMap((one) => nearestCue(one, about, said) ?? []));
  const contradicting = rivals.find((rival) => {
    const cue = cueOfRival(rival);
    if (cue === undefined || right.some(({ clause }) => clause === rival.clause) || isSetAside(rival)) return false;
    return cues.size === 0 || cue.some((word) => cues.has(word));
  });
  if (contradicting !== undefined) return finding('wrong', contradicting.clause, 'states another value');
  if (value.type === 'count' && !isBound) {
    const none = clauses.find((clause) =>
      clause.words.some((word, at) => NONE.has(word) && about.some((cue) => cue[0] === clause.stems[at + 1])),
    );
    if (none !== undefined) return finding('wrong', none, 'says that there are none');
  }
  return finding('answered', first.clause, 'states it');
}

const NONE = new Set(['no', 'without', 'none']);

function isAsserted({ clause, places }: Said, { about, excluded }: ValueAsk, clauses: readonly Clause[]): boolean {
  if (clause.open !== undefined) return false;
  // A negator within the words for what was asked ("who eat no meat") denies nothing.
  const part = about.flatMap((cue) => occurrences(clause.stems, cue).flat());
  const negated = isNegated(clause, places, part);
  if (!excluded) return !negated;
  const sentence = clauses.filter((one) => one.sentence === clause.sentence);
  return negated || sentence.some(({ words }) => words.some((word) => KEEPING_AWAY.has(word)));
}

const KEEPING_AWAY = new Set('keep off away avoid allergic allergy out ban banned except skip drop without'.split(' '));

/** Whether the clause of a value has words for another thing, and none for what was asked. */
function isOfAnotherThing({ clause, index }: Said, { about, unlike }: ValueAsk, clauses: readonly Clause[]): boolean {
  if (says(clause, about) || !says(clause, unlike)) return false;
  const before = clauses[index - 1];
  return before === undefined || before.sentence !== clause.sentence || !says(before, about);
}

/** The word for what was asked that stands closer to this value than to any other of its type in the clause. */
function nearestCue({ clause, places }: Said, about: readonly Cue[], said: readonly Said[]): Cue | undefined {
  const around = said.filter((one) => one.clause === clause);
  return about.find((cue) =>
    occurrences(clause.stems, cue).some((found) => {
      const distance = (others: readonly number[]): number =>
        Math.min(...found.map((place) => Math.abs(place - (others[0] ?? 0))));
      return around.every((one) => distance(one.places) >= distance(places));
    }),
  );
}

/** Whether a value stands in a list of values of its type, of which the reply chooses none. */
function isOneOfSeveral(
  { clause, key }: Said,
  said: readonly Said[],
  others: readonly string[],
  clauses: readonly Clause[],
): boolean {
  const inSentence = said.filter(
    (one) => one.clause.sentence === clause.sentence && !isNegated(one.clause, one.places) && !others.includes(one.key),
  );
  const keys = new Set(inSentence.map((one) => (one.isRight ? key : one.key)));
  if (keys.size < 2) return false;
  const words = clauses.filter((one) => one.sentence === clause.sentence).flatMap((one) => one.words);
  if (words.some((word, at) => ALTERNATIVES.has(word) && at > 0 && at < words.length - 1)) return true;
  if (inSentence.some((one) => !one.isRight && one.clause.words[0] === 'and' && isName(one.key))) return true;
  const isCrowded = inSentence.some((one) => inSentence.some((other) => other !== one && other.clause === one.clause));
  return keys.size >= 3 && (isCrowded || inSentence.some((one) => one.clause.words.length === 1));
}

/** Whether a value is a name. */
function isName(key: string): boolean {
  return /^[a-z]/.test(key) && !(WEEKDAYS as readonly string[]).includes(key) && !/\d/.test(key);
}

/** Words for what was so before, or belongs to something else. */
const EARLIER = new Set(
  'was were before first planned originally earlier previously formerly until old august last used due'.split(' '),
);

/** A rival that the reply itself sets aside, as what was so before or belongs to something else. */
function isSetAside({ clause }: Said): boolean {
  return clause.words.some((word) => EARLIER.has(word));
}
