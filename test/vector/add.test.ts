/** Environments are added to a vector, and any of them can be removed. */
import { describe, expect, test } from 'vitest';
import type { Action, EnvSpec } from '../../src/index.ts';
import { BACKENDS, errorOf, smallScenario, vectorFactory } from './support.ts';

const IDLE: Action = { action_type: 'do_nothing' };
const make = vectorFactory();
const NEW: EnvSpec = { task: 'new', scenario: smallScenario({ max_episode_steps: 3 }) };

describe.each(BACKENDS)('$backend', ({ workers }) => {
  test('an added environment plays like one that was there from the beginning, also with a new scenario', async () => {
    const vector = await make({ tasks: ['phase2_core'], numEnvs: 4, workers, autoreset: 'disabled' });
    await vector.reset({ seed: 3 });
    await vector.step([IDLE, IDLE, IDLE, IDLE]);
    const ids = await vector.add([{ task: 'phase2_core' }, NEW, NEW]);
    expect(ids).toEqual([4, 5, 6]);
    expect(vector.numEnvs).toBe(7);
    expect((await errorOf(() => vector.step([IDLE], [4]))).name).toBe('ResetNeededError');
    const first = await vector.reset({ ids: [...ids], seeds: [3, 9, 9] });
    const hand = await make({ envs: [{ task: 'phase2_core' }, NEW, NEW], autoreset: 'disabled' });
    const expected = await hand.reset({ seeds: [3, 9, 9] });
    expect(first.briefings()).toEqual(expected.briefings());
    const step = await vector.step(vector.envIds.map(() => IDLE));
    const handStep = await hand.step([IDLE, IDLE, IDLE]);
    expect(step.envIds).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(step.briefings().slice(4)).toEqual(handStep.briefings());
    expect([...step.reward.slice(4)]).toEqual([...handStep.reward]);
  });

  test('a removed environment is gone, the others play on, and its room is free again if it was added', async () => {
    const vector = await make({ tasks: ['phase2_core'], numEnvs: 4, workers, maxForks: 2, autoreset: 'disabled' });
    await vector.reset({ seed: 3 });
    const ids = await vector.add([NEW, NEW]);
    expect((await errorOf(() => vector.add([NEW]))).name).toBe('CapacityError');
    await vector.release([1, ...ids]);
    expect(vector.envIds).toEqual([0, 2, 3]);
    expect((await errorOf(() => vector.step([IDLE], [1]))).name).toBe('UnknownEnvError');
    const batch = await vector.step([IDLE, IDLE, IDLE]);
    expect(batch.envIds).toEqual([0, 2, 3]);
    expect(await vector.add([NEW])).toEqual([4]);
    const again = await vector.reset({ ids: [4], seed: 1 });
    expect([again.spec(0).task, again.episode(0), again.seed(0) > 0]).toEqual(['new', 0, true]);
  });

  test('environments come and go for a thousand episodes', async () => {
    const vector = await make({ tasks: ['phase2_core'], numEnvs: 1, workers, maxForks: 8, autoreset: 'disabled' });
    await vector.reset();
    for (let round = 0; round < 125; round++) {
      const ids = await vector.add(Array.from({ length: 8 }, () => NEW));
      const opening = await vector.reset({ ids: [...ids], seed: round });
      expect(new Set(opening.briefings()).size).toBe(1);
      await vector.step(
        ids.map(() => IDLE),
        ids,
      );
      await vector.release(ids);
    }
    expect(vector.envIds).toEqual([0]);
  });
});

test('a list that names nothing to add is refused, with the value', async () => {
  const vector = await make({ numEnvs: 1, tasks: ['phase2_core'] });
  expect((await errorOf(() => vector.add([]))).message).toContain('envs to add');
  expect((await errorOf(() => vector.add([{ task: 'nowhere' }]))).message).toContain('nowhere');
  expect(vector.numEnvs).toBe(1);
});
