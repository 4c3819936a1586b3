/** How a reply is read: clauses, what they leave open, and what their negators cover. */
import { describe, expect, test } from 'vitest';
import { isNegated, readReply } from '../../src/sim/v2/judge/reply.ts';

function opennessOf(text: string): (string | undefined)[] {
  return readReply(text).clauses.map(({ open }) => open);
}

function negatedWords(text: string): string[] {
  return readReply(text).clauses.flatMap((clause) => clause.words.filter((_, at) => isNegated(clause, [at])));
}

describe('clauses', () => {
  test.each([
    ['Red, blue; green - grey: black and white.', ['red', 'blue', 'green', 'grey black', 'and white']],
    ['- House: the Glasshouse\n- Wine: there', ['house the glasshouse', 'wine there']],
    ['It is 1,310,000. See you at 10.30 a.m. in town.', ['it is 1310000', 'see you at 10:30 in town']],
    ['S, K, three, one', ['s k 3 1']],
  ])('%s', (text, expected) => {
    expect(readReply(text).clauses.map(({ words }) => words.join(' '))).toEqual(expected);
  });
});

describe('what a clause leaves open', () => {
  test.each([
    ['Is it 310?', ['a question']],
    ["It's free, all right?", [undefined, 'a question']],
    ['If it turns out that it is 310, then it is 310.', ['a condition', 'a condition']],
    ['It is 310, if you ask me.', [undefined, undefined]],
    ['You have my go if the review is fine.', ['a condition']],
    ['If anyone asks, it is no rumour: it was 41.', ['a condition', 'a condition', undefined]],
    ['Perhaps 310.', ['doubt']],
    ['Somebody seems to have told you 310. That is only talk.', ['doubt', 'hearsay']],
    ['It is 310. That is not true.', ['taken back', undefined]],
    ['The 310 are corridor gossip.', ['hearsay']],
    ['You were told about 300; it is 310.', ['hearsay', undefined]],
    ['I cannot say whether it is 310.', ['a condition']],
  ])('%s', (text, expected) => {
    expect(opennessOf(text)).toEqual(expected);
  });
});

describe('what a negator covers', () => {
  test.each([
    ['It is not 310.', ['it', 'is', '310']],
    ['Not Monday, Tuesday.', ['monday']],
    ['Tuesday instead of Monday.', ['of', 'monday']],
    ['Not only the dogs.', []],
    ['I have nothing against it.', ['against', 'it']],
    ["It isn't nothing.", ['it', 'nothing']],
    ['No roughly this time: 310.', ['roughly', 'this', 'time']],
    ['No problem at all.', []],
  ])('%s', (text, expected) => {
    expect(negatedWords(text)).toEqual(expected);
  });
});
