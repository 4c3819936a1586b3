/** An action that ends its worker every time: only its episode fails. */
import { describe, expect, test } from 'vitest';
import type { Batch, PolicyAnswer, Recovery, VectorOptions } from '../../src/index.ts';
import { ShardFailedError } from '../../src/index.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { CAUSES, DEATHS, type Death, dieAt, FAULTY, faultyFactory, poison } from './faults.ts';
import { errorOf, lineOf, linesOf, scripted, unchecked, vectorFactory } from './support.ts';

const create = vectorFactory();
const createFaulty = faultyFactory();

const NUM_ENVS = 10;
const OPTIONS: VectorOptions = { numEnvs: NUM_ENVS, tasks: ['phase2_core'], rules: 'v2', seed: 2 };
const ENVS = Array.from({ length: NUM_ENVS }, (_, env) => env);

function actionsAt(turn: number, poisoned: ReadonlyMap<number, Death> = new Map()): PolicyAnswer[] {
  return ENVS.map((env) => {
    const death = poisoned.get(env);
    return death === undefined ? scripted('phase2_core', env, turn) : poison(death);
  });
}

function messageFor(death: Death): string {
  return `the episode failed: its step ended the worker thread (${CAUSES[death]})`;
}

describe.each(AUTORESETS)('autoreset %s', (autoreset) => {
  test('the episode is ended with the reason; the others continue undisturbed', async () => {
    const other = await create({ ...OPTIONS, autoreset });
    const told: Recovery[] = [];
    const vector = createFaulty({ ...OPTIONS, autoreset, onRecovery: (recovery) => told.push(recovery) });
    await other.reset();
    await vector.reset();
    const poisoned = new Map<number, Death>([
      [3, 'exit'],
      [7, 'throw'],
      [9, 'exit'],
    ]);
    for (let turn = 0; turn < 6; turn++) {
      const expected = await other.step(actionsAt(turn));
      const batch = await vector.step(actionsAt(turn, turn === 3 ? poisoned : undefined));
      for (const env of ENVS) {
        if (poisoned.has(env) && turn >= 3) continue;
        expect(lineOf(batch, env)).toBe(lineOf(expected, env));
      }
      for (const [env, death] of poisoned) {
        if (turn !== 3) continue;
        expect(batch.failed[env]).toBe(1);
        expect(batch.error(env)).toBe(messageFor(death));
        expect([batch.reward[env], batch.terminated[env], batch.truncated[env], batch.stepOk[env]]).toEqual([
          0, 0, 1, 0,
        ]);
        const told =
          autoreset === 'same_step' ? batch.final(env) : { briefing: batch.briefing(env), info: batch.info(env) };
        expect(told?.info).toMatchObject({ episode_active: false, episode_end_reason: 'failed', episode_step: 3 });
        expect(told?.info.step_error).toBe(messageFor(death));
        expect(told?.info).not.toHaveProperty('grade');
        expect(told?.briefing).toContain(`Last action FAILED: ${messageFor(death)}\nThe episode is over.`);
        expect(batch.episode(env)).toBe(Number(autoreset === 'same_step'));
      }
      const failures = turn < 3 ? 0 : turn === 3 || autoreset === 'disabled' ? 3 : 0;
      expect(batch.failed.reduce((sum, one) => sum + one, 0)).toBe(failures);
      expect(ENVS.filter((env) => batch.error(env) !== undefined).length).toBe(failures);
    }
    const last = vector.read();
    for (const env of poisoned.keys()) {
      expect(last.episode(env)).toBe(Number(autoreset !== 'disabled'));
      expect(last.info(env).episode_active).toBe(autoreset !== 'disabled');
      expect(last.info(env)).not.toHaveProperty('grade');
    }
    expect(told.flatMap(({ failedEnv }) => failedEnv ?? []).sort()).toEqual([3, 7, 9]);
    expect(last.recoveries).toBe(told.length);
    expect(linesOf(await vector.reset({ seed: 9 }))).toEqual(linesOf(await other.reset({ seed: 9 })));
  });
});

test.each(DEATHS)('one environment alone, and an action that ends its worker by %s', async (death) => {
  const vector = createFaulty({ ...OPTIONS, numEnvs: 1, workers: 1, autoreset: 'disabled' });
  await vector.reset();
  const batch = await vector.step([poison(death)]);
  expect(batch.error(0)).toBe(messageFor(death));
  expect((await vector.reset()).failed[0]).toBe(0);
  expect((await vector.step([{}])).stepOk[0]).toBe(1);
});

