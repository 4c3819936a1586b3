/** The times and the white space that Python 3.13 accepts, and how rules v1 use them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parsePythonTime, rewritePythonTime } from '../../src/lib/python-time.ts';
import { pythonStrip } from '../../src/lib/text.ts';
import { formatTime } from '../../src/lib/time.ts';
import { stateProblem } from '../../src/sim/rules.ts';
import { fitsStartText, readStartText, START_TEXT, writeStartText } from '../../src/world/start-text.ts';
import { SimulatorEpisode } from '../support/episode.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { meet, office } from '../support/v2-worlds.ts';
import { contact, email, meeting, NINE, scenario } from '../support/worlds.ts';

/**
 * A text and the result of `datetime.fromisoformat` of CPython 3.13.0: the instant and its distance from UTC in microseconds (a
 * text without an offset is UTC), or null if it raises a ValueError.
 */
type Case = [text: string, utc: number, offset: number] | [text: string, refused: null];

const cases = JSON.parse(readFileSync(new URL('python-times.json', import.meta.url), 'utf8')) as Case[];
const accepted = cases.flatMap(([text, utc, offset]) => (utc === null ? [] : [{ text, utc, offset }]));
const refused = cases.flatMap(([text, utc]) => (utc === null ? [text] : []));

function moved(
  text: string,
  drift: unknown = null,
): { ok: unknown; start: string | undefined; play: SimulatorEpisode } {
  const world = scenario({ meetings: [meeting('m1', NINE, { duration_minutes: 1 })] });
  const play = new SimulatorEpisode(world, drift, 'full');
  const { step_ok } = play.step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: text });
  return { ok: step_ok, start: play.world().meetings[0]?.start, play };
}

describe('what Python takes for a time', () => {
  test('is there in numbers, both accepted and refused', () => {
    expect([accepted.length, refused.length]).toEqual([201, 150]);
  });

  test('means the same here, and nothing else is a time', () => {
    expect(accepted.map(({ text }) => ({ text, ...parsePythonTime(text) }))).toEqual(accepted);
    expect(refused.filter((text) => parsePythonTime(text) !== undefined)).toEqual([]);
  });

  test('means the same when it is written again', () => {
    const again = accepted.map(({ text }) => rewritePythonTime(text));
    expect(again.map((text, i) => ({ text: accepted[i]?.text, ...parsePythonTime(text) }))).toEqual(accepted);
    expect(Math.max(...again.map((text) => text.length))).toBe(42);
  });

  test.each([
    ['0001-W01-1', '0001-01-01T00:00:00'],
    ['9999-W52-5T235959.9999999', '9999-12-31T23:59:59'],
    ['99991231T235959+000000.5', '9999-12-31T23:59:59'],
    ['00010101T000000-000001', '0001-01-01T00:00:01'],
  ])('in far years too: %s', (text, written) => {
    expect(formatTime(parsePythonTime(text)?.utc ?? Number.NaN)).toBe(written);
  });

  test.each(['00010101T000000+000001', '99991231T235959-000001', '9999-W52-6'])(
    'but not outside the years 1 to 9999: %s',
    (text) => {
      expect(parsePythonTime(text)).toBeUndefined();
    },
  );
});

describe('under rules v1 a meeting', () => {
  test('is moved to every one of them, and its start is shown as it was given', () => {
    for (const { text, utc } of accepted) {
      const { ok, start, play } = moved(text);
      const { c, s } = play.episode;
      expect([ok, s.meetingStart[0], text]).toEqual([true, utc, text]);
      expect(start).toBe(fitsStartText(text) ? text.toWellFormed() : rewritePythonTime(text));
      expect(stateProblem(c, s.region), text).toBeUndefined();
      expect(play.episode.note).toMatch(/^moved \[m1\] [^\p{Cc}]+$/u);
    }
  });

  test('stays where it is for any other text', () => {
    for (const text of refused) expect([moved(text), text]).toMatchObject([{ ok: false, start: NINE }, text]);
  });

  test('is shifted by its digits, whatever its offset', () => {
    const drift = { events: [{ after_step: 2, shift_all_meetings_hours: 1 }] };
    for (const text of ['20260622T090015+0530', '2026-W26-1T09:00:15.25+05:30:15.123456']) {
      const { play } = moved(text, drift);
      play.step({ action_type: 'do_nothing' });
      expect(play.world().meetings[0]?.start).toBe('2026-06-22T10:00:15');
    }
  });
});

