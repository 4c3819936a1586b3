/** Times of day that take several words: "half twelve", "viertel nach neun", "las seis y media". */
import type { Token } from '../normalise.ts';

/** What the words around an hour make of it: minutes after the full hour, or before it if negative. */
const AFTER: Readonly<Record<string, number>> = {
  'y media': 30,
  'e mezza': 30,
  'e mezzo': 30,
  'heures et demie': 30,
  'y cuarto': 15,
  'e un quarto': 15,
  'menos cuarto': -15,
  'meno un quarto': -15,
};
const BEFORE: Readonly<Record<string, number>> = {
  half: 30,
  halb: -30,
  'viertel nach': 15,
  'viertel vor': -15,
  dreiviertel: -15,
};

/** The tokens, with each such time as one. Numbers in words have been read before. */
export function joinHours(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) continue;
    const before = phraseIn(BEFORE, tokens, at) ?? minutesAt(tokens, at);
    const after = hourOf(token) === undefined ? undefined : phraseIn(AFTER, tokens, at + 1);
    const hour = hourOf(before === undefined ? token : tokens[at + before.length]);
    const found = before ?? after;
    if (found === undefined || hour === undefined) {
      out.push(token);
      continue;
    }
    const minutes = hour * 60 + found.minutes;
    out.push({ text: clockText(Math.floor(minutes / 60) || 12, minutes % 60), kind: 'clock', gap: token.gap });
    at += found.length;
  }
  return out;
}

const MINUTES: ReadonlySet<string> = new Set(['5', '10', '20', '25']);
const BEFORE_TIME: ReadonlySet<string> = new Set('at by for about around until till is'.split(' '));

/** "Ten past", and "twenty to" where a time is likely: "from ten to twelve" is a span. */
function minutesAt(tokens: readonly Token[], at: number) {
  const { text: minute = '', kind } = tokens[at] ?? {};
  const text = minute.replace('@', '');
  const word = tokens[at + 1]?.text;
  if (!MINUTES.has(text) || (word !== 'past' && word !== 'to')) return undefined;
  if (word === 'past') return { minutes: Number(text), length: 2 };
  const before = tokens[at - 1]?.text;
  const isTime = (kind === 'spelled' || minute !== text) && (before === undefined || BEFORE_TIME.has(before));
  return isTime ? { minutes: -Number(text), length: 2 } : undefined;
}

/** Below ten, the hour has one digit: morning or evening is open. */
function clockText(hour: number, minute: number): string {
  return `${hour}:${String(minute).padStart(2, '0')}`;
}

const FIRST_WORDS = new Set([...Object.keys(AFTER), ...Object.keys(BEFORE)].map((phrase) => phrase.split(' ')[0]));

function phraseIn(table: Readonly<Record<string, number>>, tokens: readonly Token[], at: number) {
  if (!FIRST_WORDS.has(tokens[at]?.text)) return undefined;
  for (const length of [1, 2, 3]) {
    const words = tokens.slice(at, at + length).map(({ text }) => text);
    const minutes = table[words.join(' ')];
    if (minutes !== undefined) return { minutes, length };
  }
  return undefined;
}

function hourOf(token: Token | undefined): number | undefined {
  const hour = Number(token?.text.replace('@', ''));
  const isNumber = token?.kind === 'spelled' || token?.kind === 'number';
  return isNumber && hour >= 1 && hour <= 12 ? hour : undefined;
}
