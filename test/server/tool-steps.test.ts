/** Steps that list or call tools, over HTTP and /ws, in the form of OpenEnv's tool clients. */
import { expect, test } from 'vitest';
import { ACTION_TYPES } from '../../src/world/schema.ts';
import { sharedServer } from './support-server.ts';
import { Client } from './support-ws.ts';

const started = sharedServer();

type Json = Record<string, unknown>;
type ToolReply = { status: number; body: Json };

async function post(path: string, body: unknown): Promise<ToolReply> {
  const answer = await fetch(started().url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Json };
}

/** A client of one surface. `step` returns the answer that an OpenEnv client parses; `steps` returns the step count. */
type Env = { reset(): Promise<void>; step(action: unknown): Promise<Json>; steps(): Promise<unknown> };

async function overHttp(): Promise<Env> {
  const episode_id = crypto.randomUUID();
  return {
    reset: async () => void (await post('/reset', { task_id: 'drift_drill', seed: 1, episode_id })),
    step: async (action) => (await post('/step', { action, episode_id })).body,
    steps: async () => {
      const answer = await fetch(`${started().url}/state?episode_id=${episode_id}`);
      return ((await answer.json()) as Json).step_count;
    },
  };
}

const socket = (): Promise<Client> => Client.connect(`${started().url.replace('http', 'ws')}/ws`);

async function overSocket(): Promise<Env> {
  const client = await socket();
  return {
    reset: async () => void (await client.reset({ task_id: 'drift_drill', seed: 1 })),
    step: async (action) => (await client.ask({ type: 'step', data: action })).data,
    steps: async () => (await client.state()).data.step_count,
  };
}

const SURFACES: [string, () => Promise<Env>][] = [
  ['POST /step', overHttp],
  ['/ws', overSocket],
];

const call = (tool_name: string, args?: object): object => ({
  type: 'call_tool',
  tool_name,
  ...(args === undefined ? {} : { arguments: args }),
});

test.each(SURFACES)('%s: list_tools lists the tools of an agent and plays nothing', async (_name, connect) => {
  const env = await connect();
  await env.reset();
  const answer = await env.step({ type: 'list_tools' });
  expect(answer).toMatchObject({ reward: null, done: false });
  const { tools } = answer.observation as { tools: Json[] };
  expect(tools.map((tool) => tool.name).sort()).toEqual([...ACTION_TYPES, 'briefing'].sort());
  // OpenEnv clients refuse a tool with any other key.
  for (const tool of tools) {
    expect(Object.keys(tool)).toEqual(['name', 'description', 'input_schema']);
    expect(tool.input_schema).toMatchObject({ type: 'object', additionalProperties: false });
  }
  expect(await env.steps()).toBe(0);
});

test.each(SURFACES)('%s: call_tool of an action is a step with its reward', async (_name, connect) => {
  const [env, same] = [await connect(), await connect()];
  await env.reset();
  await same.reset();
  for (const [tool, args] of [
    ['archive_email', { email_id: 'none' }],
    ['do_nothing', undefined],
  ] as const) {
    const answer = await env.step(call(tool, args));
    const plain = await same.step({ action_type: tool, ...args });
    expect([answer.reward, answer.done]).toEqual([plain.reward, plain.done]);
    const { tool_name, result, error } = answer.observation as Record<string, Json>;
    expect([tool_name, error]).toEqual([tool, null]);
    expect(result).toMatchObject({ is_error: false, meta: null, content: [{ type: 'text' }] });
    expect(result?.data).toEqual(result?.structured_content);
    expect(result?.data).toMatchObject({ reward: plain.reward, done: plain.done });
    const { briefing } = plain.observation as Json;
    expect(result?.data).toMatchObject({ observation: { briefing } });
  }
  expect(await env.steps()).toBe(2);
  const read = await env.step(call('briefing', {}));
  expect(read).toMatchObject({ reward: null, done: false, observation: { result: { data: { done: false } } } });
  expect(await env.steps()).toBe(2);
});

