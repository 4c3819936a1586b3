/** A list that is too long, or names an environment twice, is refused before the server walks through it. */
import { describe, expect, test, vi } from 'vitest';
import { VectorEnv } from '../../src/vector/vector-env.ts';
import { type Body, Client, FORMATS } from './support-batch.ts';
import { serve } from './support-server.ts';

const MILLION = 1_000_000;
/** A list of a million entries: far longer than a batch of three environments allows. */
const ZEROS = Array<number>(MILLION).fill(0);

function complaint({ detail }: Body): { loc: string; msg: string } {
  const [first] = Array.isArray(detail) ? detail : [];
  return { loc: first?.loc.join('.') ?? '', msg: first?.msg ?? String(detail) };
}

describe.each(FORMATS)('in %s', (format) => {
  test('a list is at most as long as the batch has environments', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const { batch_id } = await client.create({ num_envs: 3, max_forks: 2 });
    const path = `/batch/${batch_id}`;
    const { snapshot } = await client.ok('POST', `${path}/snapshot`);
    const asked = ['problems', 'step', 'reset', 'snapshot', 'restore', 'release'] as const;
    const calls = asked.map((name) => vi.spyOn(VectorEnv.prototype, name));
    const bodies: [string, string, object][] = [
      ['step', 'env_ids', { actions: [{}], env_ids: ZEROS }],
      ['step', 'actions', { actions: ZEROS }],
      ['reset', 'env_ids', { env_ids: ZEROS }],
      ['reset', 'seeds', { seeds: ZEROS }],
      ['reset', 'tasks', { tasks: ZEROS }],
      ['snapshot', 'env_ids', { env_ids: ZEROS }],
      ['restore', 'env_ids', { snapshot, env_ids: ZEROS }],
      ['release', 'env_ids', { env_ids: ZEROS }],
      ['step', 'actions', { actions: [{}, {}, {}, {}] }],
    ];
    for (const [call, name, body] of bodies) {
      const reply = await client.call('POST', `${path}/${call}`, body);
      const length = (body as Record<string, unknown[]>)[name]?.length;
      expect([call, reply.status, complaint(reply.body)]).toEqual([
        call,
        422,
        {
          loc: `body.${name}`,
          msg: `expected at most 3 entries in ${name} (as many as the batch has environments), got ${length}`,
        },
      ]);
    }
    for (const call of calls) expect(call).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(await client.ok('GET', path)).toMatchObject({ steps: 0 });
    // Forks count as environments.
    await client.ok('POST', `${path}/fork`, { env_id: 0 });
    expect(await client.step(batch_id, [{}, {}, {}, {}])).toHaveLength(4);
    const { status } = await client.call('POST', `${path}/step`, { actions: [{}, {}, {}, {}, {}] });
    expect(status).toBe(422);
  });

  test('an environment that is named twice is refused with its position', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const { batch_id } = await client.create({ num_envs: 4 });
    const path = `/batch/${batch_id}`;
    const { snapshot } = await client.ok('POST', `${path}/snapshot`);
    const env_ids = [3, 77, 0, 3];
    const bodies: [string, object][] = [
      ['step', { actions: [{}, {}, {}, {}], env_ids }],
      ['reset', { env_ids }],
      ['snapshot', { env_ids }],
      ['restore', { snapshot, env_ids }],
      ['release', { env_ids }],
    ];
    for (const [call, body] of bodies) {
      const reply = await client.call('POST', `${path}/${call}`, body);
      expect([call, reply.status, complaint(reply.body)]).toEqual([
        call,
        422,
        { loc: 'body.env_ids.3', msg: 'environment 3 stands twice in env_ids, at 0 and at 3' },
      ]);
    }
    expect(await client.ok('GET', path)).toMatchObject({ steps: 0 });
  });

  test('a repeated request is answered again although its forks no longer exist', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const { batch_id } = await client.create({ num_envs: 1, max_forks: 1 });
    const path = `/batch/${batch_id}`;
    await client.ok('POST', `${path}/fork`, { env_id: 0 });
    const body = { actions: [{}, {}], env_ids: [0, 1], request_id: 'one' };
    const first = await client.ok('POST', `${path}/step`, body);
    await client.ok('POST', `${path}/release`, { env_ids: [1] });
    expect(await client.ok('POST', `${path}/step`, body)).toEqual(first);
  });

  test('a new batch has at most as many environments as the server allows', async () => {
    const client = new Client(await serve({ maxEnvs: 4, workers: 1 }), format);
    const { batch_id } = await client.create({ num_envs: 1, max_forks: 0 });
    const of = vi.spyOn(VectorEnv, 'of');
    for (const [name, list] of Object.entries({ envs: Array(5).fill({}), tasks: ZEROS })) {
      const reply = await client.call('POST', '/batch', { [name]: list });
      expect([reply.status, complaint(reply.body)]).toEqual([
        422,
        {
          loc: `body.${name}`,
          msg: `expected at most 4 entries in ${name} (as many as the server may have environments), got ${list.length}`,
        },
      ]);
    }
    const included = await client.call('POST', `/batch/${batch_id}/step`, { actions: [{}], include: ZEROS });
    expect([included.status, complaint(included.body).loc]).toEqual([422, 'body.include']);
    expect(of).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

test('a list for an unknown batch is refused without a walk through it', async () => {
  const client = new Client(await serve());
  const reply = await client.call('POST', '/batch/no-such-batch/step', { actions: ZEROS, env_ids: ZEROS });
  expect([reply.status, reply.body.code]).toEqual([404, 'UNKNOWN_BATCH']);
});
