/** A client cannot lock others out: what counts as a request, which session is evicted at capacity, and the limit per client. */
import { expect, onTestFinished, test } from 'vitest';
import { createContext } from '../../src/server/context.ts';
import { parseServerOptions, type ServerOptionsInput } from '../../src/server/options.ts';
import type { Sessions } from '../../src/server/sessions.ts';
import { create, mcpServer, play } from './support-mcp.ts';
import { Client, serve } from './support-ws.ts';

const CREATE = { jsonrpc: '2.0', id: 1, method: 'openenv/session/create' } as const;
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' } as const;
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

function sessionsOf(options: ServerOptionsInput): Sessions {
  const { sessions, batches } = createContext(parseServerOptions(options));
  onTestFinished(async () => {
    sessions.close('the test is over');
    await batches.close();
  });
  return sessions;
}

const LONG_AGO = -1e9;

test('lists of session creates that take every session do not lock other clients out', async () => {
  const mcp = await mcpServer();
  for (let i = 0; i < 33; i++) {
    const { status } = await mcp.post(JSON.stringify(times(128, CREATE)));
    expect(status).toBe(200);
  }
  const { headers } = await mcp.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }));
  expect(headers).toHaveProperty('mcp-session-id');
  const id = String((await mcp.call('openenv/session/create')).session_id);
  expect((await play(mcp, 'do_nothing', {}, id)).structuredContent.observation.episode_step).toBe(1);
  const metrics = await mcp.server.app.inject('/metrics');
  expect(metrics.body).toContain('\nghostexec_sessions 4096\n');
});

test('a list of calls counts as that many requests, and a list above the rate limit is refused as a whole', async () => {
  const mcp = await mcpServer({ rateLimit: 10 });
  expect((await mcp.post(JSON.stringify(times(9, PING)))).status).toBe(200);
  const { status, headers, text } = await mcp.post(JSON.stringify(times(5, CREATE)));
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.parse(text)).toMatchObject({ code: 'RATE_LIMITED' });
});

test.each(['/ws', '/mcp'])('a list of calls over a socket of %s counts in the same way', async (path) => {
  const url = await serve({ rateLimit: 10 });
  const client = await Client.connect(`${url}${path}`);
  const send = async (list: object[]): Promise<string> => {
    client.send(path === '/ws' ? { type: 'mcp', data: list, request_id: 'mine' } : list);
    return client.nextRaw();
  };
  await send(times(8, PING));
  const refusal = await send(times(8, PING));
  expect(refusal).toContain('more than 10 requests, messages and calls in a minute');
  if (path === '/ws') expect(JSON.parse(refusal)).toMatchObject({ data: { code: 'RATE_LIMITED' }, request_id: 'mine' });
});

test('at capacity, sessions without an episode are evicted, the least recently used first', () => {
  const sessions = sessionsOf({ maxSessions: 3 });
  const first = sessions.open('a');
  const second = sessions.open('a');
  const third = sessions.open('b');
  sessions.touch(first);
  third.session.reset();
  sessions.open('c');
  expect([first, second, third].map(({ id }) => sessions.find(id) !== undefined)).toEqual([true, false, true]);
  expect(sessions.count).toBe(3);
});

test('an MCP session can be evicted until its first tool call, although its episode has begun', async () => {
  const mcp = await mcpServer({ maxSessions: 2 });
  const [called, quiet] = [await create(mcp), await create(mcp)];
  expect((await mcp.call('tools/call', { name: 'briefing', session_id: called })).isError).toBeUndefined();
  // A handshake and a list of the tools do not use the episode.
  for (const method of ['initialize', 'tools/list', 'ping']) await mcp.call(method, { session_id: quiet });
  const next = await create(mcp);
  expect((await mcp.refused('ping', { session_id: quiet })).code).toBe(-32602);
  await mcp.call('openenv/state', { session_id: next });
  expect((await mcp.refused('openenv/session/create')).code).toBe(-32000);
  for (const session_id of [called, next]) expect(await mcp.call('ping', { session_id })).toEqual({});
});

test('an invalid create evicts no session', async () => {
  const mcp = await mcpServer({ maxSessions: 1 });
  const session_id = await create(mcp);
  expect((await mcp.refused('openenv/session/create', { task_id: 'nope' })).message).toContain(
    'there is no task "nope"',
  );
  expect(await mcp.call('ping', { session_id })).toEqual({});
});