test.each(SURFACES)('%s: a failed tool call is an error with its type and plays nothing', async (_name, connect) => {
  const env = await connect();
  await env.reset();
  const wrong: [object, string, RegExp][] = [
    [call('nothing'), 'tool_not_found', /there is no tool "nothing"; known: reply_email/],
    [call('reset', {}), 'tool_not_found', /there is no tool "reset"/],
    [call('archive_email', {}), 'invalid_args', /arguments\.email_id: missing, expected string/],
    [call('archive_email', { email_id: 5 }), 'invalid_args', /arguments\.email_id: expected string, got 5/],
  ];
  for (const [action, error_type, message] of wrong) {
    expect(await env.step(action)).toMatchObject({
      observation: { result: null, error: { error_type, message: expect.stringMatching(message) } },
      reward: null,
      done: false,
    });
  }
  expect(await env.steps()).toBe(0);
});

test('a malformed tool step is refused with the errors of its own schema', async () => {
  const why = async (action: unknown) => {
    const { status, body } = await post('/step', { action });
    expect(status).toBe(422);
    return (body.detail as { loc: string[]; msg: string }[]).map(({ loc, msg }) => `${loc.join('.')}: ${msg}`);
  };
  expect(await why({ type: 'call_tool' })).toEqual(['body.action.tool_name: missing, expected string']);
  expect(await why({ type: 'call_tool', tool_name: 'briefing', arguments: 5 })).toEqual([
    'body.action.arguments: expected record, got 5',
  ]);
  expect(await why({ type: 'list_tools', tool_name: 'x' })).toEqual(['body.action.tool_name: unknown key "tool_name"']);
  expect(await why({ type: 'other' })).toEqual(['body.action.type: unknown key "type"']);
  expect(await why({ action_type: 'other' })).toEqual([
    expect.stringContaining('body.action.action_type: expected one of'),
  ]);
  expect(await why(5)).toEqual(['body.action: expected object, got 5']);

  const client = await socket();
  const { type, data } = await client.ask({ type: 'step', data: { type: 'call_tool' }, request_id: 'r' });
  expect([type, data.code]).toEqual(['error', 'VALIDATION_ERROR']);
  expect(data.errors).toMatchObject([{ loc: ['data', 'tool_name'], msg: 'missing, expected string' }]);
});

test('a lone call_tool plays in a fresh environment, as a lone step does', async () => {
  for (const [action, steps] of [
    [call('do_nothing'), 1],
    [call('briefing'), 0],
  ] as const) {
    const { status, body } = await post('/step', { action });
    expect(status).toBe(200);
    expect(body).toMatchObject({ observation: { error: null }, episode_id: expect.any(String) });
    expect(JSON.stringify(body)).toContain(`step ${steps} of `);
  }
});

test('the tools can be listed before any episode, and the request begins none', async () => {
  const { body } = await post('/step', { action: { type: 'list_tools' }, request_id: 'r' });
  expect(body).toMatchObject({ observation: { tools: expect.any(Array) }, request_id: 'r' });
  expect(body).not.toHaveProperty('episode_id');
  const client = await socket();
  const answer = await client.ask({ type: 'step', data: { type: 'list_tools' }, request_id: 'r' });
  expect(answer).toMatchObject({
    type: 'observation',
    data: { observation: { tools: expect.any(Array) } },
    request_id: 'r',
  });
  expect((await client.state()).data.episode_id).toBeNull();
});

test('only calls that play a step count as steps', async () => {
  const count = async (surface: string): Promise<number> => {
    const text = await (await fetch(`${started().url}/metrics`)).text();
    return Number(new RegExp(`ghostexec_steps_total\\{surface="${surface}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };
  for (const [surface, connect] of [
    ['http', overHttp],
    ['ws', overSocket],
  ] as const) {
    const env = await connect();
    await env.reset();
    const before = await count(surface);
    for (const action of [
      { type: 'list_tools' },
      call('briefing'),
      call('nothing'),
      call('archive_email'),
      call('do_nothing'),
    ]) {
      await env.step(action);
    }
    expect((await count(surface)) - before).toBe(1);
  }
});

test('a call_tool that is repeated with its request_id gets the same answer and plays nothing', async () => {
  const episode_id = crypto.randomUUID();
  await post('/reset', { task_id: 'drift_drill', seed: 1, episode_id });
  const message = { action: call('do_nothing'), episode_id, request_id: 'r1' };
  const first = await post('/step', message);
  expect(await post('/step', message)).toEqual(first);
  const client = await socket();
  await client.reset({ task_id: 'drift_drill', seed: 1 });
  const sent = { type: 'step', data: call('do_nothing'), request_id: 'r1' };
  const answer = await client.ask(sent);
  expect(await client.ask(sent)).toEqual(answer);
  expect((await client.state()).data.step_count).toBe(1);
});
