/** Whether a reply decides what an email asks to decide, or does what it asks to do. */
import { readings } from '../normalise.ts';
import type { ActAsk, ChoiceAsk, Timing } from './asks.ts';
import { CONSENT, NO, OTHER_DAYS, REFUSAL, WEEKDAYS, YES } from './language.ts';
import { type Cue, findPhrase, occurrences } from './match.ts';
import { type Clause, isNegated, type Reply, says } from './reply.ts';
import { type Finding, finding } from './verdict.ts';

/** The clauses that say yes and those that say no. */
type Votes = { readonly yes: Clause[]; readonly no: Clause[] };

/** The votes of clauses that take up one of these words, and those of clauses that only consent or refuse in general. */
function votesOf(
  clauses: readonly Clause[],
  about: readonly Cue[],
  against: readonly Cue[],
): { own: Votes; general: Votes } {
  const votes = { own: { yes: [], no: [] } as Votes, general: { yes: [], no: [] } as Votes };
  for (const clause of clauses) {
    if (clause.open !== undefined) continue;
    const own = new Set<boolean>();
    for (const cue of about) for (const places of placesAfterLabel(clause, cue)) own.add(!isNegated(clause, places));
    for (const cue of against) for (const places of placesAfterLabel(clause, cue)) own.add(isNegated(clause, places));
    const general = new Set(own.size === 0 ? generalVotes(clause) : []);
    for (const [votesOfKind, cast] of [
      [votes.own, own],
      [votes.general, general],
    ] as const) {
      if (cast.has(true)) votesOfKind.yes.push(clause);
      if (cast.has(false)) votesOfKind.no.push(clause);
    }
  }
  return votes;
}

/** The occurrences of a cue behind the label of a clause, where it decides. */
function placesAfterLabel({ stems, label }: Clause, cue: Cue): number[][] {
  return occurrences(stems, cue).filter(([first]) => (first ?? 0) >= label);
}

/** What a clause says in general words of consent and refusal. */
function generalVotes(clause: Clause): boolean[] {
  const { words } = clause;
  const votes: boolean[] = [];
  const opening = words.find((word) => !GREETINGS.has(word)) ?? '';
  const at = words.indexOf(opening);
  if (YES.has(opening) || words.includes('yes')) votes.push(true);
  else if (NO.has(opening) && words.length - at <= 3) votes.push(false);
  else if (OPENING_REFUSALS.has(opening) && clause.sentence === 0 && words[0] !== 'and') votes.push(false);
  const consent = findPhrase(words, CONSENT);
  if (consent >= 0 && !isOfAnother(words, consent))
    votes.push(!isNegated(clause, [consent]) || words[consent] === 'no' || words[consent] === 'nothing');
  const refusal = findPhrase(words, REFUSAL);
  if (refusal >= 0 && consent < 0) votes.push(isNegated(clause, [refusal, refusal + 1]));
  return votes;
}

/** Words that may stand before a consent without naming another thing that is consented to. */
const CONSENTING = new Set('i im id ill we yes ok that its this all it am are have you your he she they'.split(' '));

/** "Seat 14C is fine by me" consents to the seat. */
function isOfAnother(words: readonly string[], consent: number): boolean {
  return words[consent - 1] === 'is' && !words.slice(0, consent).some((word) => CONSENTING.has(word));
}

const GREETINGS = new Set('hi hello hey dear morning good well so sorry thanks thank and but then ah oh'.split(' '));
const OPENING_REFUSALS = new Set(['cant', 'cannot', 'wont', 'unable']);

/** The first clause in which one of the cues begins, without being negated there; it may end later in its sentence. */
function clauseWith(clauses: readonly Clause[], cues: readonly Cue[]): Clause | undefined {
  return clauses.find((clause, index) => {
    if (clause.open !== undefined) return false;
    const rest = clauses
      .slice(index + 1)
      .filter(({ sentence, open }) => sentence === clause.sentence && open === undefined);
    const stems = [...clause.stems, ...rest.flatMap((one) => one.stems)];
    return cues.some((cue) =>
      occurrences(stems, cue).some((places) => (places[0] ?? 0) < clause.stems.length && !isNegated(clause, places)),
    );
  });
}

function isOfCourse({ words }: Clause): boolean {
  return words.join(' ') === 'of course';
}

