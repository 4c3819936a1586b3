/** Links to an episode: src/web/playground/link.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireEpisode } from '../../src/server/web/api.ts';
import { pack, readLink, unpack, writeLink } from '../../src/web/playground/link.ts';

const EPISODE: WireEpisode = { task_id: 'phase2_core', rules: 'v2', reward_mode: 'full', seed: 7 };
const ACTIONS = [
  { action_type: 'archive_email', email_id: 'e05' },
  'raw & <b>#"text"</b>\n\u{1f5c2}',
  { a: [1, null] },
];

describe('a link', () => {
  test('holds task, ruleset, reward mode, seed and actions', async () => {
    const linked = await readLink(`#${await writeLink(EPISODE, ACTIONS, 3)}`);
    expect(linked).toEqual({ episode: EPISODE, actions: ACTIONS, at: undefined, damage: undefined });
  });

  test('holds the current step, unless it is the last', async () => {
    expect((await readLink(await writeLink(EPISODE, ACTIONS, 1)))?.at).toBe(1);
  });

  test.each([false, 'none', 'dinner_disaster', { events: [] }])('holds the drift %j', async (drift) => {
    const linked = await readLink(await writeLink({ ...EPISODE, drift }, [], 0));
    expect(linked?.episode.drift).toEqual(drift === false ? 'none' : drift);
  });

  test('holds a scenario document', async () => {
    const scenario = { simulation_time: '2026-01-01', emails: [{ subject: '<script>alert(1)</script>' }] };
    expect((await readLink(await writeLink({ ...EPISODE, scenario }, [], 0)))?.episode.scenario).toEqual(scenario);
  });

  test('is short: twenty answers of two hundred letters fit into two thousand characters', async () => {
    const words = 'I am sorry about this; the figure for September is 1.31 million and the clinic is Marsh End. ';
    const actions = Array.from({ length: 20 }, (_, at) => ({
      action_type: 'reply_email',
      email_id: `e${at}`,
      message_body: words.repeat(2),
    }));
    expect((await writeLink(EPISODE, actions, 20)).length).toBeLessThan(2_000);
  });

  test('is undefined for an empty fragment', async () => {
    expect(await readLink('')).toBeUndefined();
    expect(await readLink('#main')).toBeUndefined();
  });

  test.each([
    ['#task=a&seed=minus', 'its seed'],
    ['#task=a&seed=99999999999999999999', 'its seed'],
    ['#task=a&rules=v9', 'its ruleset'],
    ['#task=a&reward=all', 'its reward mode'],
    ['#task=a&play=%00', 'its actions'],
    ['#task=a&play=bm8', 'its actions'],
  ])('names its damaged part: %s', async (fragment, part) => {
    const linked = await readLink(fragment);
    expect(linked?.damage).toContain(part);
    expect(linked?.episode.task_id).toBe('a');
    expect(linked?.actions).toEqual([]);
  });

  test('that was cut anywhere is read or reported as damaged, and never throws', async () => {
    const whole = await writeLink(EPISODE, ACTIONS, 1);
    for (let length = 0; length < whole.length; length++) {
      const linked = await readLink(whole.slice(0, length));
      expect(linked === undefined || Array.isArray(linked.actions)).toBe(true);
    }
  });
});

describe('packing', () => {
  test('restores every JSON value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = await pack(value);
        expect(text).toMatch(/^[\w-]*$/);
        expect(JSON.stringify(await unpack(text))).toBe(JSON.stringify(value));
      }),
      { numRuns: 60 },
    );
  });

  test('does not unpack a short text into a huge one', async () => {
    await expect(unpack(await pack('x'.repeat(9_000_000)))).rejects.toThrow('too long');
  });
});