describe('the text of a start', () => {
  const longest = '2026-W26-1\u{1f550}09:00:00,123456+05:30:15,123456';

  test('is kept as it was given, the longest too that has six digits of a second', () => {
    const bytes = new Uint8Array(START_TEXT + 2).fill(99);
    const fitting = [...accepted.map(({ text }) => text.toWellFormed()).filter(fitsStartText), longest];
    expect(fitting.length).toBeGreaterThan(accepted.length - 10);
    for (const text of fitting) {
      writeStartText(bytes, 1, text);
      expect(readStartText(bytes, 1)).toBe(text);
    }
    expect([bytes[0], bytes[START_TEXT + 1]]).toEqual([99, 99]);
    expect(moved(longest).start).toBe(longest);
  });

  test('that is too long is shown without the digits that mean nothing', () => {
    const time = `2026-06-22T09:00:00.123456${'7'.repeat(100_000)}+05:30`;
    expect(moved(time)).toMatchObject({ ok: true, start: '2026-06-22T09:00:00.123456+05:30:00.000000' });
  });

  test('is empty if the bytes are not from a state', () => {
    const texts = [33, 64, 129, 255].map((length) =>
      readStartText(new Uint8Array(START_TEXT).fill(0x30).fill(length, 0, 1), 0),
    );
    expect(texts).toEqual(['', '', '', '']);
    // The beginning of a character that takes five half bytes, and half of a surrogate pair.
    expect(readStartText(Uint8Array.of(66, 0xf0), 0)).toBe('');
    expect(readStartText(Uint8Array.of(69, 0xfd, 0x80, 0x00), 0)).toBe('');
  });
});

describe('rules v2', () => {
  const world = office({ meetings: [meet('m1', '15:00')] });

  test('take the documented forms only', () => {
    for (const new_time of ['2026-W26-1', '20260622T090000', '2026-06-22T10', '2026-06-22t10:00']) {
      const { metadata } = new OfficeDay(world).step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time });
      expect([metadata.step_ok, metadata.step_error]).toEqual([false, expect.stringContaining('cannot be read')]);
    }
  });

  test('have no state with another', () => {
    const day = new OfficeDay(world);
    day.step({ action_type: 'do_nothing' });
    const { c, s } = day.episode;
    const start = s.meetingStart[0] ?? 0;
    s.moveMeeting(0, start, formatTime(start));
    const before = stateProblem(c, s.region);
    s.moveMeeting(0, start, formatTime(start).replace('T', 't'));
    expect(before ?? '').not.toContain('text');
    expect(stateProblem(c, s.region)).toContain('a meeting does not start when its text says');
  });
});

describe('white space', () => {
  const spaces = [...'\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000'];
  const others = [...'\x00\x1b\x7f\u180e\u200b\u2060\ufeff'];

  test('is the white space of Python', () => {
    expect(spaces.filter((one) => pythonStrip(`${one}a${one}`) !== 'a')).toEqual([]);
    expect(others.filter((one) => pythonStrip(`${one}a${one}`) === 'a')).toEqual([]);
    expect(pythonStrip(` ${spaces.join('')} `)).toBe('');
    expect(pythonStrip('\x85a b\x1c')).toBe('a b');
  });

  test('under rules v1 it makes no message, and names are found without it', () => {
    const world = scenario({ contacts: [contact('Ana')], emails: [email('e1', { sender: 'Ana' })] });
    const isValid = (action: object): unknown => new SimulatorEpisode(world, null, 'full').step(action).step_ok;
    for (const [list, is] of [
      [spaces, true],
      [others, false],
    ] as const) {
      for (const one of list) {
        const message_body = one;
        expect(isValid({ action_type: 'reply_email', email_id: 'e1', message_body })).toBe(!is);
        expect(isValid({ action_type: 'send_message', contact_name: 'Ana', message_body })).toBe(!is);
        expect(isValid({ action_type: 'send_message', contact_name: `${one}Ana${one}`, message_body: 'a' })).toBe(is);
      }
    }
  });
});
