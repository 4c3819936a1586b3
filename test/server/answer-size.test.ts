/** A request whose answer could be too large is refused before it changes anything. No answer exceeds its estimated size. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { packPlain } from '../../src/lib/msgpack.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';
import { ANSWER_LIMITS, type AnswerLimits, AnswerSizes, refuseTooLarge } from '../../src/server/batch/answer-size.ts';
import { Grades } from '../../src/server/batch/grades.ts';
import { type BatchOutcome, resultRows } from '../../src/server/batch/outcome.ts';
import { createServer } from '../../src/server/server.ts';
import { briefingJsonBytes, observationJsonBytes } from '../../src/sim/observation/size.ts';
import type { Batch } from '../../src/vector/batch.ts';
import { resolveOptions, type VectorOptions } from '../../src/vector/options.ts';
import { VectorEnv } from '../../src/vector/vector-env.ts';
import { scripted, smallScenario } from '../vector/support.ts';
import { Client, FORMATS } from './support-batch.ts';

const EVERYTHING = new Set(['breakdown', 'data', 'metadata'] as const);

/** Plays to the end of an episode and beyond, and calls `look` with the outcome of every step. */
async function play(options: VectorOptions, look: (outcome: BatchOutcome) => void): Promise<void> {
  const resolved = resolveOptions({ workers: 0, ...options });
  const vector = VectorEnv.of(resolved);
  const grades = new Grades(new Set());
  const report = (batch: Batch, graded: BatchOutcome['grades']): void =>
    look({
      envIds: batch.envIds,
      batch,
      rows: undefined,
      problems: new Map(),
      grades: graded,
      groupOf: (env) => env,
      included: EVERYTHING,
      told: {},
      successGrade: 0.8,
    });
  const first = await vector.reset();
  const tasks = vector.envIds.map((env) => first.spec(env).task);
  report(first, grades.began(first));
  for (let turn = 0; turn < 50; turn++) {
    const batch = await vector.step(
      vector.envIds.map((env) =>
        env % 2 === 0 ? scripted(tasks[env] ?? '', env, turn) : { reason: '"\\'.repeat(99) },
      ),
    );
    report(batch, grades.stepped(batch));
  }
  await vector.close();
}

/** A scenario whose texts and ids are full of characters that JSON escapes. */
function hostile(emails: number) {
  const text = '"\\\n\u0001 \u{1f989}"'.repeat(40);
  return smallScenario({
    emails: Array.from({ length: emails }, (_, i) => ({
      id: `"\n\u0002${i}`,
      sender: text.slice(0, 60),
      subject: text,
      body: text,
      priority: 'critical' as const,
      sender_relationship: 'VIP' as const,
    })),
  });
}

/** A day with many tasks, all of them overdue, and no contact who could hold one. */
const IDLE_TASKS = {
  task: 'x',
  scenario: smallScenario({
    contacts: [],
    tasks: Array.from({ length: 1_200 }, (_, i) => ({
      id: `t${i}`,
      description: 'd',
      deadline: '2026-06-22T08:00:00',
      owner: 'Bo',
      status: 'in-progress' as const,
    })),
  }),
};

describe('the estimated size of a row', () => {
  test.each([
    ['the shipped tasks, rules v2', { tasks: taskIds(), numEnvs: 2 * taskIds().length, groupSize: 2 }],
    ['the shipped tasks, rules v1', { tasks: taskIds(), numEnvs: 2 * taskIds().length, groupSize: 2, rules: 'v1' }],
    [
      'texts full of characters that JSON escapes',
      { envs: [3, 3, 40, 40].map((n) => ({ task: 'x', scenario: hostile(n) })) },
    ],
    ['many overdue tasks without a holder', { envs: [IDLE_TASKS, IDLE_TASKS], rules: 'v1' }],
    [
      'long briefings that are shortened',
      { envs: [300, 300].map((n) => ({ task: 'x', scenario: hostile(n) })), rules: 'v1' },
    ],
  ] satisfies [string, VectorOptions][])('is never below its actual size: %s', async (_what, options) => {
    for (const autoreset of ['next_step', 'same_step'] as const) {
      const { specs } = resolveOptions(options);
      const sizes = new Map(
        specs.map(({ compiled }) => [compiled.hash, new AnswerSizes(specs, autoreset, 'briefing')]),
      );
      let rows = 0;
      await play({ ...options, autoreset }, (outcome) => {
        resultRows(outcome).forEach((row, i) => {
          rows++;
          const { compiled } = outcome.batch.spec(i);
          const alone = new AnswerSizes([outcome.batch.spec(i)], autoreset, 'briefing');
          const bound = sizes.get(compiled.hash) ?? alone;
          const json = Buffer.byteLength(JSON.stringify(row));
          expect(json).toBeLessThanOrEqual(alone.row('json', EVERYTHING));
          expect(packPlain(row).length).toBeLessThanOrEqual(alone.row('msgpack', EVERYTHING));
          expect(bound.row('json', EVERYTHING)).toBeGreaterThanOrEqual(alone.row('json', EVERYTHING));
          const briefing = Buffer.byteLength(JSON.stringify(row.observation?.briefing ?? ''));
          expect(briefing).toBeLessThanOrEqual(briefingJsonBytes(compiled));
          const { data } = row.observation as { data?: unknown };
          const most = observationJsonBytes(compiled);
          expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(most);
          expect(packPlain(data).length).toBeLessThanOrEqual(most);
        });
      });
      expect(rows).toBeGreaterThan(100);
    }
  });

  test('of a briefing or an observation is at most about twice its actual size in the shipped tasks', async () => {
    await play({ tasks: taskIds() }, ({ batch }) => {
      batch.envIds.forEach((_, i) => {
        const { compiled } = batch.spec(i);
        expect(2 * Buffer.byteLength(batch.briefing(i)) + 4_096).toBeGreaterThan(briefingJsonBytes(compiled));
        const data = Buffer.byteLength(JSON.stringify(batch.observation(i)));
        expect(2 * data + 4_096).toBeGreaterThan(observationJsonBytes(compiled));
      });
    });
  });

  test('of an environment in a snapshot is never below its actual size', async () => {
    const vector = await VectorEnv.create({ tasks: taskIds() });
    await vector.reset();
    const bytes = await vector.snapshot();
    const sizes = new AnswerSizes(resolveOptions({ tasks: taskIds() }).specs, 'next_step', 'briefing');
    const { numEnvs } = vector;
    expect(bytes.length).toBeLessThanOrEqual(4_096 + numEnvs * sizes.saved('msgpack'));
    expect(bytes.toString('base64').length).toBeLessThanOrEqual(4_096 + numEnvs * sizes.saved('json'));
  });
});

