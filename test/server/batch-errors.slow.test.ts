/** An error of one environment affects no other. An error of the whole request is answered in the format of the request. */
import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { HostedBatch } from '../../src/server/batch/hosted.ts';
import type { BatchOutcome } from '../../src/server/batch/outcome.ts';
import { planBatch } from '../../src/server/batch/plan.ts';
import { createRequestSchema } from '../../src/server/batch/wire.ts';
import { createContext } from '../../src/server/context.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { parseServerOptions } from '../../src/server/options.ts';
import { Specs } from '../../src/server/specs.ts';
import { VectorEnv } from '../../src/vector/vector-env.ts';
import { CAUSES, dieAt, FAULTY, poison } from '../vector/faults.ts';
import { smallScenario } from '../vector/support.ts';
import { Client, FORMATS, unpack } from './support-batch.ts';
import { serve } from './support-server.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A completion that keeps a worker busy long enough for a second request: the reader gives up its search as late as possible. */
const SLOW = '{"}'.repeat(333_333);
const REFUSED = { observation: null, reward: null, terminated: false, truncated: false };

/** Gives every batch created from now on workers that die on command. */
function makeFaulty(worker = FAULTY): void {
  const { of } = VectorEnv;
  vi.spyOn(VectorEnv, 'of').mockImplementation((options) => of({ ...options, worker }));
}

describe.each(FORMATS)('errors of single environments, in %s', (format) => {
  test('an unknown environment and an action of any kind', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({ num_envs: 4, group_size: 2 });
    const rows = await client.step(batch_id, [{ action_type: 'nap' }, {}, {}, null], { env_ids: [3, 77, 0, -1] });
    expect(rows.map((row) => [row.env_id, row.group_id, row.error?.code])).toEqual([
      [3, 1, 'INVALID_ACTION'],
      [77, null, 'UNKNOWN_ENV'],
      [0, 0, undefined],
      [-1, null, 'UNKNOWN_ENV'],
    ]);
    expect(rows[0]?.observation).toMatchObject({ step_ok: false, error: rows[0]?.error?.message });
    expect(rows[1]).toMatchObject(REFUSED);
    expect(await client.ok('GET', `/batch/${batch_id}`)).toMatchObject({ steps: 2 });
    const again = await client.ok('POST', `/batch/${batch_id}/reset`, { env_ids: [1, 9], seeds: [5, 6] });
    expect(again.results.map((row) => row.error?.code)).toEqual([undefined, 'UNKNOWN_ENV']);
    expect(again.results[0]?.observation?.seed).toBe(5);
  });

  test('an environment that another request is stepping', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({ num_envs: 3 });
    const vector = vi.spyOn(VectorEnv.prototype, 'step');
    const slow = client.step(batch_id, [SLOW, SLOW], { env_ids: [0, 1] });
    await vi.waitFor(() => expect(vector).toHaveBeenCalledOnce(), { timeout: 20_000, interval: 1 });
    const path = `/batch/${batch_id}`;
    const [rows, reset, snapshot, fork] = await Promise.all([
      client.step(batch_id, [{}, {}], { env_ids: [1, 2] }),
      client.ok('POST', `${path}/reset`, { env_ids: [0] }),
      client.call('POST', `${path}/snapshot`, {}),
      client.call('POST', `${path}/fork`, { env_id: 1 }),
    ]);
    expect(rows.map((row) => row.error?.code)).toEqual(['ALREADY_PENDING', undefined]);
    expect(reset.results.map((row) => row.error?.code)).toEqual(['ALREADY_PENDING']);
    expect([snapshot.status, fork.status]).toEqual([409, 409]);
    expect((await slow).map((row) => row.error?.code)).toEqual(['INVALID_ACTION', 'INVALID_ACTION']);
  });

  test('environments that are lost with their worker thread fail until they are reset', async () => {
    makeFaulty();
    const counted = vi.spyOn(Metrics.prototype, 'restarted');
    const url = await serve({ workers: 2 });
    const client = new Client(url, format);
    const { batch_id, env_ids } = await client.create({ num_envs: 70, tasks: ['phase2_core'] });
    const wait = env_ids.map(() => ({}));
    // The worker dies during a step, and so does every replacement.
    dieAt('recover', 'before', 'exit', 1_000);
    const rows = await client.step(
      batch_id,
      env_ids.map((env) => (env === 69 ? poison('exit') : {})),
    );
    dieAt('recover', 'before', 'exit', 0);
    expect(rows.map((row) => row.env_id)).toEqual(env_ids);
    expect(rows.map((row) => row.error?.code)).toEqual(env_ids.map((env) => (env < 35 ? undefined : 'SHARD_FAILED')));
    expect(rows[34]?.observation?.briefing).toContain('step 1 of');
    expect(rows[35]).toMatchObject({ ...REFUSED, group_id: 35 });
    const later = await client.step(batch_id, [{}, {}], { env_ids: [40, 3] });
    expect(later.map((row) => row.error?.code)).toEqual(['SHARD_FAILED', undefined]);
    expect((await client.call('POST', `/batch/${batch_id}/snapshot`, { env_ids: [50] })).status).toBe(503);
    const reset = await client.ok('POST', `/batch/${batch_id}/reset`, { env_ids: env_ids.slice(35) });
    expect(reset.results.every((row) => row.error === undefined)).toBe(true);
    expect((await client.step(batch_id, wait)).every((row) => row.error === undefined)).toBe(true);
    expect(await client.ok('GET', `/batch/${batch_id}`)).toMatchObject({ worker_restarts: 1, recoveries: 0 });
    expect(counted.mock.calls).toEqual([[1]]);
  });

  test.each(['v1', 'v2'])('an action that ends its worker thread fails alone, under rules %s', async (rules) => {
    makeFaulty();
    const recovered = vi.spyOn(Metrics.prototype, 'recovered');
    const client = new Client(await serve({ workers: 1 }), format);
    const made = { num_envs: 3, tasks: ['phase2_core'], rules, autoreset: 'disabled' };
    const { batch_id } = await client.create(made);
    const other = await client.create(made);
    const rows = await client.step(batch_id, [{}, poison('exit'), {}], { include: ['metadata'] });
    const expected = await client.step(other.batch_id, [{}, {}, {}], { include: ['metadata'] });
    expect([rows[0], rows[2]]).toEqual([expected[0], expected[2]]);
    const message = `the episode failed: its step ended the worker thread (${CAUSES.exit})`;
    expect(rows[1]).toMatchObject({
      reward: 0,
      terminated: false,
      truncated: true,
      error: { code: 'EPISODE_FAILED', message },
      observation: {
        step_ok: false,
        error: message,
        metadata: { episode_active: false, episode_end_reason: 'failed' },
      },
    });
    expect(rows[1]).not.toHaveProperty('grade');
    const again = await client.step(batch_id, [{}], { env_ids: [1] });
    expect(again[0]?.error?.code).toBe('EPISODE_FAILED');
    expect(again[0]).not.toHaveProperty('grade');
    const reset = await client.ok('POST', `/batch/${batch_id}/reset`, { env_ids: [1] });
    expect(reset.results[0]?.error).toBeUndefined();
    const { recoveries } = await client.ok('GET', `/batch/${batch_id}`);
    expect(recoveries).toBeGreaterThanOrEqual(3);
    expect(recovered).toHaveBeenCalledTimes(Number(recoveries));
  });
});

