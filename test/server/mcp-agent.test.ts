/** /mcp/episodes/{id}: an agent plays one episode that its trainer has begun. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import type { Server } from '../../src/server/server.ts';
import { ACTION_TYPES } from '../../src/world/schema.ts';
import type { RpcAnswer } from './support-mcp.ts';
import { makeServer, serve } from './support-server.ts';

const EPISODE = { task_id: 'phase2_core', seed: 3, episode_id: 'mine' };

type Json = Record<string, unknown>;
type Result = { content: [{ text: string }]; structuredContent: Json; isError?: boolean };
type Agent = {
  readonly server: Server;
  /** Posts JSON to another route. */
  post(url: string, payload: object, headers?: Record<string, string>): Promise<Json>;
  state(id?: string): Promise<Json>;
  /** Sends a message of the agent, without any header of MCP. */
  send(message: unknown, id?: string): Promise<RpcAnswer>;
  call(name: string, args?: object, meta?: object, id?: string): Promise<Result>;
};

/** A server on which the trainer has begun EPISODE. */
async function begun(options: ServerOptionsInput = {}): Promise<Agent> {
  const server = await makeServer(options);
  const { app } = server;
  const post: Agent['post'] = async (url, payload, headers = {}) =>
    (await app.inject({ method: 'POST', url, payload, headers })).json();
  const send: Agent['send'] = async (message, id = 'mine') => {
    const answer = await app.inject({ method: 'POST', url: `/mcp/episodes/${id}`, payload: JSON.stringify(message) });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).not.toHaveProperty('mcp-session-id');
    return answer.json();
  };
  await post('/reset', EPISODE);
  return {
    server,
    post,
    state: async (id = 'mine') => (await app.inject(`/state?episode_id=${id}`)).json(),
    send,
    call: async (name, args = {}, meta = {}, id = 'mine') => {
      const params = { name, arguments: args, _meta: meta };
      const { result, error } = await send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, id);
      if (result === undefined) throw new Error(`refused: ${JSON.stringify(error)}`);
      return result as unknown as Result;
    },
  };
}

const request = (method: string, params: object = {}): object => ({ jsonrpc: '2.0', id: 7, method, params });
const nothing = request('tools/call', { name: 'do_nothing' });

describe('a call', () => {
  test('stands alone, and plays in the episode of the trainer', async () => {
    const { call, state } = await begun();
    const result = await call('archive_email', { email_id: 'e05' });
    expect(await state()).toMatchObject({ step_count: 1, task_id: 'phase2_core', seed: 3 });
    expect(result.structuredContent).toEqual({ done: false, step_ok: true, error: null });
    expect(result.content[0].text).toContain('step 1 of 8');
    expect((await call('archive_email', { email_id: 'e99' })).structuredContent).toEqual({
      done: false,
      step_ok: false,
      error: 'there is no email "e99"',
    });
    expect((await call('briefing')).content[0].text).toContain('Last action FAILED');
    expect(await state()).toMatchObject({ step_count: 2 });
  });

  test('tells neither reward nor grade nor what is played, up to the end and after it', async () => {
    const { send, call, state } = await begun();
    const told: unknown[] = [
      await send(request('initialize')),
      await send(request('tools/list')),
      await call('briefing'),
    ];
    let last: Result;
    do {
      last = await call('do_nothing');
      told.push(last);
    } while (last.structuredContent.done !== true);
    expect(last.content[0].text).toContain('The episode is over.');
    told.push(await call('briefing'), await call('archive_email', { email_id: 'nope' }));
    const text = JSON.stringify(told);
    expect(text).not.toMatch(/reward|grade|score|phase2_core|"seed"/i);
    const ended = await state();
    expect(ended).toMatchObject({ done: true, step_count: 8, grade: 0.01 });
    const after = await call('do_nothing');
    expect(after.structuredContent).toEqual({ done: true, step_ok: false, error: after.content[0].text });
    expect(await state()).toEqual(ended);
  });

  test('with invalid arguments plays nothing and says what was expected', async () => {
    const { call, state } = await begun();
    const result = await call('archive_email', { email: 'e05' });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('email_id: missing') }] });
    expect(await state()).toMatchObject({ step_count: 0 });
  });

  test('with a request id is carried out once', async () => {
    const { send, call, state } = await begun();
    const meta = { 'ghostexec/request_id': 'a' };
    const first = await call('do_nothing', {}, meta);
    expect(await call('do_nothing', {}, meta)).toEqual(first);
    expect(await state()).toMatchObject({ step_count: 1 });
    const reused = await send(request('tools/call', { name: 'briefing', _meta: meta }));
    expect(reused.error).toMatchObject({ code: -32602, data: { code: 'REQUEST_ID_REUSED' } });
    // The id of JSON-RPC has no such effect: clients that connect for every call begin with the same one.
    await send(nothing);
    await send(nothing);
    expect(await state()).toMatchObject({ step_count: 3 });
  });
});

