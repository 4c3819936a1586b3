/** Many large requests at once start one by one, and the server answers others in between. */
import { expect, test, vi } from 'vitest';
import { Gate } from '../../src/server/large-requests.ts';
import { Specs } from '../../src/server/specs.ts';
import { startServer } from './support-server.ts';
import { Client } from './support-ws.ts';

const MANY = 24;
/** A scenario of about 100 KiB. */
const day = {
  simulation_time: '2026-06-22T09:00:00',
  emails: Array.from({ length: 300 }, (_, i) => ({
    id: `e${i}`,
    sender: 'Ann '.repeat(63),
    subject: 'Question',
    body: 'word',
    priority: 'low',
    sender_relationship: 'professional',
  })),
};

/** The number of scenarios that the server had compiled when it answered a small request that was sent last. */
async function compiledBefore(answered: () => Promise<unknown>): Promise<number> {
  let compiled = 0;
  const { compile } = Specs.prototype;
  const spy = vi.spyOn(Specs.prototype, 'compile').mockImplementation(function (this: Specs, spec) {
    compiled++;
    return compile.call(this, spec);
  });
  await answered();
  spy.mockRestore();
  return compiled;
}

test.each([
  ['/reset', { scenario: day, seed: 1 }],
  ['/web/api/episode', { episode: { scenario: day, seed: 1 }, actions: [] }],
  ['/mcp', { jsonrpc: '2.0', id: 1, method: 'openenv/session/create', params: { scenario: day } }],
])('a small request is answered among many large ones to %s', async (path, body) => {
  const { url } = await startServer();
  const text = JSON.stringify(body);
  expect(text.length).toBeGreaterThan(65_536);
  const post = (): Promise<number> =>
    fetch(url + path, { method: 'POST', body: text }).then(async (answer) => {
      await answer.text();
      return answer.status;
    });
  await post();
  let all: Promise<number[]> | undefined;
  const before = await compiledBefore(async () => {
    all = Promise.all(Array.from({ length: MANY }, post));
    await (await fetch(`${url}/health`)).text();
  });
  expect(before).toBeLessThan(MANY);
  expect(new Set(await all)).toEqual(new Set([200]));
});

test('a small request is answered among large messages of many sockets', async () => {
  const { url } = await startServer();
  const clients = await Promise.all(
    Array.from({ length: MANY }, () => Client.connect(`${url.replace('http', 'ws')}/ws`)),
  );
  const before = await compiledBefore(async () => {
    for (const client of clients) client.send({ type: 'reset', data: { scenario: day, seed: 1 } });
    await (await fetch(`${url}/health`)).text();
  });
  expect(before).toBeLessThan(MANY);
  for (const client of clients) expect((await client.next()).type).toBe('observation');
});

test('large requests start in order, one in each turn of the event loop; small ones start at once', async () => {
  const gate = new Gate();
  expect(gate.turnOf(1_000)).toBeUndefined();
  const order: string[] = [];
  const first = gate.turnOf(100_000)?.then(() => {
    order.push('first');
    setImmediate(() => order.push('between'));
  });
  const second = gate.turnOf(100_000)?.then(() => order.push('second'));
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'between', 'second']);
});
