/** The episode of an MCP session: where it begins, what the client learns of it, and what a trainer may do with it. */
import { expect, test } from 'vitest';
import { create, fail, mcpServer, play } from './support-mcp.ts';
import { startServer } from './support-server.ts';
import { Client, serve } from './support-ws.ts';

const rpc = (method: string, params: object = {}): object => ({ jsonrpc: '2.0', id: 1, method, params });
const tool = (name: string, args: object = {}): object => rpc('tools/call', { name, arguments: args });

type Reply = { result?: Record<string, unknown>; error?: { code: number; message: string } };

test('the answer to a create names the episode and lists the fields that were filled by defaults', async () => {
  const mcp = await mcpServer({ task: 'monday_morning', rules: 'v1' });
  const made = (asked: object) => mcp.call('openenv/session/create', asked);
  const bare = await made({});
  expect(bare).toEqual({
    session_id: expect.any(String),
    task_id: 'monday_morning',
    seed: expect.any(Number),
    rules: 'v1',
    reward_mode: 'full',
    episode_id: expect.any(String),
    defaults: ['task_id', 'seed', 'rules', 'reward_mode', 'episode_id'],
  });
  const all = { task_id: 'phase2_core', seed: 5, rules: 'v2', reward_mode: 'base', episode_id: 'mine' };
  expect(await made({ ...all, drift: false })).toEqual({ session_id: expect.any(String), ...all, defaults: [] });
  expect(await made({ split: 'train', index: 1, seed: null })).toMatchObject({
    split: 'train',
    index: 1,
    defaults: ['seed', 'rules', 'reward_mode', 'episode_id'],
  });
  const scenario = { simulation_time: '2026-06-22T09:00:00' };
  expect(await made({ scenario, seed: 1 })).toMatchObject({
    task_id: 'inline',
    defaults: ['rules', 'reward_mode', 'episode_id'],
  });
  expect((await mcp.refused('openenv/session/create', { task_id: 'nope' })).message).toMatch(/^params\.task_id: /);
  expect((await mcp.refused('openenv/session/create', { control: 'yes' })).message).toMatch(/^params\.control: /);
});

test('the first briefing belongs to the created episode, and the first action steps that episode', async () => {
  const mcp = await mcpServer();
  const asked = { task_id: 'drift_drill', seed: 9, episode_id: 'mine' };
  const session_id = await create(mcp, asked);
  const began = await mcp.call('openenv/state', { session_id });
  expect(began).toMatchObject({ ...asked, step_count: 0, done: false });
  const { data } = await mcp.call('tools/call', { name: 'briefing', session_id });
  const other = await mcp.call('openenv/reset', { ...asked, session_id: await create(mcp) });
  expect(data).toEqual({ briefing: (other.observation as { briefing: string }).briefing, done: false });
  expect(await mcp.call('openenv/state', { session_id })).toEqual(began);
  const { structuredContent } = await play(mcp, 'do_nothing', {}, session_id);
  expect(structuredContent.observation).toMatchObject({ task_id: 'drift_drill', seed: 9, episode_step: 1 });
});

test('a trainer can reset any session with the method openenv/reset; an agent cannot', async () => {
  const mcp = await mcpServer();
  const session_id = await create(mcp, { task_id: 'drift_drill', seed: 9 });
  await play(mcp, 'do_nothing', {}, session_id);
  expect((await mcp.refused('tools/call', { name: 'reset', session_id })).code).toBe(-32602);
  expect(await mcp.call('openenv/state', { session_id })).toMatchObject({ step_count: 1 });
  const answer = await mcp.call('openenv/reset', { session_id, split: 'train', index: 0, seed: 3 });
  expect(answer).toMatchObject({ observation: { seed: 3, episode_step: 0 }, reward: 0, done: false });
  expect(await mcp.call('openenv/state', { session_id })).toMatchObject({ step_count: 0, seed: 3 });
  expect((await mcp.call('tools/list', { session_id })).tools).toHaveLength(9);
});

test('initialize reports the episode in its _meta; within a session that has an episode it begins none', async () => {
  const mcp = await mcpServer();
  const post = (path: string, headers: Record<string, string> = {}) =>
    mcp.server.app.inject({ method: 'POST', url: path, headers, payload: rpc('initialize') });
  const first = await post('/mcp?task_id=drift_drill&seed=2&episode_id=mine');
  const { _meta } = first.json().result;
  expect(_meta['ghostexec/episode']).toEqual({
    task_id: 'drift_drill',
    seed: 2,
    rules: 'v2',
    reward_mode: 'full',
    episode_id: 'mine',
    defaults: ['rules', 'reward_mode'],
  });
  const headers = { 'mcp-session-id': String(first.headers['mcp-session-id']) };
  await mcp.send(tool('do_nothing'), headers);
  const again = await post('/mcp?task_id=monday_morning&seed=3', headers);
  expect(again.json().result._meta['ghostexec/episode']).toMatchObject({ task_id: 'drift_drill', seed: 2 });
  const state = await mcp.send(rpc('openenv/state'), headers);
  expect(state.result).toMatchObject({ task_id: 'drift_drill', step_count: 1 });
});