/** The verdict on a decision. */
export function choiceVerdict({ clauses }: Reply, ask: ChoiceAsk, today: string): Finding {
  const { own, general } = votesOf(clauses, ask.about, ask.against);
  // "We keep it, of course" underlines the no.
  const yes = [...own.yes, ...(own.no.length > 0 ? general.yes.filter((one) => !isOfCourse(one)) : general.yes)];
  // "No" may answer other words than those of the ask: the clause that takes up the ask decides.
  const no = own.yes.length > 0 ? own.no : [...own.no, ...general.no];
  const [forIt, againstIt] = [yes[0], no[0]];
  if (forIt === undefined && againstIt === undefined) return finding('missing', undefined, 'nothing decides it');
  if (forIt !== undefined && againstIt !== undefined) return finding('wrong', againstIt, 'says yes and no');
  const late = forIt && lateClause(clauses, ask, today, yes);
  if (late !== undefined) return finding('wrong', late, 'names a time that is too late');
  if (ask.is === 'either' || (ask.is === 'yes') === (forIt !== undefined)) {
    return finding('answered', forIt ?? againstIt, forIt === undefined ? 'says no' : 'says yes');
  }
  return finding('wrong', forIt ?? againstIt, forIt === undefined ? 'says no' : 'says yes');
}

/** The verdict on a go, a promise, a confirmation or an apology. */
export function actVerdict({ clauses }: Reply, ask: ActAsk, today: string): Finding {
  const { own, general } = votesOf(clauses, ask.says.flat(), ask.against);
  const groups = ask.says.map((ways) => clauseWith(clauses, ways));
  const bare = ask.takesYes && ask.says.length === 1 && own.no.length === 0 ? general.yes[0] : undefined;
  const done = groups.map((group) => group ?? bare);
  const missing = done.indexOf(undefined);
  const refused = own.no.find((clause) => says(clause, ask.against) || !own.yes.includes(clause));
  if (refused !== undefined) return finding('wrong', refused, 'refuses it');
  const refusal = ask.takesNo ? general.no[0] : undefined;
  if (missing >= 0)
    return refusal === undefined
      ? finding('missing', undefined, 'nothing says it')
      : finding('wrong', refusal, 'refuses it');
  const late = lateClause(clauses, ask, today, own.yes.length > 0 ? own.yes : general.yes);
  if (late !== undefined) return finding('wrong', late, 'names a time that is too late');
  return finding('answered', done[0], 'says it');
}

/** Words of a sentence that goes on about what the sentence before it promises. */
const FOLLOWING = new Set('get have receive it be with not until before on by after'.split(' '));

/** The clause that puts what is done on another day, or after its time. */
function lateClause(
  clauses: readonly Clause[],
  { today: mustBeToday, before }: Timing,
  today: string,
  done: readonly Clause[],
): Clause | undefined {
  const sentences = new Set(done.map(({ sentence }) => sentence));
  const isToday = clauses.some(({ words }) => words.includes('today') || words.includes('day'));
  return clauses.find((clause) => {
    const { tokens, words, sentence, open } = clause;
    const follows = sentences.has(sentence - 1) && words.some((word) => FOLLOWING.has(word));
    if (open !== undefined || !(sentences.has(sentence) || follows)) return false;
    const day = words.findIndex(
      (word) => (word !== today && (WEEKDAYS as readonly string[]).includes(word)) || OTHER_DAYS.has(word),
    );
    if (mustBeToday && !isToday && day >= 0 && !isNegated(clause, [day])) return true;
    if (before === undefined) return false;
    return tokens.some(({ kind, text }, at) => {
      const part = PARTS_OF_DAY.get(text);
      if (part !== undefined) return part >= before && words[at - 1] !== 'for';
      return (kind === 'clock' || text.startsWith('@')) && isAfter(text, before);
    });
  });
}

/** Parts of a day, and when they begin. */
const PARTS_OF_DAY: ReadonlyMap<string, string> = new Map([
  ['afternoon', '13:00'],
  ['evening', '17:00'],
  ['tonight', '18:00'],
]);

/** The hours of a day in which things are done. */
const WAKING = ['07:00', '22:00'] as const;

/** Whether a time of day is after another one, in every likely reading. */
function isAfter(text: string, before: string): boolean {
  const times = readings(text).filter((time) => /^\d\d:\d\d$/.test(time) && time >= WAKING[0] && time <= WAKING[1]);
  return times.length > 0 && times.every((time) => time > before);
}