test.each(['full', 'briefing'])('under the observation profile %s a result is the briefing', async (profile) => {
  const { call, post } = await begun();
  await post('/reset', { ...EPISODE, observation_profile: profile });
  const [{ text }] = (await call('do_nothing')).content;
  expect(text).toBe((await call('briefing')).content[0].text);
});

test('under the observation profile delta a result says what has changed, and the briefing is whole', async () => {
  const { call, post } = await begun();
  await post('/reset', { ...EPISODE, observation_profile: 'delta' });
  const [{ text }] = (await call('do_nothing')).content;
  const [{ text: whole }] = (await call('briefing')).content;
  expect(text).toContain('step 1 of 8');
  expect(whole).toContain('INBOX');
  expect(text.length).toBeLessThan(whole.length / 4);
});

test('the trainer reads the rewards of the profile, also of an agent that stops before the end', async () => {
  const { call, post, state } = await begun();
  const profiles = ['step', 'terminal', 'success', 'running', 'gain'];
  const read = async (profile: string, steps: number): Promise<(number | null)[]> => {
    await post('/reset', { ...EPISODE, reward_profile: profile });
    for (let step = 0; step < steps; step++) await call('do_nothing');
    return (await state()).rewards as (number | null)[];
  };
  const sums: Record<string, number> = {};
  for (const profile of profiles) {
    const early = await read(profile, 3);
    expect(early).toHaveLength(3);
    if (profile === 'terminal' || profile === 'success') expect(early).toEqual([null, null, null]);
    if (profile === 'running') expect(early).toEqual([0.01, 0.01, 0.01]);
    // The last two calls come after the end.
    const all = await read(profile, 10);
    expect(all).toHaveLength(8);
    sums[profile] = all.reduce<number>((sum, reward) => sum + (reward ?? 0), 0);
    expect((await state()).grade).toBe(0.01);
  }
  expect(sums).toMatchObject({ terminal: 0.01, success: 0, gain: 0.01 });
  expect(sums.step).toBeCloseTo(Number((await state()).return), 9);
});

test('the tools are the actions and the briefing', async () => {
  const { send } = await begun();
  const { result = {} } = await send(request('tools/list'));
  const names = (result.tools as { name: string }[]).map(({ name }) => name);
  expect(names.sort()).toEqual([...ACTION_TYPES, 'briefing'].sort());
  for (const name of ['reset', 'state', 'step', 'close', 'fly']) {
    const { error } = await send(request('tools/call', { name }));
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(`there is no tool "${name}"`) });
  }
});

test('no method begins, steers or reads out an episode', async () => {
  const { send, state } = await begun({ maxSessions: 1 });
  for (const method of ['openenv/session/create', 'openenv/session/close', 'openenv/reset', 'openenv/state', 'reset']) {
    const { error } = await send(request(method, { session_id: 'mine' }));
    expect(error).toMatchObject({ code: -32601, message: expect.stringContaining('tools/call') });
  }
  // A session_id in the params does not lead to another episode.
  await send(request('tools/call', { name: 'do_nothing', session_id: 'other', arguments: null }));
  expect(await state()).toMatchObject({ episode_id: 'mine', task_id: 'phase2_core', seed: 3, step_count: 1 });
});

