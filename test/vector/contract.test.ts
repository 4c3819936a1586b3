/** The results of reset and step: the same for both backends, and the same as those of episodes played by hand. */
import { describe, expect, test } from 'vitest';
import { type Action, type Batch, BREAKDOWN_FIELDS, type EnvSpec, REWARD_MODES } from '../../src/index.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import {
  BACKENDS,
  HandEpisode,
  type HandStep,
  LADDER,
  lineOf,
  SMALL_DRIFT,
  scripted,
  smallScenario,
  vectorFactory,
} from './support.ts';

/** Compares row `i` of a batch with a step that was played by hand. */
function expectSameStep(batch: Batch, i: number, hand: HandStep): void {
  const { env_id, task_id, rules, reward_mode, seed, episode, ...metadata } = batch.info(i);
  expect(batch.reward[i]).toBe(hand.reward);
  expect(batch.breakdownOf(i)).toStrictEqual(hand.breakdown);
  expect(metadata).toStrictEqual(hand.metadata);
  expect(batch.briefing(i)).toBe(hand.briefing);
  expect(batch.stepOk[i]).toBe(Number(hand.metadata.step_ok));
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('reset returns the first observation of every environment, without reward, flags or breakdown', async () => {
    const vector = await create({ workers });
    const batch = await vector.reset();
    expect(batch.size).toBe(3);
    expect([...batch.reward]).toEqual([0, 0, 0]);
    expect([...batch.terminated, ...batch.truncated]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...batch.stepOk]).toEqual([1, 1, 1]);
    for (const field of BREAKDOWN_FIELDS) expect([...batch.breakdown[field]], field).toEqual([0, 0, 0]);
    LADDER.forEach((task, i) => {
      const hand = HandEpisode.ofTask(task);
      const { env_id, task_id, rules, reward_mode, seed, episode, ...metadata } = batch.info(i);
      expect({ env_id, task_id, rules, reward_mode, episode }).toEqual({
        env_id: i,
        task_id: task,
        rules: 'v1',
        reward_mode: 'full',
        episode: 0,
      });
      expect(Number.isSafeInteger(seed)).toBe(true);
      expect(metadata).toStrictEqual(hand.metadata());
      expect(metadata).not.toHaveProperty('reward_breakdown');
      expect(batch.briefing(i)).toBe(hand.briefing());
      expect(batch.final(i)).toBeUndefined();
    });
  });

  test('the certified ladder is dealt out in turn where no tasks are named', async () => {
    const vector = await create({ workers, numEnvs: 7 });
    const batch = await vector.reset();
    expect(vector.numEnvs).toBe(7);
    expect(vector.envIds).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(batch.envIds.map((_, i) => batch.info(i).task_id)).toEqual([...LADDER, ...LADDER, LADDER[0]]);
  });

  test('named tasks are dealt out in turn', async () => {
    const vector = await create({ workers, numEnvs: 5, tasks: ['drift_drill', 'vip_meltdown'] });
    const batch = await vector.reset();
    const tasks = batch.envIds.map((_, i) => batch.info(i).task_id);
    expect(tasks).toEqual(['drift_drill', 'vip_meltdown', 'drift_drill', 'vip_meltdown', 'drift_drill']);
  });

  test('step plays action i in environment i and returns the rows in that order', async () => {
    const vector = await create({ workers, numEnvs: 5, tasks: ['phase2_core'] });
    await vector.reset();
    const ids = ['e01', 'e02', 'e03', 'e04', 'e05'];
    const batch = await vector.step(ids.map((email_id) => ({ action_type: 'archive_email', email_id })));
    expect(batch.envIds).toEqual([0, 1, 2, 3, 4]);
    ids.forEach((id, i) => {
      expect(batch.info(i)).toMatchObject({ env_id: i, episode_step: 1 });
      expect(batch.info(i).step_detail).toContain(`[${id}]`);
      expect(batch.briefing(i)).toContain(`archived [${id}]`);
    });
  });

  test.each(REWARD_MODES)('every step equals the step of an episode played by hand (reward mode %s)', async (mode) => {
    const tasks = [...LADDER, 'vip_meltdown', 'drift_drill'];
    const vector = await create({ workers, tasks, rewardMode: mode, autoreset: 'disabled' });
    await vector.reset();
    const hands = tasks.map((task) => HandEpisode.ofTask(task, mode));
    let ended = 0;
    for (let turn = 0; turn < 22; turn++) {
      const actions = tasks.map((task, env) => scripted(task, env, turn));
      const batch = await vector.step(actions);
      hands.forEach((hand, i) => {
        const step = hand.step(actions[i]);
        expectSameStep(batch, i, step);
        expect(batch.terminated[i]).toBe(0);
        expect(batch.truncated[i]).toBe(Number(!step.metadata.episode_active));
        ended += Number(!step.metadata.episode_active);
      });
    }
    // Every day was played to its end and a little further: 22 turns over limits of 8, 14, 20, 16 and 12 steps.
    expect(ended).toBe(15 + 9 + 3 + 7 + 11);
  });

  test('each environment plays its own spec: scenario, drift, reward mode, task name', async () => {
    const scenario = smallScenario();
    const calm = smallScenario({ stress: 0 });
    const { scenario: shipped, drift } = loadTask('drift_drill');
    const envs: EnvSpec[] = [
      { scenario, drift: SMALL_DRIFT, task: 'small' },
      { scenario },
      { task: 'drift_drill', drift: null },
      { task: 'drift_drill', rewardMode: 'base' },
      { task: 'phase2_core', drift: SMALL_DRIFT },
      // The following specs share a name and a document with the first one.
      { scenario, task: 'small' },
      { scenario: calm, drift: SMALL_DRIFT, task: 'small' },
    ];
    const vector = await create({ workers, envs });
    const first = await vector.reset();
    expect(first.envIds.map((_, i) => first.info(i).task_id)).toEqual([
      'small',
      'inline',
      'drift_drill',
      'drift_drill',
      'phase2_core',
      'small',
      'small',
    ]);
    expect(first.info(3).reward_mode).toBe('base');
    const hands = [
      HandEpisode.ofDocuments(scenario, SMALL_DRIFT),
      HandEpisode.ofDocuments(scenario),
      HandEpisode.ofDocuments(shipped),
      HandEpisode.ofDocuments(shipped, drift, 'base'),
      HandEpisode.ofDocuments(loadTask('phase2_core').scenario, SMALL_DRIFT),
      HandEpisode.ofDocuments(scenario),
      HandEpisode.ofDocuments(calm, SMALL_DRIFT),
    ];
    const reply: Action = { action_type: 'reply_email', email_id: 'e1', message_body: 'Yes.' };
    for (let turn = 0; turn < 4; turn++) {
      const actions = envs.map((_, env) => (env < 2 || env > 4 ? reply : scripted('drift_drill', env, turn)));
      const batch = await vector.step(actions);
      hands.forEach((hand, i) => {
        expectSameStep(batch, i, hand.step(actions[i]));
      });
      // The drift distinguishes the first episode from the second from step 2 on.
      if (turn > 0) expect(batch.reward[0]).not.toBe(batch.reward[1]);
    }
  });

  test('environments that share a scenario do not share an episode', async () => {
    const scenario = smallScenario();
    const vector = await create({ workers, envs: Array.from({ length: 4 }, () => ({ scenario })) });
    await vector.reset();
    const idle: Action = { action_type: 'do_nothing' };
    const alone = await vector.step([{ action_type: 'archive_email', email_id: 'e1' }, idle, idle, idle]);
    expect(alone.envIds.map((_, i) => alone.info(i).unread_email_count)).toEqual([1, 2, 2, 2]);
  });

  test('the seed of an episode is given by its environment or derived from the root seed', async () => {
    const seeds = async (seed: number): Promise<number[]> => {
      const vector = await create({ workers, seed, envs: [{ task: 'phase2_core', seed: 77 }, {}, {}].map(withTask) });
      const batch = await vector.reset();
      return batch.envIds.map((_, i) => batch.info(i).seed);
    };
    const [first, again, other] = [await seeds(5), await seeds(5), await seeds(6)];
    expect(first).toEqual(again);
    expect(first[0]).toBe(77);
    expect(other[0]).toBe(77);
    expect(new Set([...first, ...other]).size).toBe(5);
  });

  test('a batch of a whole vector is read row by row or all at once', async () => {
    const vector = await create({ workers, numEnvs: 4 });
    await vector.reset();
    const batch = await vector.step([{}, 'no', {}, 'no']);
    expect(batch.briefings()).toEqual([0, 1, 2, 3].map((i) => batch.briefing(i)));
    expect([...batch.stepOk]).toEqual([1, 0, 1, 0]);
    for (let i = 0; i < 4; i++) expect(batch.breakdownOf(i)).toMatchObject(batch.info(i).reward_breakdown ?? {});
    expect(new Set([0, 1, 2, 3].map((i) => lineOf(batch, i))).size).toBe(4);
  });
});

function withTask(spec: EnvSpec): EnvSpec {
  return { task: 'phase2_core', ...spec };
}
