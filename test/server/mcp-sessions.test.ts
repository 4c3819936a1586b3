/** Sessions over POST /mcp: those of OpenEnv, and those of MCP's header. */
import { expect, test } from 'vitest';
import { type McpServer, mcpServer, play, type Told } from './support-mcp.ts';

async function create(mcp: McpServer): Promise<string> {
  return String((await mcp.call('openenv/session/create')).session_id);
}

/** The session that an initialize is given. */
async function initialize(mcp: McpServer): Promise<string> {
  const { headers } = await mcp.post('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
  return String(headers['mcp-session-id']);
}

const message = (method: string, params: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

test('tools that are called after the end of an episode move neither its grade nor its state', async () => {
  const mcp = await mcpServer();
  const session = await create(mcp);
  const idle = async (): Promise<Told['structuredContent']> =>
    (await play(mcp, 'do_nothing', {}, session)).structuredContent;
  const state = (): Promise<unknown> => mcp.call('tools/call', { name: 'state', session_id: session });
  await play(mcp, 'reset', { task_id: 'phase2_core', rules: 'v1' }, session);
  let told = await idle();
  while (!told.done) told = await idle();
  const ended = await state();
  const after = await idle();
  expect(after.observation).toMatchObject({ step_ok: false, grade: { grade: expect.any(Number) } });
  expect(after.observation.grade).toEqual(told.observation.grade);
  expect(await state()).toEqual(ended);
});

test('sessions are isolated, and closed ones are gone', async () => {
  const mcp = await mcpServer();
  const [one, other] = [await create(mcp), await create(mcp)];
  expect(one).not.toBe(other);
  await play(mcp, 'reset', { task_id: 'phase2_core', seed: 1 }, one);
  await play(mcp, 'reset', { task_id: 'monday_morning', seed: 2 }, other);
  const first = await play(mcp, 'do_nothing', {}, one);
  await play(mcp, 'do_nothing', {}, other);
  const second = await play(mcp, 'do_nothing', {}, other);
  expect(first.structuredContent.observation).toMatchObject({ task_id: 'phase2_core', seed: 1, episode_step: 1 });
  expect(second.structuredContent.observation).toMatchObject({ task_id: 'monday_morning', seed: 2, episode_step: 2 });

  expect(await mcp.call('openenv/session/close', { session_id: one })).toEqual({ session_id: one, closed: true });
  for (const method of ['openenv/session/close', 'tools/list', 'ping']) {
    const error = await mcp.refused(method, { session_id: one });
    expect(error.code).toBe(-32602);
    expect(error.message).toContain(`there is no session "${one}"`);
  }
  expect((await mcp.refused('tools/call', { name: 'state', session_id: one })).code).toBe(-32602);
  expect((await mcp.refused('openenv/session/close')).message).toBe('params.session_id: missing, expected string');
  const third = await play(mcp, 'do_nothing', {}, other);
  expect(third.structuredContent.observation.episode_step).toBe(3);
});

test('without a session each call plays in a fresh environment', async () => {
  const mcp = await mcpServer({ maxSessions: 1 });
  for (let i = 0; i < 3; i++) {
    const { structuredContent } = await play(mcp, 'do_nothing');
    expect(structuredContent.observation.episode_step).toBe(1);
  }
  await create(mcp);
});

test('at capacity a session is refused with the numbers, also to those who initialize', async () => {
  const mcp = await mcpServer({ maxSessions: 2 });
  const first = await create(mcp);
  const second = await initialize(mcp);
  for (const id of [first, second]) await play(mcp, 'reset', {}, id);
  for (const method of ['openenv/session/create', 'initialize']) {
    const error = await mcp.refused(method);
    expect(error.code).toBe(-32000);
    expect(error.data).toEqual({ active_sessions: 2, max_sessions: 2 });
  }
  await mcp.call('openenv/session/close', { session_id: first });
  await create(mcp);
});

test('the header of an initialize is a session: kept, isolated, ended by DELETE', async () => {
  const mcp = await mcpServer();
  const [one, other] = [await initialize(mcp), await initialize(mcp)];
  const call = (id: string, name: string) =>
    mcp.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }, { 'mcp-session-id': id });
  const step = async (id: string): Promise<number> => {
    const { result } = await call(id, 'do_nothing');
    return (result as unknown as Awaited<ReturnType<typeof play>>).structuredContent.observation.episode_step;
  };
  for (const id of [one, other]) await call(id, 'reset');
  expect([await step(one), await step(one), await step(other)]).toEqual([1, 2, 1]);
  const own = await mcp.refused('openenv/session/close', { session_id: one }, { 'mcp-session-id': one });
  expect(own.code).toBe(-32600);

  const end = (headers: Record<string, string>) => mcp.server.app.inject({ method: 'DELETE', url: '/mcp', headers });
  expect((await end({ 'mcp-session-id': one })).statusCode).toBe(204);
  expect((await end({ 'mcp-session-id': one })).statusCode).toBe(404);
  expect((await end({})).statusCode).toBe(400);
  const { status, text } = await mcp.post(message('ping'), { 'mcp-session-id': one });
  expect(status).toBe(404);
  expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32001 } });
  expect(await step(other)).toBe(2);
});

test('only an initialize of its own is given a session', async () => {
  const mcp = await mcpServer({ maxSessions: 1 });
  const quiet = [
    message('ping'),
    message('initialize', { protocolVersion: 5 }),
    `[${message('initialize')}]`,
    '{"jsonrpc":"1.0","id":1,"method":"initialize"}',
  ];
  for (const body of quiet) expect((await mcp.post(body)).headers).not.toHaveProperty('mcp-session-id');
  const id = await initialize(mcp);
  const again = await mcp.post(message('initialize'), { 'mcp-session-id': id });
  expect(again.headers).not.toHaveProperty('mcp-session-id');
  expect(JSON.parse(again.text)).toHaveProperty('result.protocolVersion');
});

test('in a session a version of MCP that is not spoken here is refused', async () => {
  const mcp = await mcpServer();
  const id = await initialize(mcp);
  const ask = (version: string) => mcp.post(message('ping'), { 'mcp-session-id': id, 'mcp-protocol-version': version });
  expect((await ask('2025-06-18')).status).toBe(200);
  const { status, text } = await ask('1999-01-01');
  expect(status).toBe(400);
  expect(text).toContain('1999-01-01');
});

test('a session that was idle too long is gone', async () => {
  const mcp = await mcpServer({ maxSessions: 1, episodeTimeout: 0.5 });
  const id = await create(mcp);
  await play(mcp, 'reset', {}, id);
  const another = () => mcp.send({ jsonrpc: '2.0', id: 1, method: 'openenv/session/create' });
  expect(await another()).toHaveProperty('error.code', -32000);
  await expect.poll(another, { timeout: 20_000 }).toHaveProperty('result.session_id');
  expect((await mcp.refused('tools/call', { name: 'state', session_id: id })).code).toBe(-32602);
});

test('GET /mcp has no stream of events to offer', async () => {
  const mcp = await mcpServer();
  const { statusCode, headers } = await mcp.server.app.inject({ method: 'GET', url: '/mcp' });
  expect(statusCode).toBe(405);
  expect(headers.allow).toBe('POST, DELETE');
});