test('an unknown or ended episode is a JSON-RPC error of every method', async () => {
  const { send } = await begun({ maxSessions: 1 });
  for (const message of [request('initialize'), request('tools/list'), nothing]) {
    const { error } = await send(message, 'other');
    expect(error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('there is no episode "other"'),
      data: { code: 'UNKNOWN_EPISODE' },
    });
  }
  expect(await send(request('ping'), 'other')).toMatchObject({ result: {} });
});

test('an episode that gave way to a newer one has ended', async () => {
  const { send, post } = await begun({ maxSessions: 1 });
  await post('/reset', { ...EPISODE, episode_id: 'newer' });
  expect((await send(nothing)).error).toMatchObject({ data: { code: 'UNKNOWN_EPISODE' } });
  expect(await send(nothing, 'newer')).toHaveProperty('result');
});

test('after a reset under the same id the agent plays the new episode', async () => {
  const { call, post, state } = await begun();
  await call('do_nothing');
  await post('/reset', { ...EPISODE, task_id: 'monday_morning' });
  await call('do_nothing');
  expect(await state()).toMatchObject({ task_id: 'monday_morning', step_count: 1 });
});

test('an id may have any characters', async () => {
  const { post, call, state } = await begun();
  const id = encodeURIComponent('a/b?c ü');
  await post('/reset', { ...EPISODE, episode_id: 'a/b?c ü' });
  await call('do_nothing', {}, {}, id);
  expect(await state(id)).toMatchObject({ step_count: 1 });
});

test('a session of MCP or ORS is played under its id; an episode of that name comes first', async () => {
  const { server, post, call, state } = await begun();
  const { result } = await post('/mcp', request('openenv/session/create', { task_id: 'phase2_core', seed: 1 }));
  const { session_id } = result as { session_id: string };
  await call('do_nothing', {}, {}, session_id);
  const read = async () => (await post('/mcp', request('openenv/state', { session_id }))).result;
  expect(await read()).toMatchObject({ step_count: 1 });

  await post('/create', { split: 'train', index: 0 }, { 'x-session-id': 'ors-1' });
  await call('do_nothing', {}, {}, 'ors-1');
  const prompt = await server.app.inject({ url: '/prompt', headers: { 'x-session-id': 'ors-1' } });
  expect(prompt.body).toContain('step 1 of');

  await post('/reset', { ...EPISODE, episode_id: session_id });
  await call('do_nothing', {}, {}, session_id);
  expect(await read()).toMatchObject({ step_count: 1 });
  expect(await state(session_id)).toMatchObject({ step_count: 1 });
});

test('GET is answered with 405: there is no stream of events', async () => {
  const { server } = await begun();
  const answer = await server.app.inject('/mcp/episodes/mine');
  expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
});

test.each([
  ['{', -32700],
  ['\xff', -32700],
  ['', -32600],
  ['[]', -32600],
])('the body %j is answered with the error %i', async (payload, code) => {
  const { app } = (await begun()).server;
  const answer = await app.inject({
    method: 'POST',
    url: '/mcp/episodes/mine',
    payload: Buffer.from(payload, 'latin1'),
  });
  expect([answer.statusCode, answer.json().error.code]).toEqual([200, code]);
});

test('the official client connects, lists the tools and plays to the end; it holds no session', async () => {
  const url = await serve({ maxSessions: 1 });
  const begin = async (): Promise<void> => {
    await fetch(`${url}/reset`, { method: 'POST', body: JSON.stringify(EPISODE) });
  };
  await begin();
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp/episodes/mine`));
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  // The SDK's own types do not follow exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  onTestFinished(() => client.close());
  expect(transport.sessionId).toBeUndefined();
  expect(client.getInstructions()).toContain('`briefing` shows what is going on');
  expect((await client.listTools()).tools).toHaveLength(ACTION_TYPES.length + 1);
  const play = async (): Promise<Json> => {
    const { structuredContent } = await client.callTool({ name: 'do_nothing' });
    return structuredContent as Json;
  };
  let steps = 1;
  while (!(await play()).done) steps += 1;
  expect(steps).toBe(8);
  // The connection outlives the episode.
  await begin();
  expect(await play()).toMatchObject({ done: false, step_ok: true });
  await client.ping();
  expect(errors).toEqual([]);
});
