/** JSON is scanned before it is parsed: a text that would take seconds is refused. */
import { describe, expect, test } from 'vitest';
import { MAX_KEYS, parseBoundedJson } from '../../src/lib/json.ts';

const keys = (count: number, prefix = 'key'): string =>
  Array.from({ length: count }, (_, i) => `"${prefix}${i}":0`).join(',');

describe('refused', () => {
  test.each([
    ['an object of too many keys', `{${keys(2 * MAX_KEYS)}}`, 'different keys'],
    [
      'as many keys in many objects',
      `[${Array.from({ length: 200 }, (_, i) => `{${keys(1_000, `k${i}_`)}}`)}]`,
      'different keys',
    ],
    ['keys with space before their colon', `{${keys(2 * MAX_KEYS).replaceAll('":', '" \n:')}}`, 'different keys'],
    ['too many lists', `[${'[],'.repeat(1_000_000)}0]`, 'objects and lists'],
    ['too many objects', `[${'{},'.repeat(1_000_000)}0]`, 'objects and lists'],
    ['lists that are too deep', '['.repeat(1_000_000) + ']'.repeat(1_000_000), 'objects and lists'],
    ['what never ends', `{"a":${'[{"b":'.repeat(1_000_000)}`, 'objects and lists'],
  ])('%s', (_name, text, why) => {
    expect(() => parseBoundedJson(text)).toThrow(
      expect.objectContaining({ code: 'COSTLY_JSON', message: expect.stringContaining(why) }),
    );
  });
});

describe('read', () => {
  test.each([
    [
      'the smallest action, for as many environments as there can be',
      Array(1_000_000).fill({ action_type: 'do_nothing' }),
    ],
    ['texts full of what looks like structure', Array(100_000).fill('{"a":[[[[[[[[[[[[[[{{{{{{{{{{{ \\" \\\\')],
    ['many different texts that are not keys', Array.from({ length: 300_000 }, (_, i) => `text ${i}`)],
    ['as many values as plain numbers', Array(1_000_000).fill(0)],
  ])('%s', (_name, value) => {
    expect(parseBoundedJson(JSON.stringify(value))).toEqual(value);
  });
});