test('a socket without an episode is evicted once it has been idle for a while, and is closed with 4003', () => {
  const sessions = sessionsOf({ maxSessions: 1 });
  const closed: number[] = [];
  const entry = sessions.open('a', { isSilent: false, close: (code) => closed.push(code) });
  expect(() => sessions.open('b')).toThrow('all 1 sessions are in use');
  entry.usedAt = LONG_AGO;
  const other = sessions.open('b', { isSilent: false, close: (code) => closed.push(code) });
  expect(closed).toEqual([4003]);

  other.session.reset();
  other.usedAt = LONG_AGO;
  expect(() => sessions.open('c')).toThrow('all 1 sessions are in use');
  expect(sessions.find(other.id)).toBe(other);
});

test('a session with an episode but without a connection is evicted once it is abandoned, after sessions without an episode', () => {
  const sessions = sessionsOf({ maxSessions: 2 });
  const begun = sessions.open('a');
  begun.session.reset();
  const empty = sessions.open('a');
  begun.usedAt = LONG_AGO;
  const played = sessions.open('b');
  played.session.reset();
  expect([begun, empty].map(({ id }) => sessions.find(id) !== undefined)).toEqual([true, false]);
  sessions.open('c');
  expect(sessions.keptCount).toBe(1);
  expect(sessions.find(begun.id), 'it goes on without a slot').toBe(begun);
  expect(sessions.find(played.id)).toBe(played);
});

test('a client has at most maxSessionsPerClient sessions, and a new one evicts its own', () => {
  const sessions = sessionsOf({ maxSessionsPerClient: 2 });
  const [first, second] = [sessions.open('a'), sessions.open('a')];
  first.session.reset();
  sessions.open('a').session.reset();
  expect([first, second].map(({ id }) => sessions.find(id) !== undefined)).toEqual([true, false]);
  expect(() => sessions.open('a')).toThrow('a has all 2 sessions of a client; close one, or try again later');
  sessions.open('b');
  sessions.end(first);
  sessions.open('a');
  expect(sessions.count).toBe(3);
});

test('a connection that leaves its attached session and resumes a kept one takes no second slot', () => {
  const sessions = sessionsOf({ maxSessions: 1 });
  const lost = { isSilent: false, close: () => undefined };
  const kept = sessions.open('a', lost);
  kept.session.reset();
  sessions.detach(kept, lost);
  const named = sessions.open('a');
  named.session.reset();
  const connection = { isSilent: false, close: () => undefined };
  expect(sessions.attach(named.id, connection, 'a')).toBe(named);
  expect(sessions.resume(kept.token, connection, 'a')).toBe(kept);
  sessions.detach(named, connection);
  expect([sessions.count, sessions.keptCount]).toEqual([2, 1]);
  expect(sessions.find(named.id), 'it goes on without a slot').toBe(named);
  expect(() => sessions.open('a')).toThrow('all 1 sessions are in use');
});

test('a kept session can be attached to only if another session can be evicted', () => {
  const sessions = sessionsOf({ maxSessions: 1 });
  const lost = { isSilent: false, close: () => undefined };
  const kept = sessions.open('a', lost);
  kept.session.reset();
  sessions.detach(kept, lost);
  const other = { isSilent: false, close: () => undefined };
  const open = sessions.open('b', other);
  open.session.reset();
  expect(() => sessions.attach(kept.id, lost, 'a')).toThrow('all 1 sessions are in use');
  expect(sessions.find(kept.id)).toBe(kept);
  other.isSilent = true;
  expect(sessions.attach(kept.id, lost, 'a')).toBe(kept);
  expect(sessions.find(open.id), 'the other one is kept in its place').toBe(open);
  expect([sessions.count, sessions.keptCount]).toEqual([2, 1]);
});

test('a resumed session counts for the client that resumed it', () => {
  const sessions = sessionsOf({ maxSessionsPerClient: 1 });
  const connection = { isSilent: false, close: () => undefined };
  const entry = sessions.open('a', connection);
  entry.session.reset();
  sessions.detach(entry, connection);
  sessions.open('a').session.reset();
  expect(sessions.resume(entry.token, { ...connection }, 'b')).toBe(entry);
  expect(() => sessions.open('b')).toThrow('b has all 1 sessions of a client');
});
