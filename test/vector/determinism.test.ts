/** Equal seeds and actions give equal bytes, whatever the number of workers, environments or batches. */
import { describe, expect, test } from 'vitest';
import { type Batch, type EnvSpec, type PolicyAnswer, VectorEnv, type VectorOptions } from '../../src/index.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { lineOf, OVER_AT_ONCE, SMALL_DRIFT, scripted, sha256, smallScenario, vectorFactory } from './support.ts';

const TASKS = ['phase2_core', 'monday_morning', 'dinner_disaster', 'vip_meltdown', 'drift_drill'];
const ENVS: readonly EnvSpec[] = [
  ...TASKS.map((task) => ({ task })),
  { task: 'vip_meltdown', rewardMode: 'base' },
  { task: 'phase2_core', scenario: smallScenario(), drift: SMALL_DRIFT, seed: 12 },
  { task: 'drift_drill', scenario: OVER_AT_ONCE },
  { task: 'phase2_core', rewardMode: 'shaping' },
  { task: 'monday_morning' },
];
const TURNS = 60;

type Trajectories = readonly string[][];

function answer(spec: EnvSpec | undefined, env: number, turn: number): PolicyAnswer {
  return scripted(spec?.task ?? '', env, turn);
}

/** Plays `turns` turns and returns the history of each environment, line by line. With `disabled`, ended episodes are reset. */
async function trajectories(options: VectorOptions, envs: readonly EnvSpec[], turns = TURNS): Promise<Trajectories> {
  const vector = await VectorEnv.create({ rules: 'v1', ...options, envs: [...envs] });
  const lines: string[][] = envs.map(() => []);
  const note = (batch: Batch): void => {
    batch.envIds.forEach((env, row) => void lines[env]?.push(lineOf(batch, row)));
  };
  note(await vector.reset());
  for (let turn = 0; turn < turns; turn++) {
    const batch = await vector.step(envs.map((spec, env) => answer(spec, env, turn)));
    note(batch);
    if (vector.autoreset === 'disabled') {
      const ended = envs.map((_, env) =>
        turn % 3 === 0 ? (batch.truncated[env] ?? 0) + (batch.terminated[env] ?? 0) : 0,
      );
      note(await vector.reset({ mask: ended.map((flag) => flag > 0) }));
    }
  }
  await vector.close();
  return lines;
}

describe.each(AUTORESETS)('autoreset %s', (autoreset) => {
  test('no number of workers changes a single byte', async () => {
    const runs = await Promise.all([0, 1, 3].map((workers) => trajectories({ workers, autoreset, seed: 2026 }, ENVS)));
    const [expected, ...others] = runs.map((lines) => sha256(lines.flat()));
    for (const hash of others) expect(hash).toBe(expected);
    // Episodes ended and restarted, and most observations are unique.
    const lines = runs[0] ?? [];
    expect(lines.flat().filter((line) => line.includes('step 0 of')).length).toBeGreaterThan(3 * ENVS.length);
    expect(new Set(lines.flat()).size).toBeGreaterThan(500);
  });

  test('running twice gives the same, and another seed gives other seeds only', async () => {
    const [once, twice, other] = [
      await trajectories({ workers: 0, autoreset, seed: 1 }, ENVS, 20),
      await trajectories({ workers: 0, autoreset, seed: 1 }, ENVS, 20),
      await trajectories({ workers: 0, autoreset, seed: 2 }, ENVS, 20),
    ];
    expect(twice).toEqual(once);
    expect(other).not.toEqual(once);
    const without = (lines: Trajectories): string[] => lines.flat().map((line) => line.replace(/"seed":\d+/, ''));
    expect(without(other)).toEqual(without(once));
  });

  test('the history of an environment does not depend on the number of others', async () => {
    const few = ENVS.slice(0, 3);
    const many = Array.from({ length: 24 }, (_, env) => ENVS[env % ENVS.length] ?? {});
    const small = await trajectories({ workers: 0, autoreset, seed: 7 }, few);
    const large = await trajectories({ workers: 2, autoreset, seed: 7 }, many);
    expect(large.slice(0, 3)).toEqual(small);
    expect(large[23]?.length).toBeGreaterThan(TURNS);
  });
});

describe('subsets', () => {
  const create = vectorFactory();

  test.each([
    ['one by one', 1],
    ['in pairs', 2],
    ['by threes', 3],
    ['all but one', 9],
  ])('which environments are sent together changes nothing (%s)', async (_, size) => {
    const turns = 25;
    const expected = await trajectories({ workers: 0, autoreset: 'same_step', seed: 5 }, ENVS, turns);
    const vector = await create({ workers: 2, autoreset: 'same_step', seed: 5, envs: [...ENVS] });
    const first = await vector.reset();
    const lines = first.envIds.map((_, row) => [lineOf(first, row)]);
    for (let turn = 0; turn < turns; turn++) {
      // Every turn has different groups.
      const order = vector.envIds.map((env) => (env * 3 + turn) % ENVS.length);
      for (let start = 0; start < order.length; start += size) {
        const group = order.slice(start, start + size);
        vector.send(
          group.map((env) => answer(ENVS[env], env, turn)),
          group,
        );
        const batch = await vector.recv();
        expect(batch.envIds).toEqual([...group].sort((a, b) => a - b));
        batch.envIds.forEach((env, row) => void lines[env]?.push(lineOf(batch, row)));
      }
    }
    expect(lines).toEqual(expected);
  });

  test('the order in which environments are reset changes nothing', async () => {
    const ids = ENVS.map((_, env) => env);
    const vector = await create({ workers: 2, seed: 5, envs: [...ENVS] });
    const together = await vector.reset();
    const expected = ids.map((row) => lineOf(together, row));
    const other = await create({ workers: 2, seed: 5, envs: [...ENVS] });
    for (const env of [...ids].reverse()) expect(lineOf(await other.reset({ ids: [env] }), 0)).toBe(expected[env]);
  });
});