test('with the default limits, a msgpack answer holds every environment that a server allows by default', () => {
  const sizes = new AnswerSizes(resolveOptions({}).specs, 'next_step', 'briefing');
  expect(() => refuseTooLarge('msgpack', 65_536, sizes.row('msgpack', new Set()), ANSWER_LIMITS)).not.toThrow();
  expect(() => refuseTooLarge('json', 65_536, sizes.saved('json'), ANSWER_LIMITS)).not.toThrow();
  expect(() => refuseTooLarge('json', 65_536, sizes.row('json', EVERYTHING), ANSWER_LIMITS)).toThrow(
    /^a JSON answer for 65536 environments could take \d+ bytes, more than \d+; ask for at most \d+ at once, or for msgpack$/,
  );
});

describe.each(FORMATS)('a request in %s', (format) => {
  const long = hostile(60);

  async function client(limits: AnswerLimits): Promise<Client> {
    const server = await createServer({ port: 0, logLevel: 'silent', workers: 1 }, limits);
    onTestFinished(() => server.close());
    return new Client(await server.listen(), format);
  }

  test('whose answer could be too large is refused and changes nothing', async () => {
    const { specs } = resolveOptions({ envs: [{ task: 'inline', scenario: long }] });
    const row = new AnswerSizes(specs, 'next_step', 'briefing').row(format, new Set());
    // The limits allow two rows.
    const caller = await client({ json: 2 * row + 9_000, msgpack: 2 * row + 9_000 });
    const { batch_id } = await caller.create({ envs: [{ scenario: long }, { scenario: long }], max_forks: 3 });
    const path = `/batch/${batch_id}`;
    const { env_ids } = await caller.ok('POST', `${path}/fork`, { env_id: 0 });
    expect(env_ids).toEqual([2]);
    const { snapshot } = await caller.ok('POST', `${path}/snapshot`);
    const calls = ['step', 'reset', 'restore', 'fork'] as const;
    const spies = calls.map((call) => vi.spyOn(VectorEnv.prototype, call));
    const bodies: [string, object][] = [
      ['step', { actions: [{}, {}, {}] }],
      ['step', { actions: [{}, {}, {}], request_id: 'x' }],
      ['step', { actions: [{}, {}], include: ['metadata'] }],
      ['step', { actions: [{}, {}], include: ['data'] }],
      ['reset', {}],
      ['restore', { snapshot }],
      ['restore', { snapshot, env_ids: [0, 1, 2] }],
      ['fork', { env_id: 0, k: 3 }],
    ];
    for (const [call, body] of bodies) {
      const { status, body: refusal } = await caller.call('POST', `${path}/${call}`, body);
      expect([call, status, refusal.code]).toEqual([call, 413, 'ANSWER_TOO_LARGE']);
    }
    const { body: refused } = await caller.call('POST', `${path}/step`, { actions: [{}, {}, {}] });
    expect(refused.detail).toBe(
      `a ${format === 'json' ? 'JSON' : 'msgpack'} answer for 3 environments could take ${4_096 + 3 * row} bytes, ` +
        `more than ${2 * row + 9_000}; ask for at most 2 at once${format === 'json' ? ', or for msgpack' : ''}`,
    );
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(await caller.ok('GET', path)).toMatchObject({ steps: 0, env_ids: [0, 1, 2] });
    expect(await caller.step(batch_id, [{}, {}], { env_ids: [0, 2] })).toHaveLength(2);
  });

  test('that creates a batch whose answer could be too large creates nothing', async () => {
    const caller = await client({ json: 50_000, msgpack: 50_000 });
    const of = vi.spyOn(VectorEnv, 'of');
    const reply = await caller.call('POST', '/batch', { envs: [{ scenario: long }, { scenario: long }] });
    expect([reply.status, reply.body.code]).toEqual([413, 'ANSWER_TOO_LARGE']);
    expect(of).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect((await caller.ok('GET', '/health')).status).toBeDefined();
  });
});

test('a snapshot is refused if its base64 text could be too large', async () => {
  const server = await createServer({ port: 0, logLevel: 'silent', workers: 1 }, { json: 8_000, msgpack: 2 ** 30 });
  onTestFinished(() => server.close());
  const client = new Client(await server.listen(), 'msgpack');
  const { batch_id } = await client.create({ num_envs: 4, max_forks: 0 });
  const save = vi.spyOn(VectorEnv.prototype, 'snapshot');
  const path = `/batch/${batch_id}/snapshot`;
  const refused = await client.call('POST', path, {}, { accept: 'application/json' });
  expect([refused.status, refused.body.code]).toEqual([413, 'ANSWER_TOO_LARGE']);
  expect(save).not.toHaveBeenCalled();
  await client.ok('POST', path);
  expect(save).toHaveBeenCalledOnce();
  vi.restoreAllMocks();
});
