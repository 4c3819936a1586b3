/** Every misuse of a VectorEnv is refused with its own error, and leaves the VectorEnv unchanged. */
import { describe, expect, test } from 'vitest';
import {
  AlreadyPendingError,
  CapacityError,
  ClosedError,
  GhostexecError,
  LengthError,
  NothingPendingError,
  ResetNeededError,
  UnknownEnvError,
  UnknownTaskError,
  ValidationError,
  VectorEnv,
} from '../../src/index.ts';
import { BACKENDS, errorOf, expectRefused, linesOf, unchecked, vectorFactory } from './support.ts';

const IDLE = {};
describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  /** Runs misuses between the steps of a vector, and fails if its results differ from those of an untouched one. */
  async function expectHarmless(misuse: (vector: VectorEnv) => Promise<void>): Promise<void> {
    const play = async (between: (vector: VectorEnv) => Promise<void>, threads: number): Promise<string[]> => {
      const vector = await create({ workers: threads, numEnvs: 3, seed: 11, autoreset: 'disabled' });
      const lines = linesOf(await vector.reset());
      await between(vector);
      lines.push(...linesOf(await vector.step([IDLE, 'no', IDLE])));
      await between(vector);
      lines.push(...linesOf(await vector.reset({ mask: [true, false, true] })));
      lines.push(...linesOf(await vector.step([IDLE, IDLE, 'no'])));
      return lines;
    };
    expect(await play(misuse, workers)).toEqual(await play(async () => undefined, 0));
  }

  test('step, send, snapshot and fork before the first reset', async () => {
    const vector = await create({ workers, numEnvs: 3 });
    await expectRefused(() => vector.step([IDLE, IDLE, IDLE]), ResetNeededError, 'step', 'environment 0');
    await expectRefused(() => vector.send([IDLE], [2]), ResetNeededError, 'send', 'environment 2');
    await expectRefused(() => vector.snapshot(), ResetNeededError, 'snapshot');
    await expectRefused(() => vector.fork(1, 1), ResetNeededError, 'fork', 'environment 1');
    await vector.reset({ ids: [0, 1] });
    await expectRefused(() => vector.step([IDLE, IDLE, IDLE]), ResetNeededError, 'environment 2');
    vector.send([IDLE, IDLE], [0, 1]);
    expect((await vector.recv()).envIds).toEqual([0, 1]);
    await vector.reset();
    expect((await vector.step([IDLE, IDLE, IDLE])).size).toBe(3);
  });

  test('a second step, send, reset, restore, snapshot or fork while actions are under way', async () => {
    await expectHarmless(async (vector) => {
      const snapshot = await vector.snapshot();
      vector.send([IDLE], [1]);
      const calls: [string, () => unknown][] = [
        ['step', () => vector.step([IDLE, IDLE, IDLE])],
        ['send', () => vector.send([IDLE, IDLE], [0, 1])],
        ['reset', () => vector.reset()],
        ['reset', () => vector.reset({ ids: [1] })],
        ['restore', () => vector.restore(snapshot)],
        ['snapshot', () => vector.snapshot([1])],
        ['fork', () => vector.fork(1, 1)],
      ];
      for (const [name, call] of calls) await expectRefused(call, AlreadyPendingError, `${name}: environment 1`);
      // Replied, but not received: still outstanding.
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const [name, call] of calls) await expectRefused(call, AlreadyPendingError, `${name}: environment 1`);
      expect((await vector.recv()).envIds).toEqual([1]);
      await vector.restore(snapshot);
    });
  });

  test('step twice without awaiting: the first one is answered as if nothing had happened', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    await vector.reset();
    const first = vector.step([IDLE, IDLE]);
    await expectRefused(() => vector.step([IDLE, IDLE]), AlreadyPendingError);
    expect((await first).envIds.map((_, i) => i)).toEqual([0, 1]);
    expect((await vector.step([IDLE, IDLE])).info(0).episode_step).toBe(2);
  });

  test('a call while a reset, a restore or a fork has not been answered', async () => {
    const vector = await create({ workers, numEnvs: 4 });
    const resetting = vector.reset();
    await expectRefused(() => vector.step([IDLE, IDLE, IDLE, IDLE]), AlreadyPendingError);
    await expectRefused(() => vector.reset(), AlreadyPendingError);
    await resetting;
    const snapshot = await vector.snapshot();
    const restoring = vector.restore(snapshot);
    await expectRefused(() => vector.send([IDLE], [3]), AlreadyPendingError);
    await restoring;
    const forking = vector.fork(2, 1);
    await expectRefused(() => vector.send([IDLE], [4]), AlreadyPendingError);
    // The original is not busy: its episode was copied at once.
    vector.send([IDLE], [2]);
    const forks = await forking;
    expect(forks.envIds).toEqual([4]);
    expect(forks.info(0).episode_step).toBe(0);
    expect((await vector.recv()).info(0)).toMatchObject({ env_id: 2, episode_step: 1 });
    expect((await vector.step([IDLE, IDLE, IDLE, IDLE, IDLE])).size).toBe(5);
  });

  test('recv with nothing under way, with too little under way, and for no results', async () => {
    await expectHarmless(async (vector) => {
      const snapshot = await vector.snapshot();
      await expectRefused(() => vector.recv(), NothingPendingError);
      vector.send([IDLE, IDLE], [0, 2]);
      await expectRefused(() => vector.recv(3), NothingPendingError, 'recv(3)', '2 environments');
      for (const least of [0, -1, Number.NaN]) {
        await expectRefused(() => vector.recv(least), NothingPendingError, `recv(${least})`);
      }
      expect((await vector.recv(2)).envIds).toEqual([0, 2]);
      await expectRefused(() => vector.recv(), NothingPendingError);
      await vector.restore(snapshot);
    });
  });

  test('two receivers at once', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    await vector.reset();
    vector.send([IDLE, IDLE], [0, 1]);
    const first = vector.recv();
    await expectRefused(() => vector.recv(), AlreadyPendingError, 'recv');
    expect((await first).envIds).toEqual([0, 1]);
  });

  test('lists of the wrong length', async () => {
    await expectHarmless(async (vector) => {
      const snapshot = await vector.snapshot();
      await expectRefused(() => vector.step([IDLE, IDLE]), LengthError, '2 actions for 3');
      await expectRefused(() => vector.step([IDLE, IDLE, IDLE, IDLE]), LengthError, '4 actions for 3');
      await expectRefused(() => vector.send([IDLE], [0, 1]), LengthError, '1 actions for 2');
      await expectRefused(() => vector.reset({ mask: [true] }), LengthError, '1 mask entries for 3');
      await expectRefused(() => vector.reset({ seeds: [1, 2] }), LengthError, '2 seeds for 3');
      await expectRefused(() => vector.reset({ ids: [1], seeds: [1, 2] }), LengthError, '2 seeds for 1');
      await expectRefused(() => vector.reset({ mask: [1, 0, 0], tasks: [null, null] }), LengthError, '2 tasks for 1');
      await expectRefused(() => vector.restore(snapshot, [0]), LengthError, '1 ids for 3');
      await expectRefused(
        () => vector.step(JSON.parse('7')),
        ValidationError,
        'step',
        'actions: expected a list, got 7',
      );
      await expectRefused(
        () => vector.step(JSON.parse('"abc"')),
        ValidationError,
        'actions: expected a list, got "abc"',
      );
      await expectRefused(
        () => vector.send([IDLE], JSON.parse('7')),
        ValidationError,
        'send',
        'envIds: expected a list, got 7',
      );
    });
  });

  test('an invalid number of copies', async () => {
    await expectHarmless(async (vector) => {
      for (const k of [0, -1, 1.5, Number.NaN])
        await expectRefused(() => vector.fork(0, k), ValidationError, 'fork', 'at least 1', `got ${k}`);
    });
  });

  test('environments that do not exist, are named twice, or may not be released', async () => {
    await expectHarmless(async (vector) => {
      const snapshot = await vector.snapshot([0, 1]);
      for (const id of [3, 6, 1_000_000]) {
        const named = `environment ${id}`;
        await expectRefused(() => vector.send([IDLE], [id]), UnknownEnvError, 'send', named);
        await expectRefused(() => vector.reset({ ids: [0, id] }), UnknownEnvError, 'reset', named);
        await expectRefused(() => vector.snapshot([id]), UnknownEnvError, 'snapshot', named);
        await expectRefused(() => vector.restore(snapshot, [0, id]), UnknownEnvError, 'restore', named);
        await expectRefused(() => vector.fork(id, 1), UnknownEnvError, 'fork', named);
        await expectRefused(() => vector.release([id]), UnknownEnvError, 'release', named);
      }
      for (const id of [-1, 0.5, Number.NaN]) {
        await expectRefused(() => vector.send([IDLE], [id]), UnknownEnvError, `environment ${id}`);
        await expectRefused(() => vector.reset({ ids: [id] }), ValidationError, 'ids[0]');
      }
      await expectRefused(() => vector.send([IDLE, IDLE], [1, 1]), UnknownEnvError, 'environment 1', 'twice');
      await expectRefused(() => vector.reset({ ids: [2, 0, 2] }), UnknownEnvError, 'environment 2', 'twice');
      await expectRefused(() => vector.snapshot([0, 0]), UnknownEnvError, 'twice');
      await expectRefused(() => vector.restore(snapshot, [1, 1]), UnknownEnvError, 'twice');
    });
  });

  test('lists of which hardly anything is looked at before they are refused', async () => {
    let looks = 0;
    const counted = <T>(list: readonly T[]): T[] =>
      new Proxy(list as T[], {
        get: (target, key, receiver) => {
          if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
          return Reflect.get(target, key, receiver);
        },
      });
    await expectHarmless(async (vector) => {
      const snapshot = await vector.snapshot([0, 1]);
      const twice = counted([0, 1, ...Array<number>(100_000).fill(1)]);
      const actions = counted(twice.map(() => IDLE));
      const tooMany = counted(Array<number>(100_000).fill(5));
      looks = 0;
      await expectRefused(() => vector.step(actions, twice), UnknownEnvError, 'step', 'environment 1', 'twice');
      await expectRefused(() => vector.send(actions, twice), UnknownEnvError, 'send', 'twice');
      await expectRefused(() => vector.read(twice), UnknownEnvError, 'read', 'twice');
      await expectRefused(() => vector.reset({ ids: twice }), UnknownEnvError, 'reset', 'twice');
      await expectRefused(() => vector.snapshot(twice), UnknownEnvError, 'snapshot', 'twice');
      await expectRefused(() => vector.release(twice), UnknownEnvError, 'release', 'twice');
      await expectRefused(() => vector.restore(snapshot, twice), LengthError, 'restore', '100002 ids for 2');
      await expectRefused(() => vector.reset({ seeds: tooMany }), LengthError, '100000 seeds for 3');
      await expectRefused(() => vector.reset({ ids: [1], tasks: tooMany as never }), LengthError, '100000 tasks for 1');
      await expectRefused(() => vector.reset({ mask: tooMany as never }), LengthError, '100000 mask entries for 3');
      expect(looks).toBeLessThanOrEqual(6 * 4);
    });
  });

  test('more forks than there is room for', async () => {
    await expectHarmless(async (vector) => {
      await expectRefused(() => vector.fork(0, 4), CapacityError, '4 more', 'room for 3');
      await vector.fork(0, 2);
      await expectRefused(() => vector.fork(0, 2), CapacityError, '2 more', 'room for 1');
      await vector.release([3, 4]);
    });
  });

  test('tasks that are not known, at the beginning and at a reset', async () => {
    await expectRefused(() => create({ workers, tasks: ['phase3_core'] }), UnknownTaskError, '"phase3_core"', 'phase2');
    await expectRefused(() => create({ workers, envs: [{ task: 'nap' }] }), UnknownTaskError, '"nap"');
    await expectRefused(() => create({ workers, envs: [{}] }), UnknownTaskError);
    await expectHarmless(async (vector) => {
      await expectRefused(() => vector.reset({ task: 'nap' }), UnknownTaskError, '"nap"', 'dinner_disaster');
      // A shipped task that this vector was not created with.
      await expectRefused(() => vector.reset({ task: 'drift_drill' }), UnknownTaskError, '"drift_drill"');
      const tasks = ['phase2_core', null, 'nap'];
      await expectRefused(() => vector.reset({ tasks, seeds: [5, 6, 7] }), UnknownTaskError, '"nap"');
      await expectRefused(() => vector.reset({ tasks, seed: 8 }), UnknownTaskError, '"nap"');
    });
  });

  test('reset options that contradict each other or are not of their kind', async () => {
    await expectHarmless(async (vector) => {
      const cases: [unknown, ...string[]][] = [
        [{ ids: [0], mask: [true, false, false] }, 'ids and mask exclude each other'],
        [{ seed: 1.5 }, 'seed', 'got 1.5'],
        [{ seed: -1 }, 'seed', 'got -1'],
        [{ seed: 2 ** 53 }, 'seed', String(2 ** 53)],
        [{ seed: '7' }, 'seed', 'got "7"'],
        [{ seed: null }, 'seed', 'got null'],
        [{ seeds: [0, 0.5, 1] }, 'seeds[1]', 'got 0.5'],
        [{ mask: [true, 2, false] }, 'mask[1]', 'got 2'],
        [{ task: 4 }, 'task', 'got 4'],
        [{ id: [0] }, 'unknown key "id"'],
        [null, 'got null'],
        ['all', 'got "all"'],
      ];
      for (const [options, ...says] of cases) {
        await expectRefused(() => vector.reset(unchecked(options)), ValidationError, 'reset options', ...says);
      }
    });
  });

  test('everything but close is refused once the vector is closed', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    await vector.reset();
    const snapshot = await vector.snapshot();
    await vector.close();
    await vector.close();
    const calls: [string, () => unknown][] = [
      ['reset', () => vector.reset()],
      ['step', () => vector.step([IDLE, IDLE])],
      ['send', () => vector.send([IDLE], [0])],
      ['recv', () => vector.recv()],
      ['snapshot', () => vector.snapshot()],
      ['restore', () => vector.restore(snapshot)],
      ['fork', () => vector.fork(0, 1)],
      ['release', () => vector.release([0])],
    ];
    for (const [name, call] of calls) await expectRefused(call, ClosedError, `${name}: `);
    expect(vector.numEnvs).toBe(2);
  });

  test('close while calls wait for their results ends each of them with an error of its own', async () => {
    const vector = await create({ workers, numEnvs: 4 });
    await vector.reset();
    vector.send([IDLE, IDLE], [0, 2]);
    const receiving = errorOf(() => vector.recv());
    await vector.close();
    expect(await receiving).toBeInstanceOf(ClosedError);
    const second = await create({ workers, numEnvs: 4 });
    await second.reset();
    const snapshot = await second.snapshot([0, 3]);
    const waiting = [errorOf(() => second.restore(snapshot)), errorOf(() => second.reset({ ids: [1, 2] }))];
    await second.close();
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(ClosedError);
  });
});

