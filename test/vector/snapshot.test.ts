/** A snapshot holds the current state of an episode: every restore continues with the same bytes. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { type Action, type Batch, deriveSeed, type EnvSpec, type PolicyAnswer, VectorEnv } from '../../src/index.ts';
import { checksum } from '../../src/vector/snapshot.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { BACKENDS, lineOf, linesOf, SMALL_DRIFT, scripted, smallScenario, vectorFactory } from './support.ts';

const TASKS = ['phase2_core', 'drift_drill', 'dinner_disaster', 'vip_meltdown', 'monday_morning'];

/** Steps all environments of a vector that plays TASKS in turn. */
async function play(vector: VectorEnv, from: number, to: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let turn = from; turn < to; turn++) batches.push(await vector.step(actionsOf(vector, turn)));
  return batches;
}

function actionsOf(vector: VectorEnv, turn: number): PolicyAnswer[] {
  return vector.envIds.map((env) => scripted(TASKS[env % TASKS.length] ?? '', env, turn));
}

async function playLines(vector: VectorEnv, from: number, to: number): Promise<string[]> {
  const lines: string[] = [];
  for (let turn = from; turn < to; turn++) lines.push(...linesOf(await vector.step(actionsOf(vector, turn))));
  return lines;
}

/** The content of an observation, without the reward that led to it. */
function seen(batch: Batch): unknown[] {
  return batch.envIds.map((_, i) => {
    const { reward_breakdown, ...info } = batch.info(i);
    return { ...info, briefing: batch.briefing(i) };
  });
}