describe.each(AUTORESETS)('autoreset %s', (autoreset) => {
  test.each([
    ['the failed episode', ENVS],
    ['other episodes', [0, 1]],
  ])('an episode that failed is the same after the loss of a worker in a step of %s', async (_, envs) => {
    const play = async (isLost: boolean): Promise<unknown[]> => {
      const vector = createFaulty({ ...OPTIONS, autoreset, workers: 1 });
      await vector.reset();
      const seen: unknown[] = [];
      const note = (batch: Batch): void => {
        seen.push(linesOf(batch), [...batch.failed], batch.error(4));
      };
      note(await vector.step(actionsAt(0, new Map([[4, 'exit']]))));
      const { recoveries } = vector;
      if (isLost) dieAt('step', 'before', 'throw');
      const batch = await vector.step(
        envs.map((env) => unchecked(actionsAt(1)[env])),
        envs,
      );
      seen.push(linesOf(batch), [...batch.failed]);
      expect(vector.recoveries - recoveries).toBe(Number(isLost));
      note(vector.read());
      note(await vector.step(actionsAt(2)));
      note(await vector.reset({ ids: [4] }).then(() => vector.read()));
      return seen;
    };
    const undisturbed = await play(false);
    expect(await play(true)).toEqual(undisturbed);
    const failures = undisturbed.filter((one) => Array.isArray(one) && one.length === NUM_ENVS && one[4] === 1);
    if (autoreset === 'disabled') expect(failures.length).toBeGreaterThanOrEqual(3);
  });
});

test('an episode that failed before the loss of a worker is not continued after it', async () => {
  const vector = createFaulty({ ...OPTIONS, autoreset: 'disabled', workers: 1 });
  await vector.reset();
  const lines = linesOf(await vector.step(actionsAt(0, new Map([[4, 'exit']]))));
  dieAt('step', 'before', 'exit');
  await vector.step([{}], [0]);
  expect(linesOf(vector.read()).slice(1)).toEqual(lines.slice(1));
  const batch = await vector.step(actionsAt(1));
  expect([batch.failed[4], batch.stepOk[4]]).toEqual([1, 0]);
  expect(batch.note(4)).toBe('the episode is over; reset it to begin another one');
});

describe('a worker that cannot be replaced', () => {
  test.each(['step', 'load', 'recover'] as const)(
    'dies at every %s: what cannot be done fails, the others go on',
    async (op) => {
      const vector = createFaulty(OPTIONS);
      await vector.reset();
      const snapshot = await vector.snapshot([7]);
      if (op === 'recover') {
        dieAt('recover', 'before', 'exit', 1_000);
        vector.send([poison('exit')], [7]);
      } else {
        dieAt(op, 'before', 'exit', 1_000);
        if (op === 'step') vector.send([{}], [7]);
      }
      const error = op === 'load' ? await errorOf(() => vector.restore(snapshot)) : undefined;
      if (op === 'step') {
        // Every action ends the worker: the step still completes, with a failed episode.
        expect((await vector.recv()).error(0)).toBe(messageFor('exit'));
        return;
      }
      const failure = error ?? (await errorOf(() => vector.recv()));
      expect(failure).toBeInstanceOf(ShardFailedError);
      expect(failure.message).toBe(`shard 1 failed: ${CAUSES.exit}`);
      dieAt(op, 'before', 'exit', 0);
      expect(vector.problems(ENVS).map((problem) => problem?.code)).toEqual(
        ENVS.map((env) => (env === 7 ? 'SHARD_FAILED' : undefined)),
      );
      expect((await vector.step([{}, {}], [0, 1])).size).toBe(2);
      expect((await errorOf(() => vector.step([{}], [8]))).message).toBe(failure.message);
      expect((await vector.reset({ ids: [7, 8] })).size).toBe(2);
      expect(vector.restarts).toBe(1);
      expect((await vector.step([{}, {}], [7, 8])).size).toBe(2);
    },
  );

  test('a batch of only such actions costs a bounded number of workers', async () => {
    const told: Recovery[] = [];
    const vector = createFaulty({ ...OPTIONS, numEnvs: 40, workers: 1, onRecovery: (recovery) => told.push(recovery) });
    await vector.reset();
    const error = await errorOf(() => vector.step(Array.from({ length: 40 }, () => poison('exit'))));
    expect(error).toBeInstanceOf(ShardFailedError);
    expect(told.length).toBe(FAULTY.maxLosses);
  });
});
