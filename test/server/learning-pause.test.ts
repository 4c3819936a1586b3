/** A trainer computes for hours between two steps, with hundreds of episodes in flight: none of them may end meanwhile. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeServer } from './support-server.ts';

const HOUR = 3_600_000;
const TASK = { task_id: 'phase2_core', seed: 3 };
const IDLE = { action_type: 'do_nothing' };

let skipped = 0;
const clock = performance.now.bind(performance);

/** Lets a time pass, in milliseconds, without waiting. */
function pass(time: number): void {
  skipped += time;
  // The server looks every 5 s for what was idle too long.
  vi.advanceTimersByTime(10_000);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + skipped);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Ask = (path: string, body: object, headers?: Record<string, string>) => Promise<string>;

/** Sends requests to a server. They must be answered 200. */
async function asker(options = {}): Promise<Ask> {
  const { app } = await makeServer(options);
  return async (url, payload, headers = {}) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload, headers });
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${body}`);
    return body;
  };
}

type Steps = () => Promise<number>;

/** Begins an episode in each way that needs no socket. A `Steps` plays one step and returns the number of steps so far. */
const WAYS: Record<string, (ask: Ask, name: string) => Promise<Steps>> = {
  ORS: async (ask, name) => {
    const headers = { 'x-session-id': name };
    await ask('/create', { task_spec: TASK }, headers);
    return async () => numberIn(await ask('/call', { name: 'do_nothing', input: {} }, headers));
  },
  HTTP: async (ask, name) => {
    await ask('/reset', { ...TASK, episode_id: name });
    return async () => numberIn(await ask('/step', { episode_id: name, action: IDLE }));
  },
  MCP: async (ask) => {
    const call = (method: string, params: object): Promise<string> =>
      ask('/mcp', { jsonrpc: '2.0', id: 1, method, params });
    const { session_id } = JSON.parse(await call('openenv/session/create', TASK)).result;
    return async () => numberIn(await call('tools/call', { name: 'do_nothing', arguments: {}, session_id }));
  },
  batch: async (ask) => {
    const { batch_id } = JSON.parse(await ask('/batch', { num_envs: 1, tasks: [TASK.task_id] }));
    return async () => numberIn(await ask(`/batch/${batch_id}/step`, { actions: [IDLE] }));
  },
};

function numberIn(answer: string): number {
  const [, step] = /\| step (\d+) of 8,/.exec(answer) ?? [];
  if (step === undefined) throw new Error(answer);
  return Number(step);
}

describe.each(Object.entries(WAYS))('an episode over %s', (_, begin) => {
  test('waits for a trainer that computes for five hours, again and again', async () => {
    const ask = await asker({ workers: 1 });
    const step = await begin(ask, 'a');
    for (const steps of [1, 2, 3]) {
      pass(5 * HOUR);
      expect(await step()).toBe(steps);
    }
  });

  test('ends when it was not used for seven hours', async () => {
    const ask = await asker({ workers: 1 });
    const step = await begin(ask, 'a');
    pass(7 * HOUR);
    await expect(step()).rejects.toThrow(/there is no|unknown/);
  });
});

test('512 episodes of each protocol are in flight on one server, wait for an hour, and go on', async () => {
  const ask = await asker();
  const { batch: _, ...single } = WAYS;
  const begun = Object.values(single).flatMap((begin) => Array.from({ length: 512 }, (__, i) => begin(ask, `${i}`)));
  const steps = await Promise.all(begun);
  expect(await Promise.all(steps.map((step) => step()))).toEqual(steps.map(() => 1));
  pass(HOUR);
  expect(await Promise.all(steps.map((step) => step()))).toEqual(steps.map(() => 2));
});

test('with a slot for half of the sessions, those that wait give up their slots and go on all the same', async () => {
  const ask = await asker({ maxSessions: 64 });
  const begin = WAYS.ORS as (typeof WAYS)[string];
  const first = await Promise.all(Array.from({ length: 64 }, (_, i) => begin(ask, `first${i}`)));
  await Promise.all(first.map((step) => step()));
  await expect(begin(ask, 'more')).rejects.toThrow('all 64 sessions are in use');
  pass(HOUR);
  const second = await Promise.all(Array.from({ length: 64 }, (_, i) => begin(ask, `second${i}`)));
  for (const steps of [first, second]) await Promise.all(steps.map((step) => step()));
  expect(await first[0]?.()).toBe(3);
});
