/** The system prompt states every rule that binds a policy, with the figures of the constants, on one page. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as constants from '../../src/sim/v2/constants.ts';
import { type Flaw, MAX_WORDS } from '../../src/sim/v2/judge/flaws.ts';
import { PROMPT_SHA256, promptHashOf, systemPrompt } from '../../src/sim/v2/prompt.ts';
import { ASK_ANSWERED, ASK_CORRECTED, ASK_LATE, CORRECTED, type HANDS, LATE } from '../../src/world/day.ts';
import { ACTION_TYPES, type Action, actionSchema, CHANNELS, EFFORTS } from '../../src/world/schema.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { aide, job, mail, meet, office } from '../support/v2-worlds.ts';

const PROMPT = systemPrompt();
const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;

test('the prompt is at most 2,500 characters, and its hash is that of its text', () => {
  expect([...PROMPT].length).toBeLessThanOrEqual(2_500);
  expect(PROMPT_SHA256).toBe(createHash('sha256').update(PROMPT, 'utf8').digest('hex'));
  expect([promptHashOf('v1'), promptHashOf('v2')]).toEqual([null, PROMPT_SHA256]);
});

/** A line of the prompt that shows an action: the action, and what the line says about it. */
const SHOWN = PROMPT.split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => {
    const end = line.lastIndexOf('}') + 1;
    return { action: actionSchema.parse(JSON.parse(line.slice(0, end))), words: line.slice(end).trim() };
  });

describe('the actions', () => {
  test('are all there, each with all its fields', () => {
    expect(SHOWN.map(({ action }) => action.action_type).sort()).toEqual([...ACTION_TYPES].sort());
    for (const [field, { description = '' }] of Object.entries(actionSchema.shape)) {
      // `email_id` is "reply_email, archive_email: the id of the email"; `message` and `metadata` change nothing.
      const [types = ''] = description.split(':');
      const having = SHOWN.flatMap(({ action }) => (field in action ? [action.action_type] : []));
      if (field === 'action_type') expect(having).toHaveLength(ACTION_TYPES.length);
      else if (field === 'message' || field === 'metadata') expect(having).toEqual([]);
      else expect(having.sort(), field).toEqual(types.split(', ').sort());
    }
  });

  /** Plays an action of the prompt on a day that has the things that it names. Returns the minutes that it takes. */
  function minutesOf(action: Action, effort: (typeof EFFORTS)[number] = 'low'): number {
    const clock = '2026-09-15T09:00:00';
    const day = new OfficeDay(
      office({
        simulation_time: clock,
        day_end: '2026-09-15T17:00:00',
        emails: [mail('e01')],
        meetings: [meet('m01', '10:00', { start: '2026-09-15T15:00:00' })],
        contacts: [aide('...')],
        tasks: [job('t01', '16:00', { deadline: '2026-09-15T16:00:00', effort })],
      }),
    );
    day.step(action);
    expect(day.ok, day.note).toBe(true);
    return day.episode.s.clock / MINUTE - Date.parse(`${clock}Z`) / 60_000;
  }

  test.each(SHOWN)('can be played as shown, and $action.action_type takes the time stated', ({ action, words }) => {
    if (action.channel !== undefined) {
      const { channel: _, ...bare } = action;
      const [line = ''] = /^Both take .*$/m.exec(PROMPT) ?? [];
      for (const channel of CHANNELS) {
        const stated = Number(new RegExp(`(\\d+)(?: min)? by ${channel}`).exec(line)?.[1]);
        expect(minutesOf({ ...action, channel }), channel).toBe(stated);
      }
      // The example shows the default.
      expect(minutesOf(bare)).toBe(minutesOf(action));
      const whose = action.action_type === 'reply_email' ? "a reply's" : "a message's";
      expect(line).toContain(`by ${action.channel} (${whose}`);
    } else if (action.action_type === 'complete_task') {
      expect(words.match(/\d+/g)?.map(Number)).toEqual(EFFORTS.map((effort) => minutesOf(action, effort)));
    } else {
      expect(words).toBe(`${minutesOf(action)} min`);
    }
  });
});

/** What the prompt says in figures, and the constants that it says it of. */
const FIGURES: readonly (readonly [names: string, pattern: RegExp, figures: readonly number[]])[] = [
  [
    'WRITING',
    /take (\d+) min by email .*, (\d+) by text .*, (\d+) by call/,
    CHANNELS.map((channel) => constants.WRITING[channel] / MINUTE),
  ],
  ['WORK', /yourself: (\d+), (\d+) or (\d+) min/, EFFORTS.map((effort) => constants.WORK[effort] / MINUTE)],
  ['MINUTES', /fails takes (\d+) min/, [constants.MINUTES.invalid / MINUTE]],
  [
    'DUE_AFTER',
    /critical mail within (\d+) h, high (\d+) h, other today/,
    [Number(constants.DUE_AFTER.critical) / HOUR, Number(constants.DUE_AFTER.high) / HOUR],
  ],
  ['LATE_TOLERANCE', /Up to (\d+) min late costs little, more is missed/, [constants.LATE_TOLERANCE / MINUTE]],
  ['NOTICE', /(\d+) min or more before its old and new start/, [constants.NOTICE / MINUTE]],
  ['DELEGATE_PACE', /until it is done, which takes ([\d.]+) times as long/, [constants.DELEGATE_PACE]],
  ['MAX_WORDS', /At most (\d+) words/, [MAX_WORDS]],
];

