/** Words and phrases of a cue, found in a text in whatever form the writer gave them. */

import { FUNCTION_WORDS, type Lexicon } from './language.ts';

/** A word without the endings of English inflection: "corrected", "correcting" and "corrects" are `correct`. */
export function stemOf(word: string): string {
  if (word.length < 4 || word === 'note' || FUNCTION_WORDS.has(word) || /[^a-z]/.test(word)) return word;
  let stem = word;
  if (stem.endsWith('ies')) stem = `${stem.slice(0, -3)}y`;
  else if (/(?:ss|us|is)$/.test(stem)) return stem;
  else if (/(?:[sxz]|ch|sh)es$/.test(stem)) stem = stem.slice(0, -2);
  else if (stem.endsWith('s')) stem = stem.slice(0, -1);
  else if (stem.endsWith('ing') && /[aeiouy]/.test(stem.slice(0, -3))) stem = undoubled(stem.slice(0, -3));
  else if (/^[^aeiou][aeiou][^aeiouwxy]ed$/.test(stem)) stem = stem.slice(0, -1);
  else if (stem.endsWith('ed') && /[aeiouy]/.test(stem.slice(0, -2))) stem = undoubled(stem.slice(0, -2));
  else if (stem.endsWith('ly') && stem.length > 5) stem = stem.slice(0, -2);
  return stem.length > 3 && stem !== 'note' && stem.endsWith('e') ? stem.slice(0, -1) : stem;
}

function undoubled(stem: string): string {
  return /([bdgklmnprt])\1$/.test(stem) && stem.length > 3 ? stem.slice(0, -1) : stem;
}

/** Letters below which a word must be written right, and from which it may have two slips. */
const EXACT_BELOW = 5;
const TWO_SLIPS_FROM = 9;

/** Whether `word` is `cue`, or a slip of the pen away from it: letters left out, added, changed or exchanged. */
export function isLike(word: string, cue: string): boolean {
  if (word === cue) return true;
  if (word.charCodeAt(0) !== cue.charCodeAt(0)) return false;
  const slips = cue.length < EXACT_BELOW ? 0 : cue.length < TWO_SLIPS_FROM ? 1 : 2;
  if (slips === 0 || Math.abs(word.length - cue.length) > slips || /\d/.test(word)) return false;
  return slipsBetween(word, cue, slips);
}

function slipsBetween(word: string, cue: string, left: number): boolean {
  let at = 0;
  while (at < word.length && word[at] === cue[at]) at++;
  const [a, b] = [word.slice(at), cue.slice(at)];
  if (a === '' || b === '') return a.length + b.length <= left;
  if (left === 0) return false;
  if (a[0] === b[1] && a[1] === b[0] && slipsBetween(a.slice(2), b.slice(2), left - 1)) return true;
  return (
    slipsBetween(a.slice(1), b.slice(1), left - 1) ||
    slipsBetween(a.slice(1), b, left - 1) ||
    slipsBetween(a, b.slice(1), left - 1)
  );
}

/** Words that may stand between two words of a cue. */
const MOST_BETWEEN = 7;

/** A phrase that is looked for: its words, stemmed. */
export type Cue = readonly string[];

/**
 * The places where a cue occurs: its words in order, close together, in any inflection.
 * @param stems The stems of one clause.
 * @returns The indexes of the words of each occurrence.
 */
export function occurrences(stems: readonly string[], cue: Cue): number[][] {
  const [first, ...rest] = cue;
  const found: number[][] = [];
  if (first === undefined) return found;
  for (let at = 0; at < stems.length; at++) {
    if (!isLike(stems[at] ?? '', first)) continue;
    const places = [at];
    for (const word of rest) {
      let next = (places.at(-1) ?? at) + 1;
      const end = Math.min(stems.length, next + MOST_BETWEEN);
      while (next < end && !isLike(stems[next] ?? '', word)) next++;
      if (next === end) break;
      places.push(next);
    }
    if (places.length === cue.length) found.push(places);
  }
  return found;
}

/** The index at which one of the phrases of a lexicon stands in `words` literally, or -1. */
export function findPhrase(words: readonly string[], lexicon: Lexicon): number {
  return words.findIndex((_, at) => phraseAt(words, lexicon, at) > 0);
}

/** The number of words of the longest phrase of a lexicon that stands at an index; 0 if none does. */
export function phraseAt(words: readonly string[], lexicon: Lexicon, at: number): number {
  let most = 0;
  for (const phrase of lexicon.get(words[at]) ?? []) {
    if (phrase.length > most && phrase.every((word, i) => words[at + i] === word)) most = phrase.length;
  }
  return most;
}
