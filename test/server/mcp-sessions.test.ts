/** Sessions over POST /mcp: the ones of OpenEnv's methods, and the ones of the MCP session header. */
import { expect, test } from 'vitest';
import { create, fail, type McpServer, mcpServer, play, type Told } from './support-mcp.ts';

/** Initializes. @returns the id of the new session */
async function initialize(mcp: McpServer): Promise<string> {
  const { headers } = await mcp.post('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
  return String(headers['mcp-session-id']);
}

const message = (method: string, params: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

test('tool calls after the end of an episode change neither its grade nor its state', async () => {
  const mcp = await mcpServer();
  const session = await create(mcp, { task_id: 'phase2_core', rules: 'v1' });
  const idle = async (): Promise<Told['structuredContent']> =>
    (await play(mcp, 'do_nothing', {}, session)).structuredContent;
  const state = (): Promise<unknown> => mcp.call('openenv/state', { session_id: session });
  let last = await idle();
  while (!last.done) last = await idle();
  const ended = await state();
  const after = await idle();
  expect(after.observation).toMatchObject({ step_ok: false, grade: { grade: expect.any(Number) } });
  expect(after.observation.grade).toEqual(last.observation.grade);
  expect(await state()).toEqual(ended);
});

test('sessions are isolated, and closed sessions are unknown', async () => {
  const mcp = await mcpServer();
  const one = await create(mcp, { task_id: 'phase2_core', seed: 1 });
  const other = await create(mcp, { task_id: 'monday_morning', seed: 2 });
  expect(one).not.toBe(other);
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
  expect((await mcp.refused('tools/call', { name: 'briefing', session_id: one })).code).toBe(-32602);
  expect((await mcp.refused('openenv/session/close')).message).toBe('params.session_id: missing, expected string');
  const third = await play(mcp, 'do_nothing', {}, other);
  expect(third.structuredContent.observation.episode_step).toBe(3);
});

test('a call without a session plays nothing, and the answer says how to create a session', async () => {
  const mcp = await mcpServer({ maxSessions: 1 });
  for (const name of ['do_nothing', 'briefing']) {
    const { content, data } = await fail(mcp, name, {});
    expect(content[0].text).toMatch(/names no session.*initialize.*mcp-session-id.*openenv\/session\/create/);
    expect(data.error).toEqual({ error_type: 'execution_error', message: content[0].text });
  }
  for (const method of ['openenv/reset', 'openenv/state']) {
    expect((await mcp.refused(method)).message).toMatch(/names no session.*openenv\/session\/create/);
  }
  expect((await mcp.refused('tools/call', { name: 'nothing' })).code).toBe(-32602);
  expect((await mcp.server.app.inject('/metrics')).body).toContain('ghostexec_sessions 0\n');
});

test('at capacity, create and initialize are refused with the number of sessions and the limit', async () => {
  const mcp = await mcpServer({ maxSessions: 2 });
  const first = await create(mcp);
  const second = await initialize(mcp);
  // A session without a tool call would be evicted.
  for (const id of [first, second]) await play(mcp, 'do_nothing', {}, id);
  for (const method of ['openenv/session/create', 'initialize']) {
    const error = await mcp.refused(method);
    expect(error.code).toBe(-32000);
    expect(error.data).toEqual({ active_sessions: 2, max_sessions: 2 });
  }
  await mcp.call('openenv/session/close', { session_id: first });
  await create(mcp);
});

test('the header of an initialize answer names a session, which is kept, isolated and ended by DELETE', async () => {
  const mcp = await mcpServer();
  const [one, other] = [await initialize(mcp), await initialize(mcp)];
  const call = (id: string, name: string) =>
    mcp.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }, { 'mcp-session-id': id });
  const step = async (id: string): Promise<number> => {
    const { result } = await call(id, 'do_nothing');
    return (result as unknown as Awaited<ReturnType<typeof play>>).structuredContent.observation.episode_step;
  };
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

test('only a valid initialize, sent alone and without a session, creates a session', async () => {
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

test('an unsupported version of MCP is refused, with and without a session', async () => {
  const mcp = await mcpServer();
  const id = await initialize(mcp);
  for (const session of [{}, { 'mcp-session-id': id }]) {
    const version = (value: string) => ({ ...session, 'mcp-protocol-version': value });
    for (const method of ['ping', 'initialize']) {
      expect((await mcp.post(message(method), version('2025-06-18'))).status).toBe(200);
      const { status, text, headers } = await mcp.post(message(method), version('1999-01-01'));
      expect(status).toBe(400);
      expect(text).toContain('expected one of 2025-11-25, 2025-06-18');
      expect(text).toContain('1999-01-01');
      expect(headers).not.toHaveProperty('mcp-session-id');
    }
    const end = { method: 'DELETE', url: '/mcp', headers: version('1999-01-01') } as const;
    expect((await mcp.server.app.inject(end)).statusCode).toBe(400);
  }
  expect((await mcp.post(message('ping'), { 'mcp-session-id': id })).status).toBe(200);
});

test('a session that was idle for too long is unknown', async () => {
  const mcp = await mcpServer({ maxSessions: 1, episodeTimeout: 0.5 });
  const id = await create(mcp);
  await play(mcp, 'do_nothing', {}, id);
  const another = () => mcp.send({ jsonrpc: '2.0', id: 1, method: 'openenv/session/create' });
  expect(await another()).toHaveProperty('error.code', -32000);
  await expect.poll(another, { timeout: 20_000 }).toHaveProperty('result.session_id');
  expect((await mcp.refused('tools/call', { name: 'briefing', session_id: id })).code).toBe(-32602);
});

test('GET /mcp offers no event stream', async () => {
  const mcp = await mcpServer();
  const { statusCode, headers } = await mcp.server.app.inject({ method: 'GET', url: '/mcp' });
  expect(statusCode).toBe(405);
  expect(headers.allow).toBe('POST, DELETE');
});
