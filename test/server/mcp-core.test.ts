/** The JSON-RPC core, which every transport calls with the session of its connection. */
import { expect, onTestFinished, test } from 'vitest';
import type { Context } from '../../src/server/app.ts';
import { createContext } from '../../src/server/context.ts';
import { addMethods } from '../../src/server/mcp/methods.ts';
import { createRpc } from '../../src/server/mcp/rpc.ts';
import { parseServerOptions } from '../../src/server/options.ts';

const ADDRESS = '127.0.0.1';
const SENDER = { address: ADDRESS };

function contextOf(maxSessions = 8): Context {
  const context = createContext(parseServerOptions({ maxSessions }));
  onTestFinished(async () => {
    context.sessions.close('the test is over');
    await context.batches.close();
  });
  return context;
}

/** The handler of internal errors for tests that expect none. */
const unexpected = (error: unknown): never => {
  throw error;
};

const call = (name: string, args: object = {}, session?: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args, ...(session === undefined ? {} : { session_id: session }) },
});

test('a tool call plays in the session of its connection, or in the session that it names', async () => {
  const context = contextOf();
  const rpc = createRpc(context, addMethods, unexpected);
  const own = context.sessions.open(ADDRESS);
  const other = context.sessions.open(ADDRESS);
  for (const { session } of [own, other]) session.reset();
  await rpc.receive(call('do_nothing'), { address: ADDRESS, own });
  await rpc.receive(call('do_nothing'), { address: ADDRESS, own });
  await rpc.receive(call('do_nothing', {}, other.id), { address: ADDRESS, own });
  expect(await rpc.receive(call('do_nothing'), SENDER)).toHaveProperty('result.isError', true);
  expect(own.session.state().step_count).toBe(2);
  expect(other.session.state().step_count).toBe(1);
});

test('a call without an id is a notification, which plays nothing', async () => {
  const context = contextOf();
  const own = context.sessions.open(ADDRESS);
  own.session.reset();
  const { id: _id, ...notification } = call('do_nothing');
  expect(
    await createRpc(context, addMethods, unexpected).receive(notification, { address: ADDRESS, own }),
  ).toBeUndefined();
  expect(own.session.state().step_count).toBe(0);
});

test('the calls of a batch are played in order', async () => {
  const context = contextOf();
  const own = context.sessions.open(ADDRESS);
  const answers = await createRpc(context, addMethods, unexpected).receive(
    [
      { jsonrpc: '2.0', id: 1, method: 'openenv/reset', params: { seed: 1 } },
      call('do_nothing'),
      call('do_nothing'),
      { jsonrpc: '2.0', id: 1, method: 'openenv/state' },
    ],
    { address: ADDRESS, own },
  );
  expect(answers).toMatchObject([
    { result: { observation: { episode_step: 0, seed: 1 } } },
    { result: { structuredContent: { observation: { episode_step: 1 } } } },
    { result: { structuredContent: { observation: { episode_step: 2 } } } },
    { result: { step_count: 2 } },
  ]);
});

test('a message cannot close the session of its own connection; another session ends with its connection', async () => {
  const context = contextOf();
  const rpc = createRpc(context, addMethods, unexpected);
  const closed: number[] = [];
  const own = context.sessions.open(ADDRESS);
  const connection = { isSilent: false, close: (code: number) => closed.push(code) };
  const other = context.sessions.open(ADDRESS, connection);
  const close = (id: string) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'openenv/session/close',
    params: { session_id: id },
  });
  expect(await rpc.receive(close(own.id), { address: ADDRESS, own })).toMatchObject({ error: { code: -32600 } });
  expect(context.sessions.find(own.id)).toBe(own);
  expect(await rpc.receive(close(other.id), { address: ADDRESS, own })).toMatchObject({
    result: { session_id: other.id, closed: false, closing: true },
  });
  expect(closed).toEqual([]);
  context.sessions.detach(other, connection);
  expect(context.sessions.find(other.id)).toBeUndefined();
  expect(await rpc.receive(close(other.id), { address: ADDRESS, own })).toMatchObject({
    error: { code: -32602 },
  });
});

test('a request marks both its own session and the named one as used', async () => {
  const context = contextOf();
  const rpc = createRpc(context, addMethods, unexpected);
  const [own, named, idle] = [
    context.sessions.open(ADDRESS),
    context.sessions.open(ADDRESS),
    context.sessions.open(ADDRESS),
  ];
  for (const entry of [own, named, idle]) entry.usedAt = 0;
  await rpc.receive(
    { jsonrpc: '2.0', id: 1, method: 'ping', params: { session_id: named.id } },
    { address: ADDRESS, own },
  );
  expect(own.usedAt).toBeGreaterThan(0);
  expect(named.usedAt).toBeGreaterThan(0);
  expect(idle.usedAt).toBe(0);
});

test('errors and steps are counted', async () => {
  const context = contextOf(1);
  const rpc = createRpc(context, addMethods, unexpected);
  await rpc.receive(call('nothing'), SENDER);
  await rpc.receive({ jsonrpc: '2.0', id: 1, method: 'nothing' }, SENDER);
  await rpc.receive({}, SENDER);
  await rpc.receiveText('{', SENDER);
  // A session with a played episode is not evicted.
  const entry = context.sessions.open(ADDRESS);
  entry.session.reset();
  await rpc.receive({ jsonrpc: '2.0', id: 1, method: 'openenv/session/create' }, SENDER);
  await rpc.receive(
    [
      call('do_nothing'),
      call('archive_email', { email_id: 'none' }),
      call('archive_email', { email_id: 5 }),
      call('briefing'),
      { jsonrpc: '2.0', id: 1, method: 'openenv/reset' },
    ],
    { address: ADDRESS, own: entry },
  );
  const text = await context.metrics.registry.metrics();
  // An unknown tool, and an argument of the wrong type.
  expect(text).toContain('ghostexec_errors_total{code="VALIDATION_ERROR"} 2\n');
  for (const code of ['UNKNOWN_METHOD', 'INVALID_REQUEST', 'INVALID_JSON', 'CAPACITY_REACHED']) {
    expect(text).toContain(`ghostexec_errors_total{code="${code}"} 1\n`);
  }
  expect(text).toContain('ghostexec_steps_total{surface="mcp"} 2\n');
});

test('an internal error is reported to the log and not to the client', async () => {
  const context = contextOf();
  const own = context.sessions.open(ADDRESS);
  own.session.reset();
  const failures: unknown[] = [];
  own.session.step = () => {
    throw new TypeError('a secret of the house');
  };
  const answer = await createRpc(context, addMethods, (error) => failures.push(error)).receive(call('do_nothing'), {
    address: ADDRESS,
    own,
  });
  expect(answer).toEqual({
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32603, message: 'the server failed; its log says why' },
  });
  expect(failures).toEqual([new TypeError('a secret of the house')]);
});
