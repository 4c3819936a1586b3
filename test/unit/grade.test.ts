/** The trajectory graders: the rewards that they read, how they judge them, how they round. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeV1, isV1Grader, V1_GRADERS, type V1Grader } from '../../src/sim/v1/grade.ts';
import { GRADER_TASKS, grade } from '../reference/graders.ts';
import { assertProperty } from '../support/property.ts';
import { list } from '../support/worlds.ts';

const graders = fc.constantFrom(...GRADER_TASKS);
const reward = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2000, max: 14_000 }).map((n) => n / 10_000) },
  { weight: 2, arbitrary: fc.double({ min: -1, max: 2, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0.05, 0.2, 0.5, 0.8, 0.95, 1, 0, -0) },
  { weight: 1, arbitrary: fc.integer({ min: -40, max: 80 }).map((n) => n / 32) },
);
const rubbish = fc.oneof(
  fc.constantFrom(Number.NaN, Infinity, -Infinity, null, undefined, true, '0.5', 1e308, -1e308),
  fc.anything(),
);

function expectAgreement(grader: V1Grader, trajectory: unknown): void {
  expect(gradeV1(grader, trajectory)).toBe(grade(grader, trajectory));
}

describe('a grade', () => {
  test('of random rewards is the one that the reference gives', () => {
    const property = fc.property(graders, fc.array(reward, { maxLength: 60, size: 'max' }), (grader, rewards) => {
      expectAgreement(grader, { rewards });
    });
    assertProperty(property, { runs: 2000 });
  });

  test('of rewards that are mostly good, where the bonuses begin, is the one that the reference gives', () => {
    const good = fc.constantFrom(0.5, 0.79, 0.8, 0.9, 0.95, 1);
    const property = fc.property(graders, fc.array(good, { minLength: 1, maxLength: 20 }), (grader, rewards) => {
      expectAgreement(grader, { rewards });
    });
    assertProperty(property, { runs: 1000 });
  });

  test('of anything at all is the one that the reference gives, and from 0.01 to 0.99', () => {
    const trajectories = fc.oneof(
      fc.record(
        {
          rewards: fc.oneof(fc.array(fc.oneof(reward, rubbish), { maxLength: 8 }), rubbish),
          score: fc.oneof(reward, rubbish),
          reward: fc.oneof(reward, rubbish, fc.record({ total: fc.oneof(reward, rubbish) })),
        },
        { requiredKeys: [] },
      ),
      rubbish,
    );
    const property = fc.property(graders, trajectories, (grader, trajectory) => {
      expectAgreement(grader, trajectory);
      const value = gradeV1(grader, trajectory);
      expect(value >= 0.01 && value <= 0.99).toBe(true);
    });
    assertProperty(property, { runs: 2000 });
  });
});

describe('the rewards of a trajectory', () => {
  test.each([
    ['are its list', { rewards: [0.6], score: 0.7, reward: 0.8 }, 0.6],
    ['are its score where the list is empty', { rewards: [], score: 0.7, reward: 0.8 }, 0.7],
    ['are its score if it has no list', { score: 0.7, reward: { total: 0.65 } }, 0.7],
    ['are the total of its reward if it has no score', { score: null, reward: { total: 0.65 } }, 0.65],
    ['are its reward where that is a number', { reward: 0.75 }, 0.75],
    ['are the finite numbers of its list', { rewards: [Number.NaN, 0.6, '0.9', null, Infinity, true, 0.7] }, 0.65],
  ])('%s', (_what, trajectory, mean) => {
    expect(gradeV1('phase2_core', trajectory)).toBe(mean);
  });

  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a number', 0.9],
    ['a list', [0.9, 0.9]],
    ['nothing in it', {}],
    ['an empty list and nothing else', { rewards: [] }],
    ['a list without a finite number, whatever else there is', { rewards: [Number.NaN], score: 0.9 }],
    ['a score that is not a number, whatever the reward', { score: 'high', reward: 0.9 }],
    ['a sum that overflows', { rewards: [1e308, 1e308] }],
  ])('%s: 0.5', (_what, trajectory) => {
    expect(GRADER_TASKS.map((grader) => gradeV1(grader, trajectory))).toEqual([0.5, 0.5, 0.5]);
  });
});

describe('the judgement of a step', () => {
  // Six rewards of 0.6 take no penalty and earn no bonus; the seventh is judged.
  const judged = (grader: V1Grader, seventh: number): number => {
    const rewards = [...list(6, () => 0.6), seventh];
    const mean = rewards.reduce((sum, value) => sum + value) / 7;
    return Math.abs(Math.round((mean - gradeV1(grader, { rewards })) * 1000) / 1000);
  };

  test.each([
    ['an unsafe miss up to 0.05', 0.05, 'miss'],
    ['a bad call right above it', 0.0501, 'bad'],
    ['a bad call up to 0.2', 0.2, 'bad'],
  ] as const)('%s', (_what, seventh, kind) => {
    for (const grader of GRADER_TASKS) expect(judged(grader, seventh)).toBe(V1_GRADERS[grader][kind]);
  });

  test.each([
    ['weak right above 0.2', 0.2001, 0.015],
    ['weak below 0.5', 0.4999, 0.015],
    ['workable from 0.5', 0.5, 0],
    ['strong from 0.8, which alone earns nothing', 0.8, 0],
    ['expert from 0.95, which alone earns nothing', 0.95, 0],
  ])('%s', (_what, seventh, penalty) => {
    for (const grader of GRADER_TASKS) expect(judged(grader, seventh)).toBe(penalty);
  });

  test('costs no more than 0.35, 0.15 and 0.06 by kind, however often it is made', () => {
    const many = (value: number): number =>
      gradeV1('phase2_core', { rewards: [...list(50, () => value), ...list(50, () => 2 - value)] });
    expect(many(0)).toBe(0.65);
    expect(many(0.2)).toBe(0.85);
    expect(many(0.4)).toBe(0.94);
  });

  test('earns a bonus from a share of 0.8 strong or better, and another from 0.6 expert', () => {
    const of = (expert: number, strong: number, workable: number): number => {
      const rewards = [...list(expert, () => 0.95), ...list(strong, () => 0.8), ...list(workable, () => 0.5)];
      const mean = rewards.reduce((sum, value) => sum + value) / rewards.length;
      return Math.round((gradeV1('dinner_disaster', { rewards }) - mean) * 1000) / 1000;
    };
    expect(of(0, 8, 2)).toBe(0.02);
    expect(of(0, 7, 3)).toBe(0);
    expect(of(6, 1, 3)).toBe(0.04);
    expect(of(6, 2, 2)).toBe(0.06);
    expect(of(5, 3, 2)).toBe(0.02);
  });
});

describe('rounding', () => {
  test.each([
    [0.53125, 0.5312],
    [0.59375, 0.5938],
    [0.65625, 0.6562],
    [0.71875, 0.7188],
    [0.78125, 0.7812],
    [0.55555, 0.5555],
    [0.55565, 0.5556],
    [0.62345, 0.6234],
    [0.62355, 0.6236],
    [0.61234999999, 0.6123],
  ])('a grade of %f is written %f: to even where it lies exactly between, else to the nearer', (score, rounded) => {
    expect(gradeV1('phase2_core', { score })).toBe(rounded);
    expect(grade('phase2_core', { score })).toBe(rounded);
  });

  test('keeps to the limits', () => {
    expect(gradeV1('phase2_core', { score: -7 })).toBe(0.01);
    expect(gradeV1('phase2_core', { score: 1e300 })).toBe(0.99);
  });
});

test('the names of the graders are known, and nothing else is', () => {
  expect(Object.keys(V1_GRADERS)).toEqual(GRADER_TASKS);
  expect([...GRADER_TASKS, 'vip_meltdown', '', 'toString', '__proto__'].filter(isV1Grader)).toEqual(GRADER_TASKS);
});
