/** The official MCP client, over its streamable HTTP transport. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, oraclePath } from '../../src/scenarios/shipped.ts';
import { ACTION_TYPES } from '../../src/world/schema.ts';
import type { Told } from './support-mcp.ts';
import { serve } from './support-server.ts';

type Connected = {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<Told>;
};

/** Connects with a URL and headers, which are all that a client can set. An error that the client reports fails the test. */
async function connect(url: string, headers: Record<string, string> = {}): Promise<Connected> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  // The SDK's own types do not follow exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  onTestFinished(async () => {
    await client.close();
    expect(errors).toEqual([]);
  });
  const call: Connected['call'] = async (name, args = {}) =>
    (await client.callTool({ name, arguments: args })) as unknown as Told;
  return { client, transport, call };
}

/** Calls a method that the SDK does not know, as openenv/session/create. @returns its result */
async function method(url: string, name: string, params: object): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: name, params });
  const answer = await fetch(`${url}/mcp`, { method: 'POST', body });
  const { result } = (await answer.json()) as { result: Record<string, unknown> };
  return result;
}

test('the client connects, lists the tools, plays the episode of its URL up to the grade and ends its session', async () => {
  const url = await serve({ maxSessions: 1 });
  const { client, transport, call } = await connect(`${url}/mcp?task_id=phase2_core&seed=11`);
  expect(client.getServerVersion()?.name).toBe('ghostexec');
  expect(client.getInstructions()).toContain('`briefing` shows what is going on');
  expect(transport.sessionId).toMatch(/^[0-9a-f-]{36}$/);
  await client.ping();

  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual([...ACTION_TYPES, 'briefing'].sort());

  const first = (await call('briefing')).content[0].text;
  let steps = 0;
  let last: Told | undefined;
  const entry = listTasks().find(({ id }) => id === 'phase2_core');
  const plan = entry === undefined ? [] : (readOracle(oraclePath(entry))?.plan ?? []);
  while (last?.structuredContent.done !== true) {
    const { action_type = 'do_nothing', ...args } = plan[steps] ?? {};
    last = await call(action_type, args);
    steps += 1;
    const { observation } = last.structuredContent;
    expect(observation).toMatchObject({ error: null, task_id: 'phase2_core', seed: 11, episode_step: steps });
    expect(last.data).toEqual(last.structuredContent);
  }
  expect(steps).toBeGreaterThan(5);
  expect(last.structuredContent.observation.grade?.grade).toBe(0.99);
  expect(last.content[0].text).toMatch(/^reward: -?[\d.e-]+; done: true; grade: 0\.99\n\n/);
  expect(last.content[0].text).not.toContain(first);

  // The episode is over, and no call begins another one.
  const session_id = transport.sessionId;
  const ended = await method(url, 'openenv/state', { session_id });
  const after = await call('do_nothing');
  expect(after.content[0].text).toMatch(/^reward: .*; done: true; error: .*over.*; grade: 0\.99\n/);
  expect((await call('briefing')).structuredContent.done).toBe(true);
  expect(await method(url, 'openenv/state', { session_id })).toEqual(ended);
  expect(ended).toMatchObject({ step_count: steps, done: true, task_id: 'phase2_core', seed: 11 });

  for (const name of ['nothing', 'reset', 'state', 'close', 'step']) {
    await expect(client.callTool({ name })).rejects.toMatchObject({ code: -32602 });
  }
  await transport.terminateSession();
  // The server has one slot, so the first session has ended.
  const next = await connect(`${url}/mcp`);
  await next.client.ping();
});

test('an agent can read why its arguments are invalid, and continues to play', async () => {
  const { client, call } = await connect(`${await serve()}/mcp?seed=3`);
  const bad = await client.callTool({ name: 'archive_email', arguments: { email: 'e05' } });
  expect(bad).toMatchObject({
    isError: true,
    content: [{ text: 'arguments.email_id: missing, expected string; arguments.email: unknown key "email"' }],
  });
  const { structuredContent } = await call('archive_email', { email_id: 'e05' });
  expect(structuredContent.observation).toMatchObject({ step_ok: true, episode_step: 1 });
});

test('a URL with control=true lets the client begin episodes', async () => {
  const { client, call } = await connect(`${await serve()}/mcp?control=true&split=train&index=1`);
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['reset', 'state']));
  expect(client.getInstructions()).toContain('`reset` begins another episode');
  await call('do_nothing');
  const { structuredContent } = await call('reset', { task_id: 'drift_drill', seed: 4 });
  expect(structuredContent.observation).toMatchObject({ task_id: 'drift_drill', seed: 4, episode_step: 0 });
  expect((await call('state')).structuredContent).toMatchObject({ task_id: 'drift_drill', step_count: 0 });
});

test('a URL chooses the profiles', async () => {
  const query = 'reward_profile=terminal&observation_profile=delta&success_grade=0.5';
  const url = await serve();
  const { call, transport } = await connect(`${url}/mcp?${query}`);
  const whole = (await call('briefing')).content[0].text;
  const { content, structuredContent } = await call('do_nothing');
  expect(content[0].text.length).toBeLessThan(whole.length / 4);
  expect(structuredContent).toMatchObject({ reward: 0, observation: { step_ok: true } });
  expect(structuredContent.observation).not.toHaveProperty('episode_step');
  const state = await method(url, 'openenv/state', { session_id: transport.sessionId });
  expect(state).toMatchObject({ reward_profile: 'terminal', success_grade: 0.5, rewards: [null] });
});

test('a URL with an unknown value is refused when the client connects', async () => {
  const url = await serve({ maxSessions: 1 });
  const wrong: [string, RegExp][] = [
    ['task_id=nope', /query\.task_id: there is no task "nope"; known: phase2_core/],
    ['seed=-1', /query\.seed: expected a whole number, got "-1"/],
    ['seed=99999999999999999999', /query\.seed: /],
    ['seed=1&seed=2', /query\.seed: expected string, got \["1","2"\]/],
    ['split=train&index=5000', /query\.index: expected 0 to \d+/],
    ['rules=v3', /query\.rules: /],
    ['control=yes', /query\.control: /],
    ['reward_profile=all', /query\.reward_profile: /],
    ['observation_profile=diff', /query\.observation_profile: /],
    ['success_grade=high', /query\.success_grade: expected a number between 0 and 1/],
    ['success_grade=.999', /query\.success_grade: /],
  ];
  for (const [query, why] of wrong) {
    await expect(connect(`${url}/mcp?${query}`), query).rejects.toMatchObject({
      code: -32602,
      message: expect.stringMatching(why),
    });
  }
  const { client } = await connect(`${url}/mcp?seed=1&drift=none&episode_id=mine&unknown=1`);
  await client.ping();
});

test('a trainer creates the session, and the client of its agent plays in it with the session header', async () => {
  const url = await serve();
  const { session_id } = await method(url, 'openenv/session/create', { task_id: 'monday_morning', seed: 8 });
  const { client, call } = await connect(`${url}/mcp`, { 'mcp-session-id': String(session_id) });
  expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain('reset');
  const { structuredContent } = await call('do_nothing');
  expect(structuredContent.observation).toMatchObject({ task_id: 'monday_morning', seed: 8, episode_step: 1 });
  const state = await method(url, 'openenv/state', { session_id });
  expect(state).toMatchObject({ task_id: 'monday_morning', seed: 8, step_count: 1 });
});
