/** An environment writes only to its own slot of the columns. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CUT_MARK } from '../../src/sim/observation/briefing.ts';
import { briefingOf } from '../../src/sim/observation/observe.ts';
import { RULES, type Rules } from '../../src/sim/rules.ts';
import { BREAKDOWN_WIDTH, Columns } from '../../src/vector/columns.ts';
import { SerialEngine } from '../../src/vector/engine.ts';
import { resolveOptions } from '../../src/vector/options.ts';
import type { EnvSpec } from '../../src/vector/spec.ts';
import { AUTORESETS, type Autoreset, type Spec, type Strides, stridesOf } from '../../src/vector/spec.ts';
import { readAnswer } from '../../src/vector/wire-action.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { answersFor, OVER_AT_ONCE, smallScenario } from './support.ts';

const CAPACITY = 3;
/** The environment that is played; its neighbours are 0 and 2. */
const OWN = 1;
const PATTERN = 0xa5;

function specsOf(envs: EnvSpec[], rules: Rules = 'v2'): readonly Spec[] {
  return resolveOptions({ envs, rules }).specs;
}

function painted(strides: Strides, shared = true): Columns {
  const columns = Columns.allocate(CAPACITY, strides, shared);
  const { numbers, states, texts } = columns.data;
  for (const buffer of [numbers, states, texts]) new Uint8Array(buffer).fill(PATTERN);
  columns.spec[OWN] = 0;
  return columns;
}

/** Every typed array with an entry, or several adjacent entries, for each environment. */
function numbersOf(columns: Columns): (Float64Array | Uint32Array | Uint8Array)[] {
  return Object.values(columns).filter((column) => ArrayBuffer.isView(column)) as (Float64Array | Uint8Array)[];
}

/** A copy of all memory of the columns with the slots of OWN painted over. The rest must stay untouched. */
function surroundings(columns: Columns): Uint8Array[] {
  const { capacity, strides, numbers, states, texts } = columns.data;
  const copy = Columns.allocate(capacity, strides, columns.hasTexts);
  const parts = [
    [numbers, copy.data.numbers],
    [states, copy.data.states],
    [texts, copy.data.texts],
  ] as const;
  for (const [from, to] of parts) new Uint8Array(to).set(new Uint8Array(from));
  for (const column of numbersOf(copy)) {
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    const width = bytes.length / capacity;
    bytes.fill(PATTERN, OWN * width, (OWN + 1) * width);
  }
  new Uint8Array(copy.data.states).fill(PATTERN, OWN * strides.state, (OWN + 1) * strides.state);
  new Uint8Array(copy.data.texts).fill(PATTERN, OWN * strides.text, (OWN + 1) * strides.text);
  return parts.map(([, to]) => new Uint8Array(to));
}

function expectUntouched(columns: Columns, expected: readonly Uint8Array[], after: string): void {
  surroundings(columns).forEach((bytes, part) => {
    const difference = bytes.findIndex((byte, at) => byte !== expected[part]?.[at]);
    if (difference >= 0) {
      throw new Error(`after ${after}: byte ${difference} of ${['numbers', 'states', 'texts'][part]} was written`);
    }
  });
}

function bytesOf(memory: ArrayBufferLike | undefined): Buffer {
  return Buffer.from(new Uint8Array(memory ?? new ArrayBuffer(0)));
}

function orderFor(env: number, spec = 0, episode = 0) {
  return { env, spec, seedBase: 9, seed: undefined, episode };
}

/** Checks that the slot of OWN holds its texts in full. */
function expectTexts(columns: Columns, engine: SerialEngine): void {
  if (!columns.hasTexts) return;
  const episode = engine.episode(OWN);
  const { note, news } = episode;
  expect(columns.texts(OWN)).toEqual({ note, news, briefing: briefingOf(episode) });
}

/** Plays the answers in OWN, and uses all other operations of an engine in between. */
function playAmidPattern(
  specs: readonly Spec[],
  answers: readonly unknown[],
  autoreset: Autoreset,
  shared = true,
): Columns {
  const columns = painted(stridesOf(specs), shared);
  const expected = surroundings(columns);
  const engine = new SerialEngine(specs, columns, autoreset, { numEnvs: 0, groupSize: 1 });
  specs.forEach((_, spec) => {
    engine.reset([orderFor(OWN, spec, spec)]);
    expectUntouched(columns, expected, `reset to spec ${spec}`);
    expectTexts(columns, engine);
    answers.forEach((answer, turn) => {
      engine.step([OWN], [answer], readAnswer);
      expectUntouched(columns, expected, `step ${turn + 1} of spec ${spec}`);
      expectTexts(columns, engine);
    });
    engine.load([OWN], engine.save([OWN]));
    expectUntouched(columns, expected, 'save and load');
    expectTexts(columns, engine);
  });
  engine.release([OWN]);
  expectUntouched(columns, expected, 'release');
  expect(() => engine.step([OWN], [{}], readAnswer)).toThrow('no episode');
  return columns;
}