test('close before anything was done is fine', async () => {
  for (const { workers } of BACKENDS) {
    const vector = await VectorEnv.create({ workers, numEnvs: 1 });
    await vector.close();
    await expectRefused(() => vector.reset(), ClosedError);
  }
});

test('every error has a code of its own and is a GhostexecError', async () => {
  const vector = await VectorEnv.create({ numEnvs: 1, maxForks: 0 });
  const calls = [
    () => vector.step([IDLE]),
    () => vector.recv(),
    () => vector.step([]),
    () => vector.reset({ ids: [9] }),
    () => vector.reset({ task: 'nap' }),
    () => vector.reset({ seed: 0.5 }),
    () => vector.restore(new Uint8Array(3)),
    async () => {
      await vector.reset();
      await vector.fork(0, 1);
    },
    async () => {
      vector.send([IDLE], [0]);
      await vector.step([IDLE]);
    },
    async () => {
      await vector.close();
      await vector.reset();
    },
  ];
  const codes: string[] = [];
  for (const call of calls) {
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(GhostexecError);
    if (error instanceof GhostexecError) codes.push(error.code);
  }
  expect(codes).toEqual([
    'RESET_NEEDED',
    'NOTHING_PENDING',
    'LENGTH',
    'UNKNOWN_ENV',
    'UNKNOWN_TASK',
    'VALIDATION',
    'SNAPSHOT',
    'CAPACITY',
    'ALREADY_PENDING',
    'CLOSED',
  ]);
});
