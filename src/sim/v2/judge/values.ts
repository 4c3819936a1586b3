/** Values of a type in a clause: numbers, times, days, references and names, in any spelling. */
import type { ValueType } from '../../../world/asks.ts';
import { BEFORE_HOUR, MONTH_KEYS, normalise, readings, type Token } from '../normalise.ts';
import { FREE, NOT_FREE, ORDINALS, OTHER_DAYS, WEEKDAYS } from './language.ts';
import { type Cue, occurrences, phraseAt, stemOf } from './match.ts';
import type { Clause } from './reply.ts';

/** A value in a clause: the indexes of its words, and one text for all its spellings. */
export type Mention = { readonly key: string; readonly places: readonly number[] };

/** A requested value, compiled. */
export type Value = {
  readonly type: ValueType;
  /** The keys of the right value. */
  readonly right: ReadonlySet<string>;
  /** For names: the cues of each of its wordings, and of those of each rival. */
  readonly names: readonly Cue[];
  readonly rivals: readonly Cue[];
};

/** Key of a right name. */
const RIGHT = 'right';
/** Words before a number that is an hour, in other languages than English. */
const HOUR_WORDS: ReadonlySet<string> = new Set('um gegen alle las les a ab bis vers verso'.split(' '));
const LONGEST_REFERENCE = 10;
/** A number is another amount of the requested kind if neither is more than this many times the other. */
const COMPARABLE = 50;

export function compileValue(type: ValueType, is: readonly string[], rivals: readonly string[]): Value {
  const cues = is.map(cueOf);
  const keys = is.flatMap((phrase) => {
    const tokens = normalise(phrase);
    if (type === 'reference') return [referenceOf(tokens)];
    if (type === 'name') return [RIGHT];
    return tokens.flatMap((_, at) => keysOf(type, tokens, at));
  });
  return { type, right: new Set(keys), names: type === 'name' ? cues : [], rivals: rivals.map(cueOf) };
}

/** The stems of a phrase. */
export function cueOf(phrase: string): Cue {
  return normalise(phrase).map(({ text }) => stemOf(text));
}

/** The values of the type of `value` in a clause. */
export function mentionsIn(clause: Clause, value: Value): Mention[] {
  const { type } = value;
  if (type === 'name') return namesIn(clause, value);
  if (type === 'reference') return referencesIn(clause, value);
  const found = clause.tokens.flatMap((token, at): Mention[] => {
    const keys = keysOf(type, clause.tokens, at);
    const right = keys.find((key) => value.right.has(key));
    if (right === undefined && (token.kind === 'ordinal' || ORDINALS.has(token.text) || isLabelOrRate(clause, at)))
      return [];
    const key = right ?? keys[0];
    return key === undefined || (right === undefined && !isComparable(value, token)) ? [] : [{ key, places: [at] }];
  });
  return type === 'money' && value.right.has('0') ? [...found, ...freeIn(clause)] : found;
}

/** The texts that stand for the token at an index as a value of a type; none if it has another type. */
function keysOf(type: ValueType, clause: readonly Token[], at: number): readonly string[] {
  const token = clause[at];
  if (token === undefined) return [];
  const { text, kind } = token;
  switch (type) {
    case 'money':
    case 'count':
      return (kind === 'number' || kind === 'spelled') && !text.startsWith('@') && !isInDate(clause, at) ? [text] : [];
    case 'time':
      return timesOf(clause, at);
    case 'day': {
      const weekday = WEEKDAYS.find((day) => stemOf(day) === stemOf(text));
      if (weekday !== undefined) return [weekday];
      if (kind === 'ordinal') return readings(text);
      if (ORDINALS.has(text)) return readings(ORDINALS.get(text) ?? '');
      const month = MONTH_KEYS[Number(clause[at + 1]?.text) - 1];
      if (kind === 'number' && clause[at + 1]?.gap === '/' && month !== undefined) return [text + month];
      return kind === 'date' || OTHER_DAYS.has(text) ? [text] : [];
    }
    default:
      return [];
  }
}

/** "9/11" is a date. */
function isInDate(clause: readonly Token[], at: number): boolean {
  return clause[at]?.gap === '/' || clause[at + 1]?.gap === '/';
}

