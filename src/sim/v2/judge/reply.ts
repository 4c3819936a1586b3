/** A reply as sentences and clauses, each with what it asserts, denies or leaves open. */
import { normalise, type Token } from '../normalise.ts';
import { joinHours } from './hours.ts';
import {
  AUXILIARIES,
  BACK_REFERENCES,
  CLAUSE_NEGATORS,
  CONDITIONS,
  DOUBTS,
  ENGLISH,
  FORWARD_NEGATIONS,
  FORWARD_NEGATORS,
  HEARSAY,
  LANGUAGES,
  NO_CONDITIONS,
  NO_NEGATIONS,
  RETRACTIONS,
  RUMOURS,
} from './language.ts';
import { type Cue, findPhrase, occurrences, phraseAt, stemOf } from './match.ts';

/** A negator, and the part of its clause that it negates. */
type Negation = { readonly at: number; readonly from: number; readonly to: number };

export type Clause = {
  /** The words as the writer spelled them, for explanations. */
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly words: readonly string[];
  readonly stems: readonly string[];
  readonly negations: readonly Negation[];
  /** Number of words before a colon, which name what follows. */
  readonly label: number;
  /** Why the clause asserts nothing; undefined if it asserts something. */
  open: 'a question' | 'a condition' | 'doubt' | 'hearsay' | 'taken back' | undefined;
  /** Index of its sentence. */
  readonly sentence: number;
};

export type Reply = {
  readonly clauses: readonly Clause[];
  readonly words: readonly string[];
};

/** Text beyond this number of UTF-16 units is not read. */
export const MAX_READ = 6_000;

