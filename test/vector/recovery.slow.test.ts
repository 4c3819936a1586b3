/** A worker that dies is replaced, the new one continues its episodes, and the command is repeated: the caller gets the same bytes. */
import { describe, expect, test } from 'vitest';
import type { Batch, PolicyAnswer, Recovery, VectorEnv, VectorOptions } from '../../src/index.ts';
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
    // Each shard has one of the two forks by then.
    expect(told.map(({ shard: _, ...recovery }) => recovery)).toEqual([
      { cause: CAUSES[death], attempt: 1, episodes: 6 },
      { cause: CAUSES[death], attempt: 1, episodes: 7 },
    ]);
  });
});

const COMMANDS = ['reset', 'step', 'load', 'release'] as const;
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

test.each(['before', 'after'] as const)('a new worker that dies %s it has continued the episodes', async (when) => {
  const told: Recovery[] = [];
  const vector = createFaulty({ ...OPTIONS, onRecovery: (recovery) => told.push(recovery) });
  const lines = await play(vector, (turn) => {
    if (turn !== 33) return;
    dieAfter(4, 'exit');
    dieAt('recover', when, 'throw', 2);
  });
  expect(lines).toEqual(await expected(OPTIONS));
  expect(told.map(({ shard: _, ...recovery }) => recovery)).toEqual([{ cause: CAUSES.throw, attempt: 3, episodes: 7 }]);
});

describe('rows that are ready', () => {
  const ENVS = Array.from({ length: NUM_ENVS }, (_, env) => env);
  const actionsAt = (turn: number): PolicyAnswer[] => ENVS.map((env) => scripted(LADDER[env % 3] ?? '', env, turn));

  /** Reads repeatedly until the promise has settled. */
  async function readUntil<T>(promise: Promise<T>, read: () => void): Promise<T> {
    let over = false;
    const settled = promise.finally(() => {
      over = true;
    });
    while (!over) {
      read();
      await new Promise((resolve) => setImmediate(resolve));
    }
    read();
    return settled;
  }

  test('are not touched while others are recovered', async () => {
    const other = await create(OPTIONS);
    const vector = createFaulty({ ...OPTIONS, workers: 1 });
    for (const one of [other, vector]) await one.reset();
    const [first, second] = [ENVS.slice(0, 6), ENVS.slice(6)];
    for (let turn = 0; turn < 8; turn++) {
      const actions = actionsAt(turn);
      const lines = linesOf(await other.step(actions));
      vector.send(actions.slice(0, 6), first);
      const ready = await vector.recv();
      dieAfter(3, 'exit');
      vector.send(actions.slice(6), second);
      const rest = await readUntil(vector.recv(), () => expect(linesOf(ready)).toEqual(lines.slice(0, 6)));
      expect(linesOf(rest)).toEqual(lines.slice(6));
    }
    expect(vector.recoveries).toBe(8);
  });

  test.each(DEATHS)('outlast a worker that dies by %s, whether they were received or not', async (death) => {
    const other = await create({ ...OPTIONS, autoreset: 'same_step' });
    const vector = createFaulty({ ...OPTIONS, workers: 1, autoreset: 'same_step' });
    for (const one of [other, vector]) await one.reset();
    const [first, second] = [ENVS.slice(0, 5), ENVS.slice(5)];
    const deaths = death === 'loop' ? 1 : 5;
    for (let turn = 0; turn < 2 * deaths; turn += 2) {
      const [now, later] = [actionsAt(turn), actionsAt(turn + 1)];
      const [lines, laterLines] = [linesOf(await other.step(now)), linesOf(await other.step(later))];
      vector.send(now.slice(0, 5), first);
      vector.send(now.slice(5), second);
      const received = await vector.recv(1);
      expect(received.envIds).toEqual(first);
      expect(linesOf(received)).toEqual(lines.slice(0, 5));
      // The results of the second have come in the same buffer. They are received during the next step of the first.
      dieAfter(3, death);
      vector.send(later.slice(0, 5), first);
      const ready = await vector.recv(1);
      expect(ready.envIds).toEqual(second);
      const next = await readUntil(vector.recv(), () => expect(linesOf(ready)).toEqual(lines.slice(5)));
      expect(isDeathDue()).toBe(false);
      expect(linesOf(next)).toEqual(laterLines.slice(0, 5));
      vector.send(later.slice(5), second);
      expect(linesOf(await vector.recv())).toEqual(laterLines.slice(5));
      expect(linesOf(next)).toEqual(laterLines.slice(0, 5));
    }
    expect(vector.recoveries).toBe(deaths);
  });
});