const AFTER_HOUR: ReadonlySet<string> = new Set('in tomorrow tmrw tonight sharp am pm oclock'.split(' '));

function timesOf(clause: readonly Token[], at: number): readonly string[] {
  const { text = '', kind } = clause[at] ?? {};
  if (kind === 'clock' || text.startsWith('@')) return readings(text);
  if (kind !== 'number' && kind !== 'spelled') return [];
  const [before, after] = [clause[at - 1]?.text ?? '', clause[at + 1]?.text ?? ''];
  if (/^(?:[01]?\d|2[0-3])[0-5]\d$/.test(text) && Number(text) >= 700) {
    return readings(`${text.slice(0, -2).padStart(2, '0')}:${text.slice(-2)}`);
  }
  const isHour = HOUR_WORDS.has(before) || BEFORE_HOUR.has(before) || AFTER_HOUR.has(after) || clause.length === 1;
  return isHour && Number(text) <= 24 ? readings(`@${text}`) : [];
}

/** A number that names something ("batch 27") or belongs to each of many things ("118 a unit"). */
function isLabelOrRate({ tokens, words }: Clause, at: number): boolean {
  const kind = tokens[at]?.kind;
  if (kind !== 'number' && kind !== 'spelled') return false;
  // "One" is mostly no number.
  if (kind === 'spelled' && words[at] === '1') return true;
  const before = words[at - 1];
  const isLabel = kind === 'number' && before !== undefined && LABELS.has(before);
  return isLabel || words[at + 1] === 'apiece' || (RATES.has(words[at + 1] ?? '') && words[at + 2] !== undefined);
}

const LABELS: ReadonlySet<string> = new Set(
  'batch lot option clause room gallery phase sample number no lift unit page item point step flight'.split(' '),
);
const RATES: ReadonlySet<string> = new Set(['a', 'an', 'per', 'each']);

function isComparable({ type, right }: Value, { text }: Token): boolean {
  if (type !== 'money') return true;
  const [amount, asked] = [Number(text), Number([...right][0])];
  if (asked === 0) return amount >= 100;
  return amount * COMPARABLE >= asked && amount <= asked * COMPARABLE;
}

function freeIn({ words }: Clause): Mention[] {
  const found: Mention[] = [];
  for (let at = 0; at < words.length; at++) {
    const other = phraseAt(words, NOT_FREE, at);
    const length = phraseAt(words, FREE, at);
    if (other > 0) at += other - 1;
    else if (length > 0) {
      found.push({ key: '0', places: Array.from({ length }, (_, i) => at + i) });
      at += length - 1;
    }
  }
  return found;
}

function namesIn({ stems }: Clause, { names, rivals }: Value): Mention[] {
  const right = names.flatMap((cue) => occurrences(stems, cue).map((places) => ({ key: RIGHT, places })));
  const taken = new Set(right.flatMap(({ places }) => places));
  const wrong = rivals.flatMap((cue) => occurrences(stems, cue).map((places) => ({ key: cue.join(' '), places })));
  return [...right, ...wrong.filter(({ places }) => !places.some((place) => taken.has(place)))];
}

/** Letters and digits in one run, however the writer divided them. */
function referenceOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text.replace(/[^a-z0-9]/g, '')).join('');
}

function referencesIn({ tokens }: Clause, { right }: Value): Mention[] {
  const found: Mention[] = [];
  for (let at = 0; at < tokens.length; at++) {
    let text = '';
    for (let end = at; end < tokens.length && end < at + LONGEST_REFERENCE; end++) {
      text += referenceOf(tokens.slice(end, end + 1));
      const isRight = right.has(text);
      if (!isRight && !isSuchReference(text, right)) continue;
      found.push({ key: text, places: Array.from({ length: end - at + 1 }, (_, i) => at + i) });
      at = end;
      break;
    }
  }
  return found;
}

/** Whether a text has the form of a right reference, letter for letter and digit for digit. */
function isSuchReference(text: string, right: ReadonlySet<string>): boolean {
  const form = (reference: string): string => reference.replace(/\d/g, '0').replace(/[a-z]/g, 'x');
  const letters = (reference: string): string => reference.replace(/\d/g, '');
  return [...right].some((one) => /\d/.test(text) && form(one) === form(text) && letters(one) === letters(text));
}
