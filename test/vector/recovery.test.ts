/** A worker that dies is replaced and restored, and the command is repeated: the caller gets the same bytes. */
import { describe, expect, test } from 'vitest';
import type { Batch, Recovery, VectorEnv, VectorOptions } from '../../src/index.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { CAUSES, DEATHS, dieAfter, dieAt, faultyFactory, isDeathDue } from './faults.ts';
import { LADDER, linesOf, scripted, vectorFactory } from './support.ts';

const create = vectorFactory();
const createFaulty = faultyFactory();

const NUM_ENVS = 12;
const OPTIONS: VectorOptions = { numEnvs: NUM_ENVS, tasks: [...LADDER], seed: 5, maxForks: 4 };

/** All results of a vector over some turns with every kind of call. */
async function play(vector: VectorEnv, before: (turn: number) => void = () => undefined): Promise<string[]> {
  const lines: string[] = [];
  const tell = (batch: Batch): void => void lines.push(...linesOf(batch));
  tell(await vector.reset());
  for (let turn = 0; turn < 60; turn++) {
    before(turn);
    tell(await vector.step(vector.envIds.map((env) => scripted(LADDER[env % 3] ?? '', env, turn))));
    if (turn === 20) tell(await vector.reset({ ids: [1, 8], seeds: [3, 4] }));
    if (turn === 25) {
      const snapshot = await vector.snapshot([2, 9]);
      lines.push(snapshot.toString('base64'));
      tell(await vector.restore(snapshot, [9, 3]));
    }
    if (turn === 30) tell(await vector.fork(4, 2));
    if (turn === 50) await vector.release([12]);
  }
  return lines;
}

const undisturbed = new Map<string, Promise<string[]>>();

/** The results of the same calls without deaths. */
function expected(options: VectorOptions): Promise<string[]> {
  const key = JSON.stringify(options);
  const known = undisturbed.get(key) ?? create(options).then((vector) => play(vector));
  undisturbed.set(key, known);
  return known;
}

describe.each(AUTORESETS)('autoreset %s', (autoreset) => {
  test.each(DEATHS)('death by %s in the middle of a batch', async (death) => {
    const told: Recovery[] = [];
    const vector = createFaulty({ ...OPTIONS, autoreset, onRecovery: (recovery) => told.push(recovery) });
    const lines = await play(vector, (turn) => {
      if (turn === 5 || turn === 47) dieAfter(4, death);
    });
    expect(lines).toEqual(await expected({ ...OPTIONS, autoreset }));
    expect(isDeathDue()).toBe(false);
    expect(vector.recoveries).toBe(2);
    expect(vector.restarts).toBe(0);
    expect(told.map(({ cause, attempt }) => ({ cause, attempt }))).toEqual([
      { cause: CAUSES[death], attempt: 1 },
      { cause: CAUSES[death], attempt: 1 },
    ]);
    expect(told[0]?.replayedSteps).toBe(6 + 6 * 5);
  });
});

const COMMANDS = ['reset', 'step', 'save', 'load', 'release', 'checkpoint'] as const;
/** Each way to die, once before and once after each command. Two deaths in a row are survived too, unless the command is a step. */
const MOMENTS = COMMANDS.flatMap((op, i) => [
  { op, when: 'before' as const, death: DEATHS[i % 4] ?? 'exit', times: op === 'step' ? 1 : 2 },
  { op, when: 'after' as const, death: DEATHS[(i + 1) % 4] ?? 'exit', times: 1 },
]);

test.each(MOMENTS)('a death by $death $when a command to $op', async ({ op, when, death, times }) => {
  const vector = createFaulty(OPTIONS);
  dieAt(op, when, death, times);
  expect(await play(vector)).toEqual(await expected(OPTIONS));
  expect(vector.recoveries).toBe(times);
});

test('rows that are ready are not touched while others are recovered', async () => {
  const other = await create(OPTIONS);
  const vector = createFaulty({ ...OPTIONS, workers: 1 });
  for (const one of [other, vector]) await one.reset();
  const envs = Array.from({ length: NUM_ENVS }, (_, env) => env);
  const [first, second] = [envs.slice(0, 6), envs.slice(6)];
  for (let turn = 0; turn < 8; turn++) {
    const actions = envs.map((env) => scripted(LADDER[env % 3] ?? '', env, turn));
    const expected = await other.step(actions);
    const lines = linesOf(expected);
    vector.send(actions.slice(0, 6), first);
    const ready = await vector.recv();
    dieAfter(3, 'exit');
    vector.send(actions.slice(6), second);
    let over = false;
    const rest = vector.recv().finally(() => {
      over = true;
    });
    // Reads repeatedly until the other results have arrived.
    while (!over) {
      expect(linesOf(ready)).toEqual(lines.slice(0, 6));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(linesOf(await rest)).toEqual(lines.slice(6));
    expect(linesOf(ready)).toEqual(lines.slice(0, 6));
  }
  expect(vector.recoveries).toBe(8);
});
