/** The tone of a text: the first list with a word of the text decides. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toneOf } from '../../src/sim/v1/reward.ts';
import { relationshipTone } from '../reference/reward.ts';
import { assertProperty } from '../support/property.ts';

const WORDS = {
  apologetic: ['sorry', 'apologize', 'apologies', 'my mistake'],
  formal: ['dear ', 'sincerely', 'best regards', 'respectfully', 'cordially'],
  casual: ['hey', 'lol', 'haha', '\u{1f44b}', 'no worries', 'cheers'],
  assertive: ['must', 'immediately', 'asap', 'non-negotiable', 'demand'],
};
const TONES = ['apologetic', 'formal', 'casual', 'assertive'] as const;
const cases = TONES.flatMap((tone) => WORDS[tone].map((word) => [word, tone] as const));

describe('a text with one of the words', () => {
  test.each(cases)('%j is %s, in any case and inside other words', (word, tone) => {
    for (const text of [word, word.toUpperCase(), `xx${word}xx`, `Ok.\n${word}\nOk.`]) expect(toneOf(text)).toBe(tone);
  });

  test.each([
    ['They were here', 'casual'],
    ['Philology', 'casual'],
    ['The committee mustered', 'assertive'],
    ['dearest Ana', 'neutral'],
    ['my  mistake', 'neutral'],
    ['regards', 'neutral'],
    ['non negotiable', 'neutral'],
    ['\u{1f44b}\u{1f3fd}', 'casual'],
    ['\u{1f44c}', 'neutral'],
    ['', 'neutral'],
  ])('%j is %s', (text, tone) => {
    expect(toneOf(text)).toBe(tone);
  });
});

test('of two words, the one of the earlier list decides, wherever they stand', () => {
  const order = TONES.length;
  for (let early = 0; early < order; early++) {
    for (let late = early + 1; late < order; late++) {
      const [first, second] = [TONES[early], TONES[late]];
      if (first === undefined || second === undefined) continue;
      for (const one of WORDS[first]) {
        for (const other of WORDS[second]) {
          expect(toneOf(`${one} ${other}`)).toBe(first);
          expect(toneOf(`${other} ${one}`)).toBe(first);
        }
      }
    }
  }
});

test('a random text has the tone that the reference finds', () => {
  const pieces = fc.oneof(fc.constantFrom(...cases.map(([word]) => word)), fc.string({ unit: 'binary', maxLength: 4 }));
  const property = fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
    const text = parts.join('');
    expect(toneOf(text)).toBe(relationshipTone(text));
  });
  assertProperty(property, { runs: 1000 });
});
