/** The choices of reset: the number of the episode, its seed and its task. */
import { describe, expect, test } from 'vitest';
import { type Batch, deriveSeed, type EnvSpec } from '../../src/index.ts';
import { BACKENDS, lineOf, smallScenario, vectorFactory } from './support.ts';

const ONE_STEP: EnvSpec = { task: 'one', scenario: smallScenario({ max_episode_steps: 1 }) };

function episodes(batch: Batch): number[] {
  return batch.envIds.map((_, i) => batch.info(i).episode);
}

function seeds(batch: Batch): number[] {
  return batch.envIds.map((_, i) => batch.info(i).seed);
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('every reset begins the next episode, with the seed derived from root seed, environment and number', async () => {
    const vector = await create({ workers, numEnvs: 3, seed: 41 });
    for (let episode = 0; episode < 3; episode++) {
      const batch = await vector.reset();
      expect(episodes(batch)).toEqual([episode, episode, episode]);
      expect(seeds(batch)).toEqual([0, 1, 2].map((env) => deriveSeed(41, env, episode)));
    }
    expect(episodes(await vector.reset({ ids: [1] }))).toEqual([3]);
    expect(episodes(await vector.reset())).toEqual([3, 4, 3]);
  });

  test.each([
    ['next_step', 2],
    ['same_step', 1],
  ] as const)('autoreset counts and seeds like reset does (%s)', async (autoreset, steps) => {
    const vector = await create({ workers, envs: [ONE_STEP, ONE_STEP], seed: 41, autoreset });
    await vector.reset();
    for (let episode = 1; episode <= 3; episode++) {
      let batch = await vector.step([{}, {}]);
      if (steps === 2) batch = await vector.step([{}, {}]);
      expect(episodes(batch)).toEqual([episode, episode]);
      expect(seeds(batch)).toEqual([0, 1].map((env) => deriveSeed(41, env, episode)));
    }
    expect(episodes(await vector.reset())).toEqual([4, 4]);
  });

  test('a new root seed restarts the count of episodes, like a new vector with that seed', async () => {
    const vector = await create({ workers, numEnvs: 3, seed: 1 });
    await vector.reset();
    const batch = await vector.reset({ seed: 99 });
    expect(episodes(batch)).toEqual([0, 0, 0]);
    expect(seeds(batch)).toEqual([0, 1, 2].map((env) => deriveSeed(99, env, 0)));
    expect(seeds(await vector.reset())).toEqual([0, 1, 2].map((env) => deriveSeed(99, env, 1)));
    const other = await create({ workers: 0, numEnvs: 3, seed: 99 });
    expect(seeds(await other.reset())).toEqual(seeds(await vector.reset({ seed: 99 })));
  });

  test('exact seeds are those of the episodes; null leaves one derived', async () => {
    const vector = await create({ workers, numEnvs: 3, seed: 1 });
    const batch = await vector.reset({ seeds: [7, null, 0] });
    expect(seeds(batch)).toEqual([7, deriveSeed(1, 1, 0), 0]);
    expect(episodes(batch)).toEqual([0, 0, 0]);
    const next = await vector.reset();
    expect(seeds(next)).toEqual([deriveSeed(7, 0, 1), deriveSeed(1, 1, 1), deriveSeed(0, 2, 1)]);
    const mixed = await vector.reset({ ids: [2, 0], seeds: [null, Number.MAX_SAFE_INTEGER], seed: 5 });
    expect(seeds(mixed)).toEqual([deriveSeed(5, 2, 0), Number.MAX_SAFE_INTEGER]);
  });

  test('the same seed gives the same first observation', async () => {
    const vector = await create({ workers, numEnvs: 2, tasks: ['phase2_core'] });
    await vector.reset({ seeds: [12, 12] });
    const first = await vector.reset({ seeds: [12, 13] });
    const lines = [0, 1].map((i) => lineOf(first, i));
    const second = await vector.reset({ seeds: [12, 13] });
    expect([0, 1].map((i) => lineOf(second, i))).toEqual(lines);
  });

  test('a seed of an env spec is that of the first episode only, unless reset says otherwise', async () => {
    const envs = [{ task: 'phase2_core', seed: 500 }, { task: 'phase2_core' }];
    const vector = await create({ workers, envs, seed: 1 });
    expect(seeds(await vector.reset())).toEqual([500, deriveSeed(1, 1, 0)]);
    expect(seeds(await vector.reset())).toEqual([deriveSeed(1, 0, 1), deriveSeed(1, 1, 1)]);
    const other = await create({ workers: 0, envs, seed: 1 });
    expect(seeds(await other.reset({ seed: 2 }))).toEqual([deriveSeed(2, 0, 0), deriveSeed(2, 1, 0)]);
  });

  test('task and tasks change what is played from then on, autoreset included', async () => {
    const vector = await create({ workers, numEnvs: 4, autoreset: 'same_step' });
    const tasksOf = (batch: Batch): string[] => batch.envIds.map((_, i) => batch.info(i).task_id);
    expect(tasksOf(await vector.reset({ task: 'phase2_core' }))).toEqual(
      Array.from({ length: 4 }, () => 'phase2_core'),
    );
    const batch = await vector.reset({ ids: [3, 1], tasks: ['monday_morning', null] });
    expect(tasksOf(batch)).toEqual(['monday_morning', 'phase2_core']);
    expect(batch.briefing(0)).toContain('step 0 of 14');
    let last = batch;
    for (let turn = 0; turn < 14; turn++) last = await vector.step([{}, {}, {}, {}]);
    expect(tasksOf(last)).toEqual(['phase2_core', 'phase2_core', 'phase2_core', 'monday_morning']);
    expect(last.info(3)).toMatchObject({ episode: 2, episode_step: 0, max_episode_steps: 14 });
    expect(last.final(3)?.info.max_episode_steps).toBe(14);
    expect(tasksOf(await vector.reset({ ids: [3] }))).toEqual(['monday_morning']);
  });

  test('a change of task keeps the reward mode of the environment where it can', async () => {
    const envs: EnvSpec[] = [
      { task: 'phase2_core', rewardMode: 'base' },
      { task: 'drift_drill', rewardMode: 'full' },
      { task: 'drift_drill', rewardMode: 'base' },
    ];
    const vector = await create({ workers, envs });
    const batch = await vector.reset({ task: 'drift_drill' });
    expect(batch.envIds.map((_, i) => batch.info(i).reward_mode)).toEqual(['base', 'full', 'base']);
  });

  test('reset of some environments returns them in the order of their ids list, seeds and tasks alike', async () => {
    const vector = await create({ workers, numEnvs: 3 });
    const batch = await vector.reset({ ids: [2, 0], seeds: [20, 10], tasks: ['phase2_core', 'dinner_disaster'] });
    expect(batch.envIds).toEqual([2, 0]);
    expect(seeds(batch)).toEqual([20, 10]);
    expect([batch.info(0).task_id, batch.info(1).task_id]).toEqual(['phase2_core', 'dinner_disaster']);
  });
});
