/** Environments are added to a batch and removed from it, so that a trainer needs one batch for its life. */
import { describe, expect, test } from 'vitest';
import { Client, FORMATS } from './support-batch.ts';
import { sharedServer } from './support-server.ts';

const shared = sharedServer({ workers: 2 });
const IDLE = { action_type: 'do_nothing' };

describe.each(FORMATS)('in %s', (format) => {
  test('added environments begin an episode, and any environment can be removed', async () => {
    const client = new Client(shared().url, format);
    const body = { num_envs: 4, group_size: 2, tasks: ['phase2_core', 'monday_morning'], seed: 4, max_forks: 3 };
    const { batch_id } = await client.create(body);
    const path = `/batch/${batch_id}`;
    const added = await client.ok('POST', `${path}/add`, {
      tasks: ['monday_morning', 'phase2_core'],
      seeds: [8, null],
    });
    expect([added.env_ids, added.group_ids]).toEqual([
      [4, 5],
      [2, 3],
    ]);
    expect(added.results.map(({ observation }) => [observation?.task_id, observation?.episode])).toEqual([
      ['monday_morning', 0],
      ['phase2_core', 0],
    ]);
    expect(added.results[0]?.observation?.seed).toBe(8);
    expect((await client.ok('POST', `${path}/release`, { env_ids: [0, 1, 4] })).env_ids).toEqual([0, 1, 4]);
    const rows = await client.step(batch_id, [IDLE, IDLE, IDLE]);
    expect(rows.map(({ env_id, group_id }) => [env_id, group_id])).toEqual([
      [2, 1],
      [3, 1],
      [5, 3],
    ]);
    const [gone] = await client.step(batch_id, [IDLE], { env_ids: [0] });
    expect(gone).toMatchObject({ group_id: null, observation: null, error: { code: 'UNKNOWN_ENV' } });
    const again = await client.ok('POST', `${path}/add`, { tasks: ['phase2_core'], request_id: 'one' });
    expect(again.env_ids).toEqual([4]);
    expect(await client.ok('POST', `${path}/add`, { tasks: ['phase2_core'], request_id: 'one' })).toEqual(again);
  });

  test('what cannot be added is refused, with the reason', async () => {
    const client = new Client(shared().url, format);
    const { batch_id } = await client.create({ num_envs: 1, tasks: ['phase2_core'], max_forks: 1 });
    const path = `/batch/${batch_id}/add`;
    const codes = [];
    for (const body of [{ tasks: ['nowhere'] }, { tasks: ['phase2_core', 'phase2_core'] }, { tasks: [] }]) {
      const { status, body: answer } = await client.call('POST', path, body);
      codes.push([status, answer.code]);
    }
    expect(codes.map(([status]) => status)).toEqual([422, 413, 422]);
    const seeds = await client.call('POST', path, { tasks: ['phase2_core'], seeds: [1, 2] });
    expect([seeds.status, JSON.stringify(seeds.body)]).toEqual([422, expect.stringContaining('expected one seed')]);
    expect((await client.ok('POST', path, { tasks: ['phase2_core'] })).env_ids).toEqual([1]);
  });
});
