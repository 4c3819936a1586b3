/** Values in any spelling. */
import { describe, expect, test } from 'vitest';
import { readReply } from '../../src/sim/v2/judge/reply.ts';
import { compileValue, mentionsIn } from '../../src/sim/v2/judge/values.ts';
import type { ValueType } from '../../src/world/asks.ts';

function findsRight(type: ValueType, is: string, text: string): boolean {
  const value = compileValue(type, [is], []);
  return readReply(text).clauses.some((clause) => mentionsIn(clause, value).some(({ key }) => value.right.has(key)));
}

const SPELLINGS: readonly [ValueType, string, readonly string[], readonly string[]][] = [
  [
    'money',
    '625,400',
    [
      '625,400',
      '625400',
      '625.4k',
      '625 400',
      'six hundred and twenty-five thousand four hundred',
      '£625,400.00',
      '0.6254 million',
    ],
    ['625,500', '652,400', '625.4', '62,540'],
  ],
  [
    'money',
    '0',
    ['It is free.', 'nothing at all', 'at our expense', 'on the house', 'no charge', 'you will not pay for it'],
    ['feel free to go', 'free from 13:00'],
  ],
  ['count', '310', ['310', 'three hundred and ten'], ['301', '3,100']],
  [
    'count',
    '80',
    ['80', 'eighty', 'nei tuoi negozi sono ottanta', 'in Ihren Laden sind es achtzig und das ist alles'],
    ['18', '800'],
  ],
  [
    'time',
    '12:30',
    ['12:30', '12.30pm', 'half past twelve', 'half twelve', '12h30', 'um halb eins ist das vorbei und ich bin da'],
    ['12:00', '1:30'],
  ],
  ['time', '21:15', ['21:15', '9:15 pm', 'a quarter past nine', '21.15'], ['20:15', '9:50']],
  [
    'time',
    '18:40',
    ['twenty to seven', 'at twenty to seven', '6.40 pm'],
    ['twenty past seven', 'from twenty to seven'],
  ],
  ['time', '18:10', ['ten past six', 'it ends at ten past six'], ['ten to six']],
  ['time', '11:25', ['twenty-five past eleven'], ['twenty-five to eleven']],
  ['time', '07:00', ['7am', '07:00', 'at seven', "seven o'clock"], ['08:00']],
  ['day', 'Tuesday', ['Tuesday', 'tues', 'by tuesday night'], ['Monday', 'tomorrow']],
  [
    'day',
    '9 November',
    ['9 November', 'Nov 9', '9th of November', 'the ninth of November', '2026-11-09'],
    ['19 November', '9 October'],
  ],
  ['reference', 'SK-3117', ['SK-3117', 'sk3117', 'SK 3117', 'S, K, three, one, one, seven'], ['SK-3171']],
  ['reference', 'K4', ['K4', 'K-4', 'k 4'], ['K3']],
  ['name', 'Marsh End', ['Marsh End', 'marsh end', 'Marsch End'], ['March', 'the end']],
];

describe.each(SPELLINGS)('%s %s', (type, is, right, wrong) => {
  test.each(right)('is %s', (text) => expect(findsRight(type, is, text)).toBe(true));
  test.each(wrong)('is not %s', (text) => expect(findsRight(type, is, text)).toBe(false));
});
