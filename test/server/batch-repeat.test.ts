/** A request repeated with the same request_id gets the same answer and has no second effect. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AnswerStore, fingerprint, Remembered } from '../../src/server/batch/remembered.ts';
import { Memory } from '../../src/server/memory.ts';
import { VectorEnv } from '../../src/vector/vector-env.ts';
import { Client, FORMATS, plain } from './support-batch.ts';
import { serve } from './support-server.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(FORMATS)('in %s', (format) => {
  test('a repeated step is answered in the format of the repeated request', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({ num_envs: 3 });
    const path = `/batch/${batch_id}/step`;
    const body = { actions: [{}, 'no', {}], include: ['metadata'], request_id: 'one' };
    const first = await client.call('POST', path, body);
    const again = await client.call('POST', path, body);
    const other = await client.call('POST', path, body, {
      accept: format === 'json' ? 'application/msgpack' : 'application/json',
    });
    expect(first.body).toMatchObject({ request_id: 'one', batch_id });
    expect(again).toEqual({ ...first, headers: again.headers });
    expect(other.type).not.toBe(first.type);
    expect(plain(other.body.results)).toEqual(plain(first.body.results));
    expect((await client.ok('GET', `/batch/${batch_id}`)).steps).toBe(3);
    // Apart from the id, the answer equals the answer to a request without an id.
    const { results } = await client.ok('POST', `/batch/${batch_id}/reset`, { seed: 4 });
    const named = await client.ok('POST', `/batch/${batch_id}/reset`, { seed: 4, request_id: 'r' });
    expect(plain(named.results)).toEqual(plain(results));
  });

  test('a step repeated while it is still in flight is played once', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({ num_envs: 2 });
    const step = vi.spyOn(VectorEnv.prototype, 'step');
    const body = { actions: ['{"}'.repeat(333_333), {}], request_id: 'slow' };
    const [first, ...others] = await Promise.all(
      [1, 2, 3].map(() => client.call('POST', `/batch/${batch_id}/step`, body)),
    );
    expect(first?.status).toBe(200);
    for (const other of others) expect(other.body).toEqual(first?.body);
    expect(step).toHaveBeenCalledOnce();
  });

  test('create, reset, fork and restore can be repeated', async () => {
    const client = new Client(await serve(), format);
    const create = { num_envs: 2, request_id: 'c' };
    const made = await client.create(create);
    expect(await client.create(create)).toEqual(made);
    const path = `/batch/${made.batch_id}`;
    const { snapshot } = await client.ok('POST', `${path}/snapshot`);
    const calls: [string, object][] = [
      ['reset', { env_ids: [1], request_id: 'r' }],
      ['fork', { env_id: 1, request_id: 'f' }],
      ['restore', { snapshot, request_id: 's' }],
    ];
    for (const [call, body] of calls) {
      const first = await client.ok('POST', `${path}/${call}`, body);
      expect(await client.ok('POST', `${path}/${call}`, body)).toEqual(first);
      expect(first.request_id).toBe((body as { request_id: string }).request_id);
    }
    expect((await client.ok('GET', path)).env_ids).toEqual([0, 1, 2]);
    const [row] = await client.step(made.batch_id, [{}], { env_ids: [2] });
    expect(row?.observation?.episode).toBe(1);
    // Once the batch is deleted, the same request creates a new batch.
    await client.ok('DELETE', path);
    expect((await client.create(create)).batch_id).not.toBe(made.batch_id);
  });

  test('the id of another request is refused; the id of a refused request is free', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({ num_envs: 1 });
    const path = `/batch/${batch_id}`;
    expect((await client.call('POST', `${path}/step`, { actions: [], request_id: 'a' })).status).toBe(422);
    const first = await client.step(batch_id, [{}], { request_id: 'a' });
    const others: [string, object][] = [
      ['step', { actions: [{ action_type: 'do_nothing' }], request_id: 'a' }],
      ['step', { actions: [{}], env_ids: [0], request_id: 'a' }],
      ['reset', { request_id: 'a' }],
    ];
    for (const [call, body] of others) {
      expect(await client.call('POST', `${path}/${call}`, body)).toMatchObject({
        status: 409,
        body: { code: 'REQUEST_ID_REUSED' },
      });
    }
    expect(await client.step(batch_id, [{}], { request_id: 'a' })).toEqual(first);
    const other = await client.create({ num_envs: 1 });
    expect((await client.step(other.batch_id, ['no'], { request_id: 'a' }))[0]?.error?.code).toBe('INVALID_ACTION');
  });

  test('the last sixteen answers of a batch are kept; a request whose answer has gone is not played again', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({ num_envs: 1, tasks: ['dinner_disaster'] });
    for (let id = 0; id < 17; id++) await client.step(batch_id, [{}], { request_id: `${id}` });
    await client.step(batch_id, [{}], { request_id: '1' });
    expect(await client.call('POST', `/batch/${batch_id}/step`, { actions: [{}], request_id: '0' })).toMatchObject({
      status: 409,
      body: { code: 'ANSWER_FORGOTTEN' },
    });
    expect((await client.ok('GET', `/batch/${batch_id}`)).steps).toBe(17);
  });
});

describe('remembered answers', () => {
  test('an answer that no longer fits into memory is not computed again', async () => {
    const answers = new Remembered(new AnswerStore(new Memory(1), 1_000), 'b', 16);
    const make = vi.fn(async () => Buffer.alloc(600));
    for (const id of ['x', 'y']) await answers.answer(id, 'print', make);
    expect(await answers.answer('y', 'print', make)).toHaveLength(600);
    expect(() => answers.answer('x', 'print', make)).toThrow(expect.objectContaining({ code: 'ANSWER_FORGOTTEN' }));
    expect(make).toHaveBeenCalledTimes(2);
  });

  test('ids are kept longer than answers, up to their own limit', async () => {
    const answers = new Remembered(new AnswerStore(new Memory(2 ** 20), 1_000), 'b', 1, 3);
    const make = vi.fn(async () => Buffer.from('answer'));
    for (const id of ['a', 'b', 'c', 'd']) await answers.answer(id, 'print', make);
    for (const id of ['b', 'c']) {
      expect(() => answers.answer(id, 'print', make)).toThrow(expect.objectContaining({ code: 'ANSWER_FORGOTTEN' }));
    }
    expect(`${await answers.answer('d', 'print', make)}`).toBe('answer');
    expect(make).toHaveBeenCalledTimes(4);
    await answers.answer('a', 'print', make);
    expect(make).toHaveBeenCalledTimes(5);
  });

  test('fingerprints differ between requests, not between formats', () => {
    const print = (body: Record<string, unknown>): string => fingerprint('step', body);
    const body = { actions: [{ a: '1' }, 'x'], env_ids: [1, 2] };
    expect(print({ ...body, include: null })).toBe(print(structuredClone(body)));
    const others = [
      print({ ...body, actions: [{ a: 1 }, 'x'] }),
      print({ ...body, env_ids: [2, 1] }),
      print({ ...body, actions: ['x', { a: '1' }] }),
      fingerprint('reset', body),
    ];
    expect(new Set([print(body), ...others]).size).toBe(5);
    expect(print({ snapshot: Buffer.from('ab') })).not.toBe(print({ snapshot: Buffer.from('ac') }));
    let deep: unknown = [];
    for (let i = 0; i < 200_000; i++) deep = [deep];
    expect(print({ actions: [deep, 'x'] })).not.toBe(print({ actions: [deep, 'y'] }));
  });
});