/** The last parts of a run, in another process: prints one hash of all results of the steps. */
const CONTINUE = `
import { createHash } from 'node:crypto';
const { dist, snapshot, options, turns } = JSON.parse(process.argv[1]);
const { VectorEnv } = await import(dist);
const vector = await VectorEnv.create({ rules: 'v1', ...options });
const hash = createHash('sha256').update((await vector.restore(Buffer.from(snapshot, 'base64'))).toMsgpack());
for (const actions of turns) hash.update((await vector.step(actions)).toMsgpack());
await vector.close();
process.stdout.write(hash.digest('hex'));
`;

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test.each(AUTORESETS)('goes on in the same vector with identical bytes (%s)', async (autoreset) => {
    const vector = await create({ workers, tasks: TASKS, autoreset });
    await vector.reset();
    const last = (await play(vector, 0, 10)).at(-1);
    const before = seen(last as Batch);
    const snapshot = await vector.snapshot();
    const expected = await playLines(vector, 10, 30);
    const restored = await vector.restore(snapshot);
    expect(restored.envIds).toEqual([0, 1, 2, 3, 4]);
    expect(seen(restored)).toEqual(before);
    expect([...restored.reward]).toEqual([0, 0, 0, 0, 0]);
    expect(restored.info(0)).not.toHaveProperty('reward_breakdown');
    expect(await playLines(vector, 10, 30)).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(autoreset === 'disabled' ? 20 : 60);
  });

  test('goes on in a new vector with another number of workers and the tasks in another order', async () => {
    const vector = await create({ workers, tasks: TASKS, seed: 3 });
    await vector.reset();
    await play(vector, 0, 7);
    const snapshot = await vector.snapshot();
    const expected = await playLines(vector, 7, 27);
    for (const others of workers === 0 ? [3] : [0, 1]) {
      const tasks = [...TASKS].reverse();
      const other = await create({ workers: others, tasks, seed: 1000 + others });
      await other.restore(snapshot);
      expect(await playLines(other, 7, 27), `${others} workers`).toEqual(expected);
    }
  });

  test('goes on in another process', async () => {
    const options = { workers, tasks: TASKS, autoreset: 'same_step' } as const;
    const vector = await create(options);
    await vector.reset();
    await play(vector, 0, 6);
    const snapshot = await vector.snapshot();
    const hash = createHash('sha256').update((await vector.restore(snapshot)).toMsgpack());
    const turns = Array.from({ length: 20 }, (_, turn) => actionsOf(vector, 6 + turn));
    for (const actions of turns) hash.update((await vector.step(actions)).toMsgpack());
    const dist = new URL('../../dist/index.js', import.meta.url).href;
    const task = JSON.stringify({
      dist,
      snapshot: snapshot.toString('base64'),
      options: { ...options, workers: 1 },
      turns,
    });
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', CONTINUE, task], { encoding: 'utf8' });
    expect(child.stderr).toBe('');
    expect(child.stdout).toBe(hash.digest('hex'));
  });

  test('goes on in other environments, which play other tasks until then', async () => {
    const vector = await create({ workers, tasks: ['phase2_core', 'drift_drill'], numEnvs: 4, autoreset: 'disabled' });
    await vector.reset();
    const archive: Action = { action_type: 'archive_email', email_id: 'e02' };
    const before = await vector.step([archive, 'no', {}, {}]);
    const expected = seen(before).slice(0, 2);
    const snapshot = await vector.snapshot([0, 1]);
    const restored = await vector.restore(snapshot, [3, 2]);
    expect(restored.envIds).toEqual([3, 2]);
    const moved = seen(restored).map((one, i) => ({ ...(one as object), env_id: i }));
    expect(moved).toEqual(expected);
    expect(before.briefing(0)).toContain('archived [e02]');
    const next = await vector.step([archive, {}, {}, archive]);
    expect([next.info(3).task_id, next.info(2).task_id]).toEqual(['phase2_core', 'drift_drill']);
    expect(next.reward[3]).toBe(next.reward[0]);
    expect(next.reward[2]).toBe(next.reward[1]);
    expect(next.briefing(3)).toBe(next.briefing(0));
    expect(next.briefing(2)).toBe(next.briefing(1));
  });

  test('a restore touches no other environment, and a snapshot touches none', async () => {
    const vector = await create({ workers, tasks: TASKS });
    const quiet = await create({ workers: 0, tasks: TASKS });
    await vector.reset();
    await quiet.reset();
    const lines: string[][] = [];
    for (let turn = 0; turn < 12; turn++) {
      const batch = await vector.step(actionsOf(vector, turn));
      lines.push([0, 1, 3].map((i) => lineOf(batch, i)));
      const snapshot = await vector.snapshot([2, 4]);
      if (turn % 2 === 1) await vector.restore(snapshot, [4, 2]);
    }
    for (const [turn, line] of lines.entries()) {
      const batch = await quiet.step(actionsOf(quiet, turn));
      expect([0, 1, 3].map((i) => lineOf(batch, i))).toEqual(line);
    }
  });

  test('the text of the last action survives, in every script and with broken surrogates', async () => {
    const names = ['Zo\u00eb \u4e16\u754c \u{1f989}', 'half \ud83d a pair', '\udc4b', 'x\ud83d'.repeat(90)];
    const envs: EnvSpec[] = names.map((sender) => ({
      scenario: smallScenario({
        emails: [{ id: 'e1', sender, subject: '', body: '', priority: 'low', sender_relationship: 'unknown' }],
      }),
    }));
    const vector = await create({ workers, envs });
    await vector.reset();
    const archive: Action = { action_type: 'archive_email', email_id: 'e1' };
    const before = await vector.step(envs.map(() => archive));
    const expected = seen(before);
    const notes = envs.map((_, i) => before.note(i));
    expect(notes[0]).toBe(`archived [e1] from ${names[0]}`);
    const restored = await vector.restore(await vector.snapshot());
    expect(envs.map((_, i) => restored.note(i))).toEqual(notes);
    expect(seen(restored)).toEqual(expected);
  });

  test('a failed last action is still a failed one', async () => {
    const vector = await create({ workers, tasks: TASKS });
    await vector.reset();
    await vector.step(TASKS.map(() => 'no'));
    const restored = await vector.restore(await vector.snapshot());
    expect([...restored.stepOk]).toEqual([0, 0, 0, 0, 0]);
    expect(restored.info(0).step_error).toContain('no JSON object');
    expect(restored.briefing(0)).toContain('Last action FAILED');
  });

  test('an episode that waits for its reset still waits, and is then seeded as it would have been', async () => {
    const envs: EnvSpec[] = [2, 3].map((limit) => ({ scenario: smallScenario({ max_episode_steps: limit }) }));
    const vector = await create({ workers, envs, seed: 8 });
    await vector.reset();
    await vector.step([{}, {}]);
    await vector.step([{}, {}]);
    const snapshot = await vector.snapshot();
    const other = await create({ workers: 0, envs, seed: 9 });
    const restored = await other.restore(snapshot);
    expect([[...restored.terminated], [...restored.truncated]]).toEqual([
      [0, 0],
      [1, 0],
    ]);
    const next = await other.step([{}, {}]);
    expect(next.info(0)).toMatchObject({ episode: 1, episode_step: 0, seed: deriveSeed(8, 0, 1) });
    expect(next.reward[0]).toBe(0);
    expect([...next.truncated]).toEqual([0, 1]);
    expect(linesOf(next)).toEqual(linesOf(await vector.step([{}, {}])));
  });

  test('resets after a restore continue the count and the seeds of the snapshot', async () => {
    const vector = await create({ workers, tasks: TASKS, seed: 5 });
    await vector.reset();
    await vector.reset({ ids: [1] });
    const snapshot = await vector.snapshot();
    const expected = linesOf(await vector.reset());
    const other = await create({ workers: 0, tasks: TASKS, seed: 6 });
    await other.restore(snapshot);
    expect(linesOf(await other.reset())).toEqual(expected);
  });

  test('the drift and the meetings that were moved survive', async () => {
    const vector = await create({ workers, envs: [{ scenario: smallScenario(), drift: SMALL_DRIFT }] });
    await vector.reset();
    const move: Action = {
      action_type: 'reschedule_meeting',
      meeting_id: 'm2',
      new_time: '2026-06-22T15:00:00.5+02:00',
    };
    await vector.step([move]);
    await vector.step([{}]);
    const snapshot = await vector.snapshot();
    const goOn = async (): Promise<string[]> => {
      const third = linesOf(await vector.step([{}]));
      return [...third, ...linesOf(await vector.step([{}]))];
    };
    const expected = await goOn();
    const restored = await vector.restore(snapshot);
    // The drift of step 2 had shifted the meeting by an hour; 15:00+02:00 became 16:00 by the wall clock.
    expect(restored.briefing(0)).toContain('[m2] Mon 22 Jun 16:00-16:30');
    expect(await goOn()).toEqual(expected);
  });

  test('the bytes are the same whatever the number of workers, and may be overwritten once restore is called', async () => {
    const vector = await create({ workers, tasks: TASKS });
    const other = await create({ workers: workers === 0 ? 3 : 0, tasks: TASKS });
    await vector.reset();
    await other.reset();
    await play(vector, 0, 9);
    await play(other, 0, 9);
    const snapshot = await vector.snapshot();
    expect((await other.snapshot()).equals(snapshot)).toBe(true);
    const expected = await playLines(vector, 9, 12);
    const restoring = vector.restore(new Uint8Array(snapshot.buffer, snapshot.byteOffset, snapshot.length));
    snapshot.fill(0);
    await restoring;
    expect(await playLines(vector, 9, 12)).toEqual(expected);
  });

  test('a snapshot of no environment restores none', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    await vector.reset();
    const restored = await vector.restore(await vector.snapshot([]));
    expect(restored.size).toBe(0);
  });
});

