/**
 * The tone of a text under rules v1, paragraph 4. The first list with an entry that is a substring of the text decides ("they"
 * is casual).
 */
export type Tone = 'apologetic' | 'formal' | 'casual' | 'assertive' | 'neutral';

const LISTS: readonly (readonly [Tone, readonly string[]])[] = [
  ['apologetic', ['sorry', 'apologize', 'apologies', 'my mistake']],
  ['formal', ['dear ', 'sincerely', 'best regards', 'respectfully', 'cordially']],
  ['casual', ['hey', 'lol', 'haha', '\u{1f44b}', 'no worries', 'cheers']],
  ['assertive', ['must', 'immediately', 'asap', 'non-negotiable', 'demand']],
];

/** The tone of a text. */
export function toneOf(text: string): Tone {
  const lower = text.toLowerCase();
  return LISTS.find(([, words]) => words.some((word) => lower.includes(word)))?.[0] ?? 'neutral';
}
