import { expect, test } from 'vitest';
import { groupAdvantages } from '../../src/records/trajectory-file.ts';

test('advantages are returns relative to the mean, in sample standard deviations plus 1e-4', () => {
  // mean 2, sample standard deviation 1
  expect(groupAdvantages([1, 2, 3])).toEqual([-1 / 1.0001, 0, 1 / 1.0001]);
});

test('a group of equal returns has advantages of zero, not of NaN', () => {
  expect(groupAdvantages([5, 5, 5, 5])).toEqual([0, 0, 0, 0]);
});

test.each([[[0.1, 0.1, 0.1]], [[-0.7, -0.7, -0.7, -0.7, -0.7, -0.7]], [[1e-300, 1e-300, 1e-300]], [[0, -0]]])(
  'equal returns have advantages of exactly zero, however their mean is rounded: %j',
  (returns) => {
    expect(groupAdvantages(returns)).toEqual(returns.map(() => 0));
    expect(groupAdvantages([...returns, null])).toEqual([...returns.map(() => 0), null]);
  },
);

test('returns that are nearly equal are not', () => {
  const [least, most] = [0.1, 0.1 + 2 ** -56];
  const [first, second] = groupAdvantages([least, most, least]);
  expect(most).toBeGreaterThan(least);
  expect(second).not.toBe(first);
});

test('failed episodes are left out', () => {
  expect(groupAdvantages([1, null, 3])).toEqual([-1 / (Math.SQRT2 + 1e-4), null, 1 / (Math.SQRT2 + 1e-4)]);
});

test('with fewer than two complete episodes, all advantages are null', () => {
  expect(groupAdvantages([7])).toEqual([null]);
  expect(groupAdvantages([7, null])).toEqual([null, null]);
  expect(groupAdvantages([null, null])).toEqual([null, null]);
});
