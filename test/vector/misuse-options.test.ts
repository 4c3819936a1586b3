/** Options that a VectorEnv cannot be created with. */
import { test } from 'vitest';
import { LengthError, ValidationError, VectorEnv, type VectorOptions } from '../../src/index.ts';
import { expectRefused, unchecked } from './support.ts';

test('options of the wrong kind are refused with their path and their value', async () => {
  const cases: [unknown, ...string[]][] = [
    [{ numEnvs: 0 }, 'numEnvs', 'got 0'],
    [{ numEnvs: 2.5 }, 'numEnvs', 'got 2.5'],
    [{ numEnvs: '8' }, 'numEnvs', 'got "8"'],
    [{ num_envs: 8 }, 'unknown key "num_envs"'],
    [{ workers: -1 }, 'workers', 'got -1'],
    [{ workers: 257 }, 'workers', 'got 257'],
    [{ rules: 'v9' }, 'rules', 'got "v9"'],
    [{ rewardMode: 'dense' }, 'rewardMode', 'got "dense"'],
    [{ autoreset: 'NextStep' }, 'autoreset', 'got "NextStep"'],
    [{ seed: 0.1 }, 'seed', 'got 0.1'],
    [{ seed: -3 }, 'seed', 'got -3'],
    [{ seed: Number.POSITIVE_INFINITY }, 'seed'],
    [{ maxForks: -1 }, 'maxForks', 'got -1'],
    [{ briefings: 'no' }, 'briefings', 'got "no"'],
    [{ tasks: [] }, 'tasks', 'got []'],
    [{ tasks: [5] }, 'tasks[0]', 'got 5'],
    [{ tasks: 'phase2_core' }, 'tasks', 'got "phase2_core"'],
    [{ envs: [] }, 'envs', 'got []'],
    [{ envs: [{ task: 'phase2_core', seed: 1.5 }] }, 'envs[0].seed', 'got 1.5'],
    [{ envs: [{ task: 'phase2_core', workers: 1 }] }, 'envs[0]', 'unknown key "workers"'],
    [{ envs: ['phase2_core'] }, 'envs[0]', 'got "phase2_core"'],
    [null, 'got null'],
    [8, 'got 8'],
  ];
  for (const [options, ...says] of cases) {
    await expectRefused(() => VectorEnv.create(unchecked(options)), ValidationError, 'VectorEnv.create', ...says);
  }
});

test('an inline scenario or drift that is not valid is refused with the path of the fault', async () => {
  const refused = async (spec: unknown, ...says: string[]): Promise<void> =>
    expectRefused(() => VectorEnv.create(unchecked({ envs: [spec] }) as VectorOptions), ValidationError, ...says);
  await refused(
    { scenario: { simulation_time: 'noon' } },
    'scenario of task "inline"',
    'simulation_time',
    'got "noon"',
  );
  await refused({ task: 'mine', scenario: {} }, 'scenario of task "mine"', 'simulation_time');
  await refused({ scenario: null }, 'got null');
  await refused(
    { task: 'phase2_core', drift: { events: [{}] } },
    'drift of task "phase2_core"',
    'events[0].after_step',
  );
  await refused({ task: 'phase2_core', drift: 'none' }, 'got "none"');
});

test('a number of environments that is not the number of specs is refused', async () => {
  const envs = [{ task: 'phase2_core' }, { task: 'phase2_core' }];
  await expectRefused(() => VectorEnv.create({ numEnvs: 3, envs }), LengthError, '2 env specs for 3');
});