test.each(FIGURES)('%s in the prompt is that of the rules', (_names, pattern, figures) => {
  expect(pattern.exec(PROMPT)?.slice(1).map(Number)).toEqual(figures);
});

/** Rules that the prompt states in words; the worth of what they say is in the constants. */
const WORDS: readonly (readonly [names: string, pattern: RegExp])[] = [
  ['INVALID_STEP', /An action that fails .* costs a little/],
  ['IDLE_STEP', /as does one that helps nothing/],
  ['ASK_VALUE STATUS_VALUE', /Late counts half; what is open is missed/],
  ['CHOICE_VALUE', /a correction earns half, that of a yes or no nothing/],
  ['MEETING_MISSED MEETING_LATE', /late costs little, more is missed/],
  ['MEETING_SPOILED', /Never move what "must not be moved". Cancel only what "may be cancelled"/],
  ['MEETING_NEEDLESS', /Cancel only what "may be cancelled" and clashes, with a reason/],
  ['MEETING_HASTY MEETING_MOVED', /Move a meeting once at most/],
  ['MEETING_DECLINED', /to a free time, travel included, when all its people work/],
  ['EMAIL_BURIED', /Do not archive mail that needs one/],
  ['EMAIL_FOBBED_OFF', /One wrong statement spoils the whole text and costs/],
  ['RUDE_SHIFT', /Insults hurt/],
  ['UNASKED_MASK', /needless messages annoy/],
  ['TOLD_DAMAGE', /Never tell a person what they must not learn, even to deny it/],
  ['DAY_LENGTH', /The day ends at its hour, at the last step, or when nothing is owed or still to come/],
  ['LOAD_LIMIT RESPONSE_MINUTES', /who has room, .* Others hand it back/],
];

test.each(WORDS)('%s is stated in words', (_names, pattern) => {
  expect(PROMPT).toMatch(pattern);
});

test('"half" and "nothing" are what the constants say', () => {
  const { ASK_VALUE, CHOICE_VALUE, STATUS_VALUE } = constants;
  for (const values of [ASK_VALUE, CHOICE_VALUE]) expect(values[ASK_LATE]).toBe(Number(values[ASK_ANSWERED]) / 2);
  expect(STATUS_VALUE[LATE]).toBe(0.5);
  expect([ASK_VALUE[ASK_CORRECTED], STATUS_VALUE[CORRECTED]]).toEqual([0.5, 0.5]);
  expect(CHOICE_VALUE[ASK_CORRECTED]).toBe(0);
});

/** Constants that only say how much something is worth, or that a briefing shows. */
const AMOUNTS = [
  ...['CHANNEL_WEIGHTS', 'PRIORITY_WEIGHT', 'EFFORT_WEIGHT', 'STATUS_PRESSURE', 'SCALE', 'CALM', 'STRESS'],
  ...['MEETING_DAMAGE', 'PRIORITY_DAMAGE', 'HASTY_DAMAGE', 'DECLINED_DAMAGE', 'BURIED_DAMAGE', 'FOBBED_OFF_DAMAGE'],
  ...['RUDE_DAMAGE', 'UNASKED_DAMAGE', 'COUNT_LIMIT', 'COLLATERAL_LIMIT', 'REWARD_RANGE', 'INACTIVE_REWARD'],
];

test('every constant of the rules is in the prompt, unless it is only an amount', () => {
  const stated = [...FIGURES, ...WORDS].flatMap(([names]) => names.split(' '));
  expect([...stated, ...AMOUNTS].sort()).toEqual(['MAX_WORDS', ...Object.keys(constants)].sort());
});

/** A new flaw of the judge, or a new reason to hand back a task, does not compile here until the prompt has it. */
const FLAWS: Readonly<Record<Flaw['kind'], RegExp>> = {
  insult: /Insults hurt/,
  noise: /in sentences/,
  echo: /Do not repeat the mail/,
  length: /At most 200 words/,
  grader: /address a grader/,
};
const REFUSALS: Readonly<Record<Exclude<(typeof HANDS)[number], 'nothing' | 'works'>, RegExp>> = {
  'lacks the skill': /who owns it or has its skill/,
  'has no room': /who has room/,
  'is off work': /who works until it is done/,
};

test.each(Object.entries({ ...FLAWS, ...REFUSALS }))('it says what to do about: %s', (_what, pattern) => {
  expect(PROMPT).toMatch(pattern);
});
