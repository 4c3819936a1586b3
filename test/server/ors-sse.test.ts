/** Server-sent events of ORS. */
import { describe, expect, test } from 'vitest';
import { jsonEvents, textOf } from '../../src/server/ors/play.ts';
import { eventsIn } from './support-ors.ts';

/** Longer than the line that Python clients accept. */
const LIMIT = 131_072;

/** The JSON that a client reads: it strips each data line on the left. */
function readBack(json: string): { names: string[]; value: unknown; lines: string[] } {
  const text = textOf(jsonEvents(json));
  const events = eventsIn(text);
  const value = JSON.parse(events.map(([, data]) => data.trimStart()).join(''));
  return { names: events.map(([name]) => name), value, lines: text.split('\n') };
}

describe('the events of a JSON text', () => {
  test('are one `end` if the text fits on a line', () => {
    const value = { text: `a${' b'.repeat(40_000)}` };
    expect(readBack(JSON.stringify(value))).toMatchObject({ names: ['end'], value });
  });

  test.each([
    ['Latin letters', 'abc'],
    ['white space', ' '],
    ['wide white space', '\u3000'],
    ['characters of three bytes', '会議'],
    ['characters of two UTF-16 units', '🙂'],
  ])('are chunks and an `end` for %s beyond a line', (_what, part) => {
    const value = { text: part.repeat(150_000 / part.length) };
    const { names, value: read, lines } = readBack(JSON.stringify(value));
    expect(read).toEqual(value);
    expect(names.at(-1)).toBe('end');
    if (part.trim() === '') return;
    expect(names.slice(0, -1).every((name) => name === 'chunk')).toBe(true);
    expect(names.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(LIMIT);
  });

  test('hold no character that a client may take for the end of a line', () => {
    const value = { text: 'a\u2028b\u2029c\u0085d\ne\rf' };
    const { lines, value: read } = readBack(JSON.stringify(value));
    expect(read).toEqual(value);
    expect(lines.join('')).not.toMatch(/[\u0085\u2028\u2029\r]/);
  });
});

test('an event never has two lines of data', () => {
  expect(textOf([['error', 'one\r\ntwo\nthree']])).toBe('event: error\ndata: one two three\n\n');
});
