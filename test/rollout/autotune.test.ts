/** The settings that autotune tries, and the setting it proposes. Speed is not tested. */
import { describe, expect, test } from 'vitest';
import { propose, settingsUpTo, type Trial } from '../../src/analysis/autotune.ts';
import { autotune, ValidationError } from '../../src/index.ts';

const trial = (workers: number, numEnvs: number, stepsPerSecond: number): Trial => ({
  workers,
  numEnvs,
  stepsPerSecond,
  deviation: 0.01,
  memoryBytes: 1e6,
});

describe('the proposal', () => {
  test.each<[string, Trial[], [number, number]]>([
    ['the fastest, if no other comes close', [trial(0, 16, 50), trial(1, 64, 94), trial(2, 256, 100)], [2, 256]],
    ['fewer workers within 5 %', [trial(0, 16, 50), trial(1, 1_024, 95), trial(2, 64, 100)], [1, 1_024]],
    ['fewer environments among equal workers', [trial(2, 1_024, 100), trial(2, 64, 96), trial(2, 256, 99)], [2, 64]],
    ['workers before environments', [trial(1, 16, 100), trial(0, 4_096, 100)], [0, 4_096]],
    ['the only one', [trial(3, 16, 1)], [3, 16]],
  ])('is %s', (_what, trials, [workers, numEnvs]) => {
    expect(propose(trials)).toMatchObject({ workers, numEnvs });
  });

  test('without tolerance is the fastest', () => {
    expect(propose([trial(0, 16, 99.9), trial(2, 64, 100)], 0)).toMatchObject({ workers: 2 });
  });

  test('does not reorder the given trials, and needs at least one', () => {
    const trials = [trial(2, 64, 100), trial(0, 16, 100)];
    propose(trials);
    expect(trials.map(({ workers }) => workers)).toEqual([2, 0]);
    expect(() => propose([])).toThrow(RangeError);
  });
});

describe('the settings', () => {
  const asText = (maxWorkers: number, maxEnvs: number): string =>
    settingsUpTo(maxWorkers, maxEnvs)
      .map(({ workers, numEnvs }) => `${workers}x${numEnvs}`)
      .join(' ');

  test('are powers of two for workers, and of four for environments', () => {
    expect(asText(2, 300)).toBe('0x16 0x64 0x256 1x16 1x64 1x256 2x16 2x64 2x256');
  });

  test('always include the maximum number of workers', () => {
    expect(asText(6, 16)).toBe('0x16 1x16 2x16 4x16 6x16');
  });

  test('have no more workers than environments, and at least one setting for every limit', () => {
    expect(asText(0, 63)).toBe('0x16');
    expect(asText(8, 3)).toBe('0x3 1x3 2x3');
    expect(asText(64, 16)).not.toContain('32x');
  });
});

describe('autotune', () => {
  test('measures every setting and proposes one of them', async () => {
    const progress: [number, number][] = [];
    const tuning = await autotune({
      task: 'dinner_disaster',
      rules: 'v1',
      seconds: 0.02,
      maxWorkers: 1,
      maxEnvs: 64,
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(tuning).toMatchObject({ task: 'dinner_disaster', rules: 'v1', seconds: 0.02 });
    expect(tuning.trials.map(({ workers, numEnvs }) => ({ workers, numEnvs }))).toEqual(settingsUpTo(1, 64));
    for (const { stepsPerSecond, deviation, memoryBytes } of tuning.trials) {
      expect(stepsPerSecond).toBeGreaterThan(0);
      expect(stepsPerSecond).toBeLessThan(Number.POSITIVE_INFINITY);
      expect(deviation).toBeGreaterThanOrEqual(0);
      expect(memoryBytes).toBeGreaterThanOrEqual(0);
    }
    expect(tuning.best.stepsPerSecond).toBe(Math.max(...tuning.trials.map((one) => one.stepsPerSecond)));
    expect(tuning.proposed).toBe(propose(tuning.trials));
    expect(progress.at(-1)).toEqual([24, 24]);
    expect(progress.map(([done]) => done)).toEqual(progress.map((_, i) => i + 1));
  });

  test.each([
    [{ seconds: 0 }, /seconds/],
    [{ maxWorkers: 1.5 }, /maxWorkers.*1\.5/],
    [{ maxEnvs: 0 }, /maxEnvs/],
    [{ rules: 'v9' as 'v1' }, /rules.*v9/],
    [{ envs: 3 } as object, /envs/],
  ])('refuses %j', async (options, message) => {
    const attempt = autotune(options);
    await expect(attempt).rejects.toThrow(ValidationError);
    await expect(attempt).rejects.toThrow(message);
  });

  test('refuses an unknown task', async () => {
    await expect(autotune({ task: 'no_such_day' })).rejects.toMatchObject({ code: 'UNKNOWN_TASK' });
  });
});