/** Notes of the maximum length: 300 code points of four bytes. */
const LONG_NAME = '\u{1f989}'.repeat(400);
const LOUD: EnvSpec = {
  task: 'loud',
  scenario: smallScenario({
    emails: [
      {
        id: LONG_NAME,
        sender: LONG_NAME,
        subject: LONG_NAME,
        body: LONG_NAME.repeat(3),
        priority: 'critical',
        sender_relationship: 'VIP',
      },
    ],
    contacts: [
      { name: LONG_NAME, relationship_type: 'client', communication_preference: 'email', importance: 5, mood: 'angry' },
    ],
    tasks: [{ id: 't1', description: LONG_NAME, deadline: '2026-06-22T08:00:00', owner: LONG_NAME }],
  }),
};

const SPECS: readonly EnvSpec[] = [
  { task: 'dinner_disaster' },
  { task: 'phase2_core' },
  { task: 'small', scenario: smallScenario() },
  LOUD,
  { task: 'empty', scenario: { simulation_time: '2026-06-22T09:00:00', max_episode_steps: 2 } },
  { task: 'over', scenario: OVER_AT_ONCE },
];

const ANSWERS = [
  ...answersFor(smallScenario()),
  { action_type: 'archive_email', email_id: LONG_NAME },
  { action_type: 'delegate_task', task_id: 't1', contact_name: LONG_NAME },
  { action_type: 'cancel_meeting', meeting_id: 'm01', reason: LONG_NAME },
  LONG_NAME,
];

test('the check itself notices a byte that is written where it should not be', () => {
  const columns = painted(stridesOf(specsOf([...SPECS])));
  const expected = surroundings(columns);
  const spots: (() => Uint8Array)[] = [
    () => new Uint8Array(columns.data.texts, 2 * columns.data.strides.text, 1),
    () => new Uint8Array(columns.data.states, columns.data.strides.state - 1, 1),
    () => columns.stepOk.subarray(2, 3),
    () => new Uint8Array(columns.breakdown.buffer, columns.breakdown.byteOffset + OWN * 8 * BREAKDOWN_WIDTH - 1, 1),
  ];
  for (const spot of spots) {
    spot().fill(1);
    expect(() => expectUntouched(columns, expected, 'the control')).toThrow('was written');
    spot().fill(PATTERN);
    expectUntouched(columns, expected, 'the control');
  }
});

describe.each(RULES)('under %s', (rules) => {
  test.each(AUTORESETS)('playing one environment leaves the slots of its neighbours alone (%s)', (autoreset) => {
    const columns = playAmidPattern(specsOf([...SPECS], rules), ANSWERS, autoreset);
    expect(columns.textLength[OWN]).toBeGreaterThan(100);
  });
});

test('any random world leaves the slots of its neighbours alone', () => {
  const play = ({ scenario, drift, mode, answers }: Plan, autoreset: Autoreset): void => {
    const specs = specsOf([{ scenario, drift, rewardMode: mode }]);
    const given = answers.map((answer) => answer.given);
    const { briefing } = playAmidPattern(specs, given, autoreset).texts(OWN);
    expect(briefing.isWellFormed()).toBe(true);
    expect(briefing).not.toContain(CUT_MARK);
  };
  assertProperty(fc.property(plans, fc.constantFrom(...AUTORESETS), play), { runs: 200 });
});

describe('live neighbours', () => {
  test('stepping, resetting and restoring one environment leaves the episodes of the others as they are', () => {
    const specs = specsOf([...SPECS]);
    const columns = Columns.allocate(CAPACITY, stridesOf(specs), true);
    const engine = new SerialEngine(specs, columns, 'next_step', { numEnvs: 0, groupSize: 1 });
    engine.reset([orderFor(0, 0), orderFor(OWN, 3), orderFor(2, 1)]);
    engine.step([0, 2], [{ action_type: 'archive_email', email_id: 'e01' }, LONG_NAME], readAnswer);
    const expected = surroundings(columns);
    ANSWERS.forEach((answer, turn) => {
      engine.step([OWN], [answer], readAnswer);
      expectUntouched(columns, expected, `step ${turn + 1}`);
      engine.load([OWN], engine.save([turn % CAPACITY]));
      expectUntouched(columns, expected, 'a load of another episode');
      if (turn % 4 === 3) engine.reset([orderFor(OWN, turn % specs.length)]);
      expectUntouched(columns, expected, 'a reset');
    });
  });

  test('a text ends where the next slot begins, even if it is too long', () => {
    const cases = [
      { briefing: 'x'.repeat(40), kept: 'x'.repeat(14) },
      { briefing: '\u{1f989}'.repeat(40), kept: '\u{1f989}'.repeat(3) },
    ];
    for (const { briefing, kept } of cases) {
      const columns = painted({ state: 8, text: 16 });
      const expected = surroundings(columns);
      columns.putTexts(OWN, { note: '', news: '', briefing });
      expectUntouched(columns, expected, 'a text that is too long');
      expect(columns.texts(OWN).briefing).toBe(kept);
    }
  });
});

test('columns of one thread have no texts, and the rest of their slots is as in a pool', () => {
  const specs = specsOf([...SPECS]);
  const [own, pooled] = [false, true].map((shared) => playAmidPattern(specs, ANSWERS, 'next_step', shared).data);
  expect(own?.texts.byteLength).toBe(0);
  expect(bytesOf(own?.states)).toEqual(bytesOf(pooled?.states));
});