test('a refused initialize opens no session', async () => {
  const mcp = await mcpServer();
  const { headers, body } = await mcp.server.app.inject({
    method: 'POST',
    url: '/mcp?task_id=nope',
    payload: rpc('initialize'),
  });
  expect(headers).not.toHaveProperty('mcp-session-id');
  expect(JSON.parse(body)).toMatchObject({ error: { code: -32602 } });
  const bad = rpc('openenv/session/create', { scenario: { simulation_time: 'noon' } });
  expect(await mcp.send(bad)).toMatchObject({ error: { code: -32602 } });
  expect((await mcp.server.app.inject('/metrics')).body).toContain('ghostexec_sessions 0\n');
});

test.each(['rules v1', 'rules v2'])('no call begins an episode again after the end of the day, %s', async (rules) => {
  const mcp = await mcpServer();
  const session_id = await create(mcp, { task_id: 'drift_drill', rules: rules.slice(-2) });
  let last = await play(mcp, 'do_nothing', {}, session_id);
  while (!last.structuredContent.done) last = await play(mcp, 'do_nothing', {}, session_id);
  const ended = await mcp.call('openenv/state', { session_id });
  for (const [name, args] of [
    ['do_nothing', {}],
    ['archive_email', { email_id: 'e01' }],
  ] as const) {
    const after = await play(mcp, name, args, session_id);
    expect(after.structuredContent).toMatchObject({ done: true, observation: { step_ok: false } });
    expect(after.content[0].text).toMatch(/done: true; error: [^\n]*over/);
  }
  await fail(mcp, 'archive_email', {}, session_id);
  expect(await mcp.call('openenv/state', { session_id })).toEqual(ended);
});

test('WS /mcp: the connection has its own session, and its URL selects the episode', async () => {
  const url = `${await serve()}/mcp?task_id=drift_drill&seed=7`;
  const client = await Client.connect(url);
  const ask = (message: object) => client.ask<Reply>(message);
  expect((await ask(rpc('tools/list'))).result?.tools).toHaveLength(9);
  expect((await ask(rpc('openenv/state'))).result).toMatchObject({ episode_id: null });
  const { result } = await ask(rpc('initialize', { protocolVersion: '2025-11-25' }));
  expect(result?._meta).toMatchObject({ 'ghostexec/episode': { task_id: 'drift_drill', seed: 7 } });
  await ask(tool('do_nothing'));
  expect((await ask(rpc('openenv/state'))).result).toMatchObject({ task_id: 'drift_drill', seed: 7, step_count: 1 });
  expect((await ask(tool('reset'))).error?.code).toBe(-32602);

  // OpenEnv clients call tools without a handshake.
  const bare = await Client.connect(url);
  expect((await bare.ask<Reply>(tool('do_nothing'))).result).toMatchObject({
    structuredContent: { observation: { task_id: 'drift_drill', seed: 7, episode_step: 1 } },
  });

  const wrong = await Client.connect(url.replace('drift_drill', 'nope'));
  for (const message of [rpc('initialize'), tool('do_nothing')]) {
    expect((await wrong.ask<Reply>(message)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('query.task_id'),
    });
  }
});

test('a create over a socket begins an episode in the session of the socket', async () => {
  const client = await Client.connect(`${await serve({ maxSessions: 1 })}/mcp`);
  const ask = (message: object) => client.ask<Reply>(message);
  const first = await ask(rpc('openenv/session/create', { task_id: 'drift_drill', seed: 7, control: true }));
  expect(first.result).toMatchObject({ task_id: 'drift_drill', seed: 7 });
  expect((await ask(rpc('tools/list'))).result?.tools).toHaveLength(11);
  await ask(tool('do_nothing'));
  // Without fields, a create reports the running episode.
  const { defaults: _, ...chosen } = first.result ?? {};
  expect((await ask(rpc('openenv/session/create'))).result).toEqual(chosen);
  expect((await ask(rpc('openenv/state'))).result).toMatchObject({ step_count: 1 });
  expect((await ask(rpc('openenv/session/create', { seed: 8 }))).result).toMatchObject({
    session_id: chosen.session_id,
    seed: 8,
  });
  expect((await ask(rpc('openenv/state'))).result).toMatchObject({ step_count: 0, seed: 8 });
});

test('/ws: the trainer resets by message, and the tools are the agent tools', async () => {
  const { url } = await startServer();
  const client = await Client.connect(`${url.replace('http', 'ws')}/ws`);
  const ask = async (message: object): Promise<Reply> =>
    (await client.ask({ type: 'mcp', data: message })).data as Reply;
  expect((await ask(rpc('tools/list'))).result?.tools).toHaveLength(9);
  // On /ws, no call of an agent's client begins an episode.
  expect((await ask(rpc('initialize'))).result).not.toHaveProperty('_meta');
  const early = await ask(tool('do_nothing'));
  expect(early.result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('no episode has begun') }],
  });
  expect((await client.state()).data.episode_id).toBeNull();
  await client.reset({ task_id: 'drift_drill', seed: 7 });
  expect((await ask(tool('do_nothing'))).result).toMatchObject({
    structuredContent: { observation: { task_id: 'drift_drill', episode_step: 1 } },
  });
  expect((await ask(tool('reset'))).error?.code).toBe(-32602);
  expect((await client.state()).data.step_count).toBe(1);
});
