/** The memory that clients hold between their requests has one limit. The least recently used holder is evicted first. */
import { expect, onTestFinished, test } from 'vitest';
import { type Holder, Memory } from '../../src/server/memory.ts';
import { Problem } from '../../src/server/problem.ts';
import { Sessions } from '../../src/server/sessions.ts';
import { Specs } from '../../src/server/specs.ts';
import { makeServer } from './support-server.ts';
import { Client, serve } from './support-ws.ts';

const MIB = 2 ** 20;

/** Holders by name, and the names of the evicted ones. */
function holders(busy: readonly string[] = []): { of(name: string): Holder; readonly gone: string[] } {
  const known = new Map<string, Holder>();
  const gone: string[] = [];
  const of = (name: string): Holder => {
    const holder = known.get(name) ?? { mayGo: () => !busy.includes(name), giveUp: () => void gone.push(name) };
    known.set(name, holder);
    return holder;
  };
  return { of, gone };
}

function problemOf(work: () => void): Pick<Problem, 'status' | 'code' | 'message' | 'retryAfter'> {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('expected a Problem');
}

test('the least recently used holders are evicted, and no more of them than needed', () => {
  const memory = new Memory(10);
  const { of, gone } = holders();
  for (const name of ['a', 'b', 'c']) memory.hold(of(name), 3 * MIB);
  memory.touch(of('a'));
  memory.hold(of('d'), 4 * MIB);
  expect(gone).toEqual(['b']);
  expect(memory.used).toBe(10 * MIB);
  memory.hold(of('e'), 7 * MIB);
  expect(gone).toEqual(['b', 'c', 'a', 'd']);
  expect(memory.used).toBe(7 * MIB);
});

test('a holder that changes its amount is counted once, and evicts others but not itself', () => {
  const memory = new Memory(10);
  const { of, gone } = holders();
  memory.hold(of('a'), 2 * MIB);
  memory.hold(of('b'), 8 * MIB);
  memory.hold(of('a'), MIB);
  expect([gone, memory.used]).toEqual([[], 9 * MIB]);
  memory.hold(of('a'), 6 * MIB);
  expect([gone, memory.used]).toEqual([['b'], 6 * MIB]);
  memory.release(of('a'));
  memory.release(of('a'));
  expect(memory.used).toBe(0);
});

test('if the holders in use leave too little memory, nothing is evicted and the error says so', () => {
  const memory = new Memory(10);
  const { of, gone } = holders(['busy']);
  memory.hold(of('busy'), 8 * MIB);
  memory.hold(of('idle'), MIB);
  const none = problemOf(() => memory.hold(of('new'), 3 * MIB));
  expect(none).toMatchObject({ status: 503, code: 'OUT_OF_MEMORY', retryAfter: 5 });
  expect(none.message).toContain(
    'takes 3 MiB of memory; connected sessions and running batches leave too little of the 10 MiB',
  );
  expect(gone).toEqual([]);
  const large = problemOf(() => memory.hold(of('new'), 11 * MIB));
  expect(large).toMatchObject({ status: 413, code: 'TOO_LARGE', retryAfter: undefined });
  expect(memory.used).toBe(9 * MIB);
});

/** An inline scenario that takes a few MiB once it is compiled. */
function heavyDay(): object {
  const emails = Array.from({ length: 900 }, (_, i) => ({
    id: `e${i}`,
    sender: 'Ann '.repeat(250),
    subject: `Question ${i}`,
    body: 'word',
    priority: 'low',
    sender_relationship: 'professional',
  }));
  return { simulation_time: '2026-06-22T09:00:00', emails };
}

test('kept episodes are evicted for new ones, and then answer 404', async () => {
  const { app } = await makeServer({ maxMemory: 16 });
  const reset = (episode_id: string) =>
    app.inject({ method: 'POST', url: '/reset', payload: { episode_id, scenario: heavyDay(), seed: 1 } });
  const step = (episode_id: string) =>
    app.inject({ method: 'POST', url: '/step', payload: { episode_id, action: { action_type: 'do_nothing' } } });
  await reset('day-0');
  const each = (await heldBytes(app)) / 2;
  const count = Math.ceil((16 * MIB) / each);
  for (let day = 1; day <= 2 * count; day++) {
    expect((await reset(`day-${day}`)).statusCode).toBe(200);
    // An episode that is still played stays.
    expect((await step('day-0')).statusCode).toBe(200);
  }
  expect((await step('day-1')).statusCode).toBe(404);
  expect((await step(`day-${2 * count}`)).statusCode).toBe(200);
  expect(await heldBytes(app)).toBeLessThanOrEqual(16 * MIB);
});