test('the autoreset of the vector that restores decides what follows the end of an episode', async () => {
  const modes = ['next_step', 'disabled'] as const;
  const vectors = await Promise.all(
    modes.map((autoreset) => VectorEnv.create({ rules: 'v1', tasks: ['phase2_core'], autoreset })),
  );
  for (const from of vectors) {
    await from.reset();
    for (let step = 0; step < 8; step++) await from.step([{}]);
    const snapshot = await from.snapshot();
    for (const to of vectors) {
      const restored = await to.restore(snapshot);
      expect([...restored.truncated, ...restored.terminated]).toEqual([1, 0]);
      expect(restored.info(0).episode_active).toBe(false);
      const next = await to.step([{}]);
      const info = next.info(0);
      if (to.autoreset === 'next_step')
        expect({ step: info.episode_step, reward: next.reward[0] }).toEqual({ step: 0, reward: 0 });
      else expect({ step: info.episode_step, reward: next.reward[0] }).toEqual({ step: 8, reward: -0.25 });
    }
  }
  await Promise.all(vectors.map((vector) => vector.close()));
});

test('any msgpack reader can open a snapshot, and finds in it what its documentation says', async () => {
  const vector = await VectorEnv.create({ rules: 'v1', numEnvs: 2, tasks: ['phase2_core', 'drift_drill'] });
  await vector.reset({ seeds: [4, 5] });
  await vector.step(['no', {}]);
  const outer = unpack(await vector.snapshot([1, 0]));
  expect(Object.keys(outer)).toEqual(['format', 'version', 'xxh64', 'payload']);
  expect(outer).toMatchObject({ format: 'ghostexec.snapshot', version: 4 });
  expect(checksum(outer.payload).equals(outer.xxh64)).toBe(true);
  const payload = unpack(outer.payload);
  expect(payload.specs.map(({ task }: { task: string }) => task)).toEqual(['drift_drill', 'phase2_core']);
  expect(payload).toMatchObject({
    env_id: [1, 0],
    spec: [0, 1],
    seed: [5, 4],
    seed_base: [5, 4],
    episode: [0, 0],
    reset_due: [false, false],
    note: ['you let the time pass', expect.stringContaining('no JSON object')],
    news: ['', ''],
  });
  const lengths = payload.specs.map((spec: { state_bytes: number }) => spec.state_bytes);
  expect(payload.states.length).toBe(lengths[0] + lengths[1]);
  expect(lengths.map((length: number) => length % 8)).toEqual([0, 0]);
  await vector.close();
});