const SENTENCE_END = /(?<!\b(?:mr|mrs|ms|dr|st|vs|approx|[ap]\.m|e\.g|i\.e))([.!?]+)(?=["')\]]*(?:\s|$))|[\r\n]+/gi;
const CLAUSE_GAP = /[,;()[\]\u2013\u2014•*|]|\s-+(?:\s|$)|\.\.|--/;
const CONNECTORS: ReadonlySet<string> = new Set(
  'and but because so though although while whereas yet und aber sondern denn et mais car y pero porque e ma perche'.split(
    ' ',
  ),
);
const TAGS: ReadonlySet<string> = new Set([
  'ok',
  'right',
  'yes',
  'agreed',
  'deal',
  'all',
  'alright',
  'no',
  'si',
  'ja',
  'ne',
]);

/** Reads a reply. Linear in its length. */
export function readReply(body: string): Reply {
  const clauses: Clause[] = [];
  const plain = body.slice(0, MAX_READ);
  const numbers = numbersOf(plain.toLowerCase().split(/[^\p{L}]+/u));
  const text = unifyNumerals(plain, numbers !== undefined);
  let first = 0;
  sentencesOf(text).forEach(({ text, isQuestion }, sentence) => {
    const parts = splitClauses(joinHours(normalise(text).map((token) => numbered(token, numbers))));
    const isRumour = isTalk(parts.flat().map((token) => token.text));
    let isConditional = false;
    parts.forEach((tokens, part) => {
      const clause = clauseOf(tokens, sentence);
      // A condition that begins its sentence covers what follows from it, up to a colon or semicolon.
      if (/[:;]/.test(tokens[0]?.gap ?? '')) isConditional = false;
      if (part === 0 && opensWithCondition(clause)) isConditional = true;
      const isConsequence = clause.words[0] === 'then' && clauses.at(-1)?.open === 'a condition';
      if (isConditional || isConsequence) clause.open = 'a condition';
      if (isQuestion && asks(parts, part)) clause.open = 'a question';
      if (isRumour) clause.open ??= 'hearsay';
      clauses.push(clause);
    });
    const from = clauses.length - parts.length;
    const denial = clauses.findLastIndex(({ words }, index) => index > from && deniesSubject(words));
    for (const clause of clauses.slice(from, Math.max(from, denial))) clause.open ??= 'taken back';
    if (takesBack(clauses.slice(from))) {
      for (const clause of clauses.slice(first, from)) clause.open ??= 'taken back';
    }
    first = from;
  });
  return { clauses, words: clauses.flatMap(({ words }) => words) };
}

const MILLION = /(\d+),(\d{1,2}) ?(?:millionen|mio\.?|millones|millions|milioni)/gi;
const DATE_POINT =
  /(\d{1,2})\. ?(?=(?:januar|februar|marz|märz|april|mai|juni|juli|august|september|oktober|november|dezember)\b)/gi;

/** Numerals with spaces, and with the points and commas of other languages, as English writes them. */
function unifyNumerals(text: string, isForeign: boolean): string {
  const spaced = text
    .replace(/(?<![\d.,:])(\d{1,3})[ \u00a0\u202f](\d{3})(?![\d:])/g, '$1,$2')
    .replace(DATE_POINT, '$1 ');
  return isForeign ? spaced.replace(MILLION, '$1.$2 million').replace(/(\d{1,3})\.(\d{3})(?!\d)/g, '$1,$2') : spaced;
}

/** Whether a clause goes on with a negated verb, so that it denies what stands before it: "A say, though, is not possible". */
function deniesSubject([first = '', second = '']: readonly string[]): boolean {
  return AUXILIARIES.has(first) && !/^(?:its|im|ive|theyre)$/.test(first)
    ? second === 'not'
    : CLAUSE_NEGATORS.has(first) && /^(?:isnt|arent|wasnt|wont|cant)$/.test(first);
}

/** The numbers of the language that the words are in, if it is not English. */
function numbersOf(words: readonly string[]): ReadonlyMap<string, string> | undefined {
  const count = (known: ReadonlySet<string>): number => words.filter((word) => known.has(word)).length;
  let most = count(ENGLISH);
  let numbers: ReadonlyMap<string, string> | undefined;
  for (const language of LANGUAGES) {
    const known = count(language.known);
    if (known <= most) continue;
    most = known;
    numbers = language.numbers;
  }
  return numbers;
}

/** Whether a sentence calls something talk, and does not deny that. */
function isTalk(words: readonly string[]): boolean {
  const at = findPhrase(words, RUMOURS);
  return (
    at >= 0 &&
    !words.slice(Math.max(0, at - 3), at).some((word) => FORWARD_NEGATORS.has(word) || CLAUSE_NEGATORS.has(word))
  );
}

/** Words before a value that make it a circumstance of its clause, not its subject. */
const PREPOSITIONS = new Set('on at of by in from until till before after for with since to'.split(' '));
const RELATIVES = new Set('that which who what because where'.split(' '));

/**
 * Whether an odd number of negators covers the words at these indexes, those among them apart. A negated verb behind a word
 * covers it if the word may be the subject of the verb.
 */
export function isNegated(clause: Clause, places: readonly number[], part: readonly number[] = []): boolean {
  const first = places[0] ?? 0;
  const { words } = clause;
  const isSubject = !words.slice(Math.max(0, first - 2), first).some((word) => PREPOSITIONS.has(word));
  const covering = clause.negations.filter(({ at, from, to }) => {
    if (places.includes(at) || part.includes(at) || first < from || first >= to) return false;
    return at < first || (isSubject && !words.slice(first, at).some((word) => RELATIVES.has(word)));
  });
  return covering.length % 2 === 1;
}

/** The sentences of a text. */
function sentencesOf(text: string): { text: string; isQuestion: boolean }[] {
  const found: { text: string; isQuestion: boolean }[] = [];
  let from = 0;
  for (const end of text.matchAll(SENTENCE_END)) {
    found.push({ text: text.slice(from, end.index), isQuestion: end[1]?.includes('?') ?? false });
    from = end.index + end[0].length;
  }
  found.push({ text: text.slice(from), isQuestion: false });
  return found.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence.text));
}

function numbered(token: Token, numbers: ReadonlyMap<string, string> | undefined): Token {
  const value =
    token.kind === 'word' ? (numbers?.get(token.text) ?? (token.text === 'dozen' ? '12' : undefined)) : undefined;
  return value === undefined ? token : { ...token, text: value, kind: 'spelled' };
}

function splitClauses(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  tokens.forEach((token, at) => {
    const part = parts.at(-1) ?? [];
    const isConnector = CONNECTORS.has(token.text) && !isBetweenNumbers(tokens, at) && !isException(tokens, at);
    const isApart = CLAUSE_GAP.test(token.gap) && !isSpeltOut(tokens, at);
    if (at > 0 && (isApart || isConnector || (token.gap.includes(':') && !isLabel(part)))) parts.push([]);
    parts.at(-1)?.push(token);
  });
  return parts.filter((part) => part.length > 0);
}

/** "But" after "anywhere", "everything" and the like excepts what follows. */
function isException(tokens: readonly Token[], at: number): boolean {
  return (
    tokens[at]?.text === 'but' && /^(?:any|every|all|no)(?:where|thing|one|body)?$/.test(tokens[at - 1]?.text ?? '')
  );
}