type App = Awaited<ReturnType<typeof makeServer>>['app'];

async function heldBytes(app: App): Promise<number> {
  const { body } = await app.inject('/metrics');
  return Number(/^ghostexec_held_bytes (\S+)$/m.exec(body)?.[1]);
}

test('a session that has ended holds no memory, even if it is played further', () => {
  const memory = new Memory(64);
  const specs = new Specs({ task: 'phase2_core', rules: 'v2', rewardMode: 'full' });
  const sessions = new Sessions(specs, memory, {
    maxSessions: 4,
    maxSessionsPerClient: 0,
    episodeTimeout: 600,
    socketIdleTimeout: 0,
  });
  onTestFinished(() => sessions.close('the test is over'));
  const entry = sessions.open('::1', { isSilent: false, close: () => undefined });
  entry.session.reset();
  expect(memory.used).toBeGreaterThan(0);
  sessions.end(entry);
  expect(memory.used).toBe(0);
  entry.session.reset();
  expect(memory.used).toBe(0);
});

test('a scenario that is larger than the whole memory limit is refused', async () => {
  const { app } = await makeServer({ maxMemory: 1 });
  const answer = await app.inject({ method: 'POST', url: '/reset', payload: { scenario: heavyDay() } });
  expect(answer.statusCode).toBe(413);
  expect(answer.json()).toMatchObject({ code: 'TOO_LARGE' });
  // Shipped scenarios can still be played. The server only does not keep them compiled.
  expect((await app.inject({ method: 'POST', url: '/reset', payload: {} })).statusCode).toBe(200);
});

test('the episode of a connected socket stays, and another socket gets an error about the memory', async () => {
  const url = await serve({ maxMemory: 12 });
  const clients: Client[] = [];
  for (;;) {
    const client = await Client.connect(`${url}/ws`);
    clients.push(client);
    const answer = await client.ask({ type: 'reset', data: { scenario: heavyDay(), seed: 1 } });
    if (answer.type === 'error') {
      expect(answer.data).toMatchObject({ code: 'EXECUTION_ERROR' });
      expect(answer.data.message).toContain('leave too little of the 12 MiB');
      break;
    }
    expect(clients.length).toBeLessThan(1_000);
  }
  expect(clients.length).toBeGreaterThan(1);
  for (const client of clients.slice(0, -1)) {
    expect((await client.step({ action_type: 'do_nothing' })).data.observation.step_ok).toBe(true);
  }
  // A socket that closes frees memory: its kept session, without a connection, can be evicted.
  clients[0]?.socket.close();
  await clients[0]?.closed;
  const last = clients.at(-1);
  await expect
    .poll(() => last?.ask({ type: 'reset', data: { scenario: heavyDay(), seed: 1 } }).then(({ type }) => type))
    .toBe('observation');
});

test('batches count with all their slots, and a deleted batch frees its memory', async () => {
  const { app } = await makeServer({ maxMemory: 32, workers: 1 });
  const create = (payload: object) => app.inject({ method: 'POST', url: '/batch', payload });
  const large = await create({ num_envs: 8_192, tasks: ['phase2_core'], max_forks: 0 });
  expect(large.statusCode).toBe(413);
  expect(large.json()).toMatchObject({ code: 'TOO_LARGE' });
  const before = await heldBytes(app);
  const made = await create({ num_envs: 512, tasks: ['phase2_core'], max_forks: 0 });
  expect(made.statusCode).toBe(200);
  const held = await heldBytes(app);
  // More environments than fit beside the first batch, but fewer than fit without it.
  const num_envs = Math.ceil((32 * MIB - held) / ((held - before) / 512)) + 200;
  const refused = await create({ num_envs, tasks: ['phase2_core'], max_forks: 0 });
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBe('5');
  await app.inject({ method: 'DELETE', url: `/batch/${made.json().batch_id}` });
  expect(await heldBytes(app)).toBeLessThanOrEqual(before + MIB);
  expect((await create({ num_envs, tasks: ['phase2_core'], max_forks: 0 })).statusCode).toBe(200);
});
