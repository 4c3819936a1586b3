/** Snapshots, forks, and the scenarios, drifts, rules and seeds of the environments of a batch. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { VectorEnv } from '../../src/index.ts';
import { deriveSeed } from '../../src/lib/random.ts';
import { listTasks } from '../../src/scenarios/shipped.ts';
import { createSeals } from '../../src/server/seal.ts';
import { snapshotIn } from '../../src/server/server.ts';
import { SMALL_DRIFT, scripted, smallScenario } from '../vector/support.ts';
import { forge, openForged } from '../vector/support-forge.ts';
import { Client, FORMATS, plain } from './support-batch.ts';
import { serve } from './support-server.ts';

describe.each(FORMATS)('in %s', (format) => {
  test('an episode continues from a snapshot, here or in another batch, as it would have without one', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const body = { num_envs: 3, seed: 8 };
    const { batch_id, env_ids } = await client.create(body);
    const path = `/batch/${batch_id}`;
    const actions = (turn: number): unknown[] => env_ids.map((env) => scripted('phase2_core', env, turn));
    for (let turn = 0; turn < 3; turn++) await client.step(batch_id, actions(turn));
    const saved = await client.ok('POST', `${path}/snapshot`);
    const bytes = typeof saved.snapshot === 'string' ? Buffer.from(saved.snapshot, 'base64') : saved.snapshot;
    expect(typeof saved.snapshot).toBe(format === 'json' ? 'string' : 'object');
    expect(saved).toMatchObject({ batch_id, env_ids, size: bytes.length });
    const fork = await client.ok('POST', `${path}/fork`, { env_id: 1, k: 2, include: ['metadata'] });
    expect(fork).toMatchObject({ env_ids: [3, 4], group_ids: [1, 1] });
    expect(fork.results.map((row) => row.observation?.metadata?.episode_step)).toEqual([3, 3]);
    const wanted = plain(await client.step(batch_id, actions(3), { env_ids }));

    const forked = plain(await client.step(batch_id, [actions(3)[1], {}], { env_ids: fork.env_ids }));
    expect(forked[0]).toEqual({ ...wanted[1], env_id: 3 });
    expect(forked[1]?.observation?.briefing).not.toBe(forked[0]?.observation?.briefing);

    const restored = await client.ok('POST', `${path}/restore`, {
      snapshot: saved.snapshot,
      include: ['metadata', 'breakdown'],
    });
    expect(restored.results.map((row) => [row.reward, row.observation?.reward_breakdown])).toEqual(
      env_ids.map(() => [0, null]),
    );
    expect(plain(await client.step(batch_id, actions(3), { env_ids }))).toEqual(wanted);

    const other = await client.create({ ...body, seed: 1 });
    const moved = { snapshot: saved.snapshot, env_ids: [2, 0, 1] };
    expect(
      (await client.ok('POST', `/batch/${other.batch_id}/restore`, moved)).results.map((row) => row.env_id),
    ).toEqual([2, 0, 1]);
    const rows = plain(await client.step(other.batch_id, actions(3), { env_ids: [2, 0, 1] }));
    expect(rows.map((row) => row.observation)).toEqual(wanted.map((row) => row.observation));

    expect(await client.ok('POST', `${path}/release`, { env_ids: [3] })).toEqual({ batch_id, env_ids: [3] });
    expect(await client.ok('GET', path)).toMatchObject({ env_ids: [0, 1, 2, 4], group_ids: [0, 1, 2, 1] });
  });

  test('a damaged snapshot, or one of something else, is refused', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const { batch_id } = await client.create({ num_envs: 1 });
    const { snapshot } = await client.ok('POST', `/batch/${batch_id}/snapshot`);
    const bytes = Buffer.from(typeof snapshot === 'string' ? Buffer.from(snapshot, 'base64') : snapshot);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const nested = Buffer.alloc(100_000, 0x91);
    for (const bad of [bytes, bytes.subarray(9), nested, Buffer.from([0xdd, 1, 255, 255, 255])]) {
      const sent = format === 'json' ? bad.toString('base64') : bad;
      const reply = await client.call('POST', `/batch/${batch_id}/restore`, { snapshot: sent });
      expect(reply.status).toBe(422);
      expect(JSON.stringify(reply.body)).toContain('the snapshot cannot be restored');
    }
  });

  test('a snapshot that this server has not signed is refused, whatever its content', async () => {
    const snapshotKey = 'one-key-for-two-servers-'.repeat(2);
    const [first, twin, other] = [
      await serve({ snapshotKey, workers: 1 }),
      await serve({ snapshotKey, workers: 1 }),
      await serve({ workers: 1 }),
    ];
    const client = new Client(first, format);
    const { batch_id } = await client.create({ num_envs: 2 });
    await client.step(batch_id, [{}, {}]);
    const { snapshot, size } = await client.ok('POST', `/batch/${batch_id}/snapshot`);
    const sealed = Buffer.from(typeof snapshot === 'string' ? Buffer.from(snapshot, 'base64') : snapshot);
    expect(size).toBe(sealed.length);
    // Without the signature, this process can restore the same bytes.
    const vector = await VectorEnv.create({ numEnvs: 2 });
    onTestFinished(() => vector.close());
    const inner = snapshotIn(sealed);
    expect((await vector.restore(inner)).info(0).episode_step).toBe(1);
    const rest = { ...openForged(inner), seed: [5, 5] };
    expect((await vector.restore(forge(rest))).info(1).seed).toBe(5);

    const tried: [url: string, bytes: Uint8Array, status: number][] = [
      [first, sealed, 200],
      [twin, sealed, 200],
      [other, sealed, 422],
      [first, inner, 422],
      [first, await vector.snapshot(), 422],
      [first, forge(rest), 422],
      [first, Buffer.concat([sealed.subarray(0, 32), forge(rest)]), 422],
      [first, createSeals(snapshotKey).page.seal(inner), 422],
      [first, createSeals(snapshotKey).batch.seal(inner), 200],
      [first, Buffer.alloc(0), 422],
    ];
    for (const [url, bytes, status] of tried) {
      const caller = new Client(url, format);
      const { batch_id: own } = await caller.create({ num_envs: 2 });
      const sent = format === 'json' ? Buffer.from(bytes).toString('base64') : bytes;
      const reply = await caller.call('POST', `/batch/${own}/restore`, { snapshot: sent });
      expect(reply.status).toBe(status);
      if (status === 200 || bytes.length === 0) continue;
      expect(reply.body.detail).toMatchObject([
        { loc: ['body', 'snapshot'], msg: expect.stringContaining('not signed') },
      ]);
      expect(JSON.stringify(reply.body)).toContain('--snapshot-key');
      expect(JSON.stringify(reply.body)).not.toContain(snapshotKey);
    }
  });

  test('each environment has its own inline scenario, drift, rules and seed', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const scenario = smallScenario();
    const made = await client.create({
      envs: [
        { scenario, task_id: 'mine', seed: 7 },
        { scenario, task_id: 'mine', drift: SMALL_DRIFT },
        { task_id: 'monday_morning', rules: 'v1', reward_mode: 'base' },
        { task_id: 'phase2_core', drift: 'none' },
        {},
      ],
      tasks: ['dinner_disaster'],
      include: ['metadata'],
      seed: 3,
    });
    const infos = made.results.map(({ observation }) => observation?.metadata);
    expect(infos.map((info) => [info?.task_id, info?.rules, info?.reward_mode])).toEqual([
      ['mine', 'v2', 'full'],
      ['mine', 'v2', 'full'],
      ['monday_morning', 'v1', 'base'],
      ['phase2_core', 'v2', 'full'],
      ['phase2_core', 'v2', 'full'],
    ]);
    expect(made.results.map((row) => row.observation?.seed)).toEqual([
      7,
      ...[1, 2, 3, 4].map((env) => deriveSeed(3, env, 0)),
    ]);
    const path = `/batch/${made.batch_id}`;
    expect((await client.ok('GET', path)).tasks).toContain('dinner_disaster');
    const { results } = await client.ok('POST', `${path}/reset`, { env_ids: [4, 2], tasks: ['dinner_disaster', null] });
    expect(results.map((row) => row.observation?.task_id)).toEqual(['dinner_disaster', 'monday_morning']);
    const rows = await client.step(made.batch_id, [{}, {}, {}, {}, {}]);
    expect(rows.every((row) => row.observation !== null)).toBe(true);
  });

  test('the seed of an environment decides its row of the split', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const ids = listTasks().map(({ id }) => id);
    const made = await client
      .create({
        envs: [
          ...Array.from({ length: 12 }, () => ({ split: 'train' })),
          { split: 'test', seed: 5 },
          { split: 'test', index: 1 },
        ],
        group_size: 2,
        seed: 21,
      })
      .catch((error: unknown) => String(error));
    // The last two requests would give a group whose members begin differently.
    expect(made).toContain('422');
    const envs = [
      ...Array.from({ length: 12 }, () => ({ split: 'train' })),
      { split: 'test', seed: 5 },
      { split: 'test', seed: 5 },
    ];
    const { results } = await client.create({ envs, group_size: 2, seed: 21 });
    const tasks = results.map((row) => row.observation?.task_id);
    const wanted = envs.map((env, i) => {
      const seed = 'seed' in env ? 5 : deriveSeed(21, Math.floor(i / 2), 0);
      return ids[deriveSeed(seed) % ids.length];
    });
    expect(tasks).toEqual(wanted);
    expect(new Set(tasks).size).toBeGreaterThan(1);
  });
});

test('a batch that names no rules or reward mode has those of the server', async () => {
  const client = new Client(await serve({ rules: 'v1', rewardMode: 'shaping' }));
  const infos = async (body: object): Promise<unknown[]> =>
    (await client.create({ ...body, include: ['metadata'] })).results.map(({ observation }) => [
      observation?.metadata?.rules,
      observation?.metadata?.reward_mode,
    ]);
  expect(await infos({ num_envs: 1 })).toEqual([['v1', 'shaping']]);
  expect(await infos({ envs: [{}, { rules: 'v2' }], reward_mode: 'base' })).toEqual([
    ['v1', 'base'],
    ['v2', 'base'],
  ]);
});