describe('requests', () => {
  test('that are invalid are refused in the requested format', async () => {
    const url = await serve();
    const json = new Client(url);
    const { batch_id } = await json.create({ num_envs: 2 });
    const path = `/batch/${batch_id}`;
    const cases: [string, string, unknown, number, string][] = [
      ['POST', `${path}/step`, { actions: [{}] }, 422, 'body.actions'],
      ['POST', `${path}/step`, { actions: [{}], env_ids: ['0'] }, 422, 'body.env_ids.0'],
      ['POST', `${path}/step`, {}, 422, 'body.actions'],
      ['POST', `${path}/step`, { actions: [{}, {}], more: 1 }, 422, 'body.more'],
      ['POST', `${path}/reset`, { seeds: [1] }, 422, 'body.seeds'],
      ['POST', `${path}/reset`, { task_id: 'no such task' }, 422, 'no such task'],
      ['POST', `${path}/restore`, { snapshot: 'AAAA' }, 422, 'snapshot'],
      ['POST', `${path}/release`, { env_ids: [9] }, 404, 'environment 9'],
      ['POST', `${path}/fork`, { env_id: 9 }, 404, 'environment 9'],
      ['POST', `${path}/fork`, { env_id: 0, k: 3 }, 413, '3 more environments'],
      ['POST', '/batch/no-such-batch/step', { actions: [] }, 404, 'no-such-batch'],
      ['GET', '/batch/no-such-batch', undefined, 404, 'UNKNOWN_BATCH'],
      ['DELETE', '/batch/no-such-batch', undefined, 404, 'UNKNOWN_BATCH'],
      ['POST', '/batch', { tasks: ['x'] }, 422, 'known tasks: phase2_core'],
      ['POST', '/batch', { envs: [{ task_id: 'x' }] }, 422, 'body.envs.0.task_id'],
      ['POST', '/batch', { envs: [{ split: 'train', index: 10_000 }] }, 422, 'body.envs.0.index'],
      ['POST', '/batch', { envs: [{}], num_envs: 2 }, 422, '1 env specs for 2'],
      ['POST', '/batch', { num_envs: 3, group_size: 2 }, 422, 'whole groups of 2'],
      ['POST', '/batch', { envs: [{ scenario: {} }] }, 422, 'simulation_time'],
      ['POST', '/batch', { autoreset: 'never' }, 422, 'body.autoreset'],
      ['POST', '/batch', [], 422, 'body'],
    ];
    for (const [method, at, body, status, text] of cases) {
      for (const client of [json, new Client(url, 'msgpack')]) {
        const reply = await client.call(method, at, body);
        expect(reply.status, `${method} ${at} ${JSON.stringify(reply.body)}`).toBe(status);
        expect(reply.type).toContain(client.format);
        const { detail } = reply.body;
        const whole =
          JSON.stringify(reply.body) + (Array.isArray(detail) ? detail.map((d) => d.loc.join('.')).join() : '');
        expect(whole).toContain(text);
      }
    }
    expect(await json.ok('GET', path)).toMatchObject({ env_ids: [0, 1], steps: 0 });
  });

  test('are read in the format of Content-Type and answered in the format of Accept', async () => {
    const url = await serve();
    const client = new Client(url, 'msgpack');
    const typeOf = async (headers: Record<string, string>): Promise<string> =>
      (await client.call('POST', '/batch', { num_envs: 1 }, headers)).type;
    expect(await typeOf({ accept: '*/*' })).toBe('application/msgpack');
    expect(await typeOf({ accept: 'application/json' })).toContain('application/json');
    expect(await typeOf({ accept: 'application/json;q=0.1, application/x-msgpack' })).toBe('application/msgpack');
    expect(await typeOf({ 'content-type': 'application/vnd.msgpack', accept: 'text/html' })).toBe(
      'application/msgpack',
    );
    const json = await new Client(url).call('POST', '/batch', { num_envs: 1 }, { accept: 'application/vnd.msgpack' });
    expect([json.status, json.type]).toEqual([200, 'application/msgpack']);
    const bad = await fetch(`${url}/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/msgpack' },
      body: new Uint8Array([0xdd, 1, 255, 255, 255]),
    });
    expect(bad.status).toBe(422);
    expect(unpack(Buffer.from(await bad.arrayBuffer()))).toMatchObject({
      detail: [{ type: 'msgpack_invalid', loc: ['body'], input: null }],
    });
  });
});

test('lost environments cannot be reset while the answer that reports them is being written', async () => {
  makeFaulty();
  const specs = new Specs({ task: 'phase2_core', rules: 'v2', rewardMode: 'full' });
  const asked = createRequestSchema.parse({ num_envs: 2, tasks: ['phase2_core'] });
  const plan = await planBatch(asked, specs, { rules: 'v2', rewardMode: 'full', successGrade: 0.8, workers: 1 }, 100);
  const batch = new HostedBatch(plan, { restarted: () => undefined, recovered: () => undefined });
  onTestFinished(() => batch.close());
  const everything = { envIds: undefined, seed: undefined, seeds: undefined, task: undefined, tasks: undefined };
  const codes = async ({ problems }: BatchOutcome): Promise<string[]> => [...problems.values()].map(({ code }) => code);
  await batch.reset(everything, new Set(), codes);
  dieAt('recover', 'before', 'exit', 1_000);
  const [writing, written] = [new EventEmitter(), new EventEmitter()];
  const begun = once(writing, 'begun');
  const step = batch.step([poison('exit'), {}], undefined, new Set(), async (outcome) => {
    writing.emit('begun');
    await once(written, 'written');
    return codes(outcome);
  });
  await begun;
  dieAt('recover', 'before', 'exit', 0);
  expect(await batch.reset(everything, new Set(), codes)).toEqual(['ALREADY_PENDING', 'ALREADY_PENDING']);
  written.emit('written');
  expect(await step).toEqual(['SHARD_FAILED', 'SHARD_FAILED']);
  expect(await batch.reset(everything, new Set(), codes)).toEqual([]);
});

describe('limits', () => {
  test('on batches: 429, with Retry-After', async () => {
    const client = new Client(await serve({ maxBatches: 1 }));
    const { batch_id } = await client.create({ num_envs: 1 });
    const reply = await client.call('POST', '/batch', { num_envs: 1 });
    expect(reply.status).toBe(429);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(reply.body).toMatchObject({ code: 'TOO_MANY_BATCHES', limit: 1, in_use: 1, asked: 1 });
    await client.ok('DELETE', `/batch/${batch_id}`);
    expect((await client.create({ num_envs: 1 })).env_ids).toEqual([0]);
  });

  test('on batches being created: further creates are refused at once, without waiting', async () => {
    const { batches } = createContext(parseServerOptions({ maxBatches: 2 }));
    onTestFinished(() => batches.close());
    const create = (): Promise<string> =>
      batches
        .create(createRequestSchema.parse({ num_envs: 1, tasks: ['nothing'] }), () => undefined)
        .then(({ id }) => id)
        .catch(({ code }: { code: string }) => code);
    const all = Promise.all([create(), create(), create(), create()]);
    expect(await all).toEqual(['UNKNOWN_TASK', 'UNKNOWN_TASK', 'TOO_MANY_BATCHES', 'TOO_MANY_BATCHES']);
    // The failed creates have released their slots.
    expect(await create()).toBe('UNKNOWN_TASK');
  });

  test('on environments of all batches, slots for forks included: 413', async () => {
    const client = new Client(await serve({ maxEnvs: 10 }));
    await client.create({ num_envs: 2, max_forks: 2 });
    const over = await client.call('POST', '/batch', { num_envs: 4, max_forks: 3 });
    expect([over.status, over.body]).toMatchObject([413, { code: 'TOO_MANY_ENVS', limit: 10, in_use: 4, asked: 7 }]);
    expect(await client.call('POST', '/batch', { group_size: 1_000_000, tasks: ['phase2_core'] })).toMatchObject({
      status: 413,
    });
    // Without max_forks, a batch gets every slot that is still free.
    const { batch_id } = await client.create({ num_envs: 5 });
    expect((await client.ok('POST', `/batch/${batch_id}/fork`, { env_id: 0 })).env_ids).toEqual([5]);
    expect((await client.call('POST', `/batch/${batch_id}/fork`, { env_id: 0 })).body).toMatchObject({
      code: 'CAPACITY',
    });
  });

  test('an environment with a large scenario counts as several environments', async () => {
    const client = new Client(await serve({ maxEnvs: 8 }));
    const emails = Array.from({ length: 120 }, (_, i) => ({
      id: `e${i}`,
      sender: 'Ana Lumme '.repeat(500),
      subject: 'x',
      body: 'A letter.',
      priority: 'critical' as const,
      sender_relationship: 'VIP' as const,
    }));
    const scenario = smallScenario({ emails });
    const reply = await client.call('POST', '/batch', { envs: Array(8).fill({ scenario }), max_forks: 0 });
    expect(reply).toMatchObject({ status: 413, body: { code: 'TOO_MANY_ENVS', limit: 8, in_use: 0 } });
    expect(Number(reply.body.asked) % 8).toBe(0);
    expect(Number(reply.body.asked)).toBeGreaterThan(8);
    expect((await client.create({ envs: [{ scenario }], max_forks: 0 })).results[0]?.observation?.task_id).toBe(
      'inline',
    );
  });

  test('on the size and the number of documents', async () => {
    const client = new Client(await serve());
    const large = smallScenario({ emails: [] });
    const reply = await client.call('POST', '/batch', { envs: [{ scenario: { ...large, x: 'y'.repeat(2 ** 20) } }] });
    expect(reply).toMatchObject({ status: 413, body: { code: 'DOCUMENT_TOO_LARGE' } });
    const single = await client.call('POST', '/reset', { drift: { x: 'y'.repeat(2 ** 20) } });
    expect(single).toMatchObject({ status: 413, body: { code: 'DOCUMENT_TOO_LARGE' } });
    const envs = Array.from({ length: 257 }, (_, i) => ({ scenario: smallScenario({ stress: i / 4 }) }));
    expect(await client.call('POST', '/batch', { envs })).toMatchObject({
      status: 413,
      body: { code: 'TOO_MANY_DOCUMENTS' },
    });
  });

  test('idle batches are deleted, batches in use are not', async () => {
    const client = new Client(await serve({ batchTimeout: 1 }));
    const [idle, used] = [await client.create({ num_envs: 1 }), await client.create({ num_envs: 1 })];
    await vi.waitFor(
      async () => {
        await client.step(used.batch_id, [{}]);
        expect((await client.call('GET', `/batch/${idle.batch_id}`)).status).toBe(404);
      },
      { timeout: 30_000, interval: 50 },
    );
    expect(await client.ok('GET', `/batch/${used.batch_id}`)).toMatchObject({ env_ids: [0] });
  });
});