/** Single letters and digits in a row: "S, K, three, one, one, seven". */
function isSpeltOut(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.text.length === 1 && tokens[at - 1]?.text.length === 1;
}

const LONGEST_LABEL = 8;

/** What stands before a colon as the name of what follows: a few words without a verb. */
function isLabel(part: readonly Token[]): boolean {
  return part.length <= LONGEST_LABEL && !part.some(({ text }) => AUXILIARIES.has(text));
}

/** "and" between two numbers joins them. */
function isBetweenNumbers(tokens: readonly Token[], at: number): boolean {
  return tokens[at - 1]?.kind !== 'word' && at > 0 && tokens[at + 1]?.kind !== 'word' && at + 1 < tokens.length;
}

function clauseOf(tokens: readonly Token[], sentence: number): Clause {
  const words = tokens.map(({ text }) => text);
  const label = Math.max(
    0,
    tokens.findIndex(({ gap }, at) => at > 0 && gap.includes(':')),
  );
  return {
    text: tokens.map(({ text, gap }, at) => (at === 0 ? text : gap + text)).join(''),
    tokens,
    words,
    stems: words.map(stemOf),
    negations: negationsOf(words, label),
    label,
    open: opennessOf(words),
    sentence,
  };
}

function opennessOf(words: readonly string[]): Clause['open'] {
  const condition = findPhrase(words, CONDITIONS);
  if (condition >= 0 && findPhrase(words, NO_CONDITIONS) < 0) return 'a condition';
  if (isIndirectQuestion(words)) return 'a condition';
  if (findPhrase(words, DOUBTS) >= 0) return 'doubt';
  return findPhrase(words, HEARSAY) >= 0 ? 'hearsay' : undefined;
}

const ASKING = new Set('know say see decide sure tell ask wonder check find'.split(' '));

/** "Whether" at the beginning of a clause, or after a verb of asking. */
function isIndirectQuestion(words: readonly string[]): boolean {
  const at = words.indexOf('whether');
  return at >= 0 && (at < 2 || words.slice(Math.max(0, at - 3), at).some((word) => ASKING.has(word)));
}

/** Whether a clause begins with a condition. */
function opensWithCondition({ words }: Clause): boolean {
  return words.some((_, at) => at < 2 && phraseAt(words, CONDITIONS, at) > 0);
}

/** Whether a part of a question asks. If its last part is a tag ("..., all right?"), only that part does. */
function asks(parts: readonly (readonly Token[])[], part: number): boolean {
  const last = parts.at(-1) ?? [];
  const isTag = parts.length > 1 && last.length <= 2 && last.every(({ text }) => TAGS.has(text));
  return !isTag || part === parts.length - 1;
}

function takesBack(clauses: readonly Clause[]): boolean {
  const words = clauses.flatMap((clause) => clause.words);
  return BACK_REFERENCES.has(words[0] ?? '') && findPhrase(words, RETRACTIONS) >= 0 && words[1] !== 'not';
}

function negationsOf(words: readonly string[], label: number): Negation[] {
  const found: Negation[] = [];
  const endOf = (at: number): number => (at < label ? label : words.length);
  for (let at = 0; at < words.length; at++) {
    const skipped = phraseAt(words, NO_NEGATIONS, at);
    const word = words[at] ?? '';
    if (skipped > 0) at += skipped - 1;
    else if (word === 'no' && words[at - 1] === 'about') continue;
    else if (word === 'no' && /^\d+$/.test(words[at + 1] ?? '') && at > 0) continue;
    else if (CLAUSE_NEGATORS.has(word)) found.push({ at, from: at < label ? 0 : label, to: endOf(at) });
    else if (word === 'not' && AUXILIARIES.has(words[at - 1] ?? ''))
      found.push({ at, from: at < label ? 0 : label, to: endOf(at) });
    else if (word === 'no' && AUXILIARIES.has(words[at - 1] ?? ''))
      found.push({ at, from: at < label ? 0 : label, to: endOf(at) });
    else if (FORWARD_NEGATORS.has(word) || phraseAt(words, FORWARD_NEGATIONS, at) > 0)
      found.push({ at, from: at, to: endOf(at) });
  }
  return found;
}

/** Whether a clause has one of these words or phrases, in whatever form. */
export function says(clause: Clause | undefined, cues: readonly Cue[]): boolean {
  return clause !== undefined && cues.some((cue) => occurrences(clause.stems, cue).length > 0);
}
