/** The text form of the contract: /text/ws and the HTTP routes below /text. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import type { Server } from '../../src/server/server.ts';
import type { WireObservation } from '../../src/server/wire.ts';
import { systemPrompt } from '../../src/sim/v2/prompt.ts';
import { makeServer } from './support-server.ts';
import { Client, type Reply, started } from './support-ws.ts';

const RESET = { task_id: 'phase2_core', seed: 7, reward_profile: 'gain' };
const ACTION = { action_type: 'archive_email', email_id: 'e05' };
const WAIT = { action_type: 'do_nothing' };

type AnswerWith<T> = {
  readonly observation: T;
  readonly reward: number;
  readonly done: boolean;
  readonly metadata: { readonly episode_id: string; readonly session_token?: string };
};
type Answer = AnswerWith<WireObservation>;
type TextAnswer = AnswerWith<{ readonly text: string }>;
type Observed<T = TextAnswer> = { readonly type: string; readonly data: T; readonly request_id?: string };

/** A client of the text form. */
class TextClient {
  readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  static async connect(url: string): Promise<TextClient> {
    return new TextClient(await Client.connect(`${url}/text/ws`));
  }

  reset(data: object = RESET): Promise<Observed> {
    return this.client.ask<Observed>({ type: 'reset', data });
  }

  step(data: unknown): Promise<Observed> {
    return this.client.ask<Observed>({ type: 'step', data });
  }
}

/** A server, a client of the text form, and a client of /ws that plays the same episode. */
async function both(options: ServerOptionsInput = {}) {
  const { url, server } = await started(options);
  const text = await TextClient.connect(url);
  const fields = await Client.connect(`${url}/ws`);
  return { url, server, text, fields };
}

async function post({ app }: Server, url: string, payload: object): Promise<{ status: number; body: TextAnswer }> {
  const answer = await app.inject({ method: 'POST', url, payload });
  return { status: answer.statusCode, body: answer.json() };
}

test('the schema of an action has one required field, and every answer follows the schema of observations', async () => {
  const { server, text } = await both();
  const { action, observation, state } = (await server.app.inject('/text/schema')).json();
  expect(action.required).toEqual(['text']);
  expect(['Action', 'CallToolAction', 'ListToolsAction']).not.toContain(action.title);
  expect(JSON.stringify(action).length).toBeLessThan(200);
  expect(state).toEqual((await server.app.inject('/schema')).json().state);
  const follows = new Ajv2020({ strict: false }).compile(observation);
  for (const { data } of [await text.reset(), await text.step({ text: 'hm' }), await text.step(ACTION)]) {
    const { reward, done } = data;
    expect(follows(data.observation)).toBe(true);
    expect(follows({ ...data.observation, reward, done })).toBe(true);
  }
  expect(follows({ text: 7 })).toBe(false);
});

test('the first text is the system prompt and the briefing, later ones are the briefings of /ws', async () => {
  const { text, fields } = await both();
  const [first, plain] = [await text.reset(), await fields.reset(RESET)];
  expect(first.data).toEqual({
    observation: { text: `${systemPrompt()}\n\n${plain.data.observation.briefing}` },
    reward: 0,
    done: false,
    metadata: { episode_id: expect.any(String), session_token: expect.any(String) },
  });
  for (let done = false; !done; ) {
    const [seen, expected] = [(await text.step({ text: JSON.stringify(WAIT) })).data, (await fields.step(WAIT)).data];
    expect(seen).toMatchObject({ reward: expected.reward, done: expected.done });
    expect(seen.observation).toEqual({ text: expected.observation.briefing });
    done = expected.done;
  }
  // A new episode begins with the system prompt again.
  expect((await text.reset()).data.observation).toEqual(first.data.observation);
});

test('by default a step has what it adds to the grade as its reward, and the sum is the grade', async () => {
  const { text } = await both();
  let { data } = await text.reset({ task_id: 'phase2_core', seed: 7 });
  let sum = data.reward;
  while (!data.done) {
    data = (await text.step(WAIT)).data;
    sum += data.reward;
  }
  const { grade, reward_profile, observation_profile } = (await text.client.state()).data;
  expect([sum, reward_profile, observation_profile]).toEqual([grade, 'gain', 'briefing']);
});

test('under the profile delta the texts after the first one are those of /ws, and much shorter', async () => {
  const { text, fields } = await both();
  const asked = { ...RESET, observation_profile: 'delta' };
  const first = (await text.reset(asked)).data.observation.text;
  await fields.reset(asked);
  for (let step = 0; step < 3; step++) {
    const { data } = await text.step(WAIT);
    expect(data.observation).toEqual({ text: (await fields.step(WAIT)).data.observation.briefing });
    expect(data.observation.text.length).toBeLessThan(first.length / 3);
  }
  expect((await text.step({ text: 'x' })).data.observation.text).toContain('Last action FAILED');
});

test('the full profile has the same texts', async () => {
  const { text } = await both();
  const begun = await text.reset();
  expect((await text.reset({ ...RESET, observation_profile: 'full' })).data.observation).toEqual(
    begun.data.observation,
  );
});

test('rules v1 have no system prompt', async () => {
  const { text, fields } = await both();
  const asked = { ...RESET, rules: 'v1' };
  const { observation } = (await fields.reset(asked)).data;
  expect((await text.reset(asked)).data.observation).toEqual({ text: observation.briefing });
});

test.each([
  ['the action', ACTION],
  ['its JSON in text', { text: JSON.stringify(ACTION) }],
  ['the action in text', { text: ACTION }],
  ['a string', `I archive it. <action>${JSON.stringify(ACTION)}</action>`],
  ['prose and tags in text', { text: `I archive it.\n<action>${JSON.stringify(ACTION)}</action>` }],
  ['a fence', { text: `\`\`\`json\n${JSON.stringify(ACTION)}\n\`\`\`` }],
  ['a call', { name: 'archive_email', arguments: { email_id: 'e05' } }],
  ['a list of calls', { text: [{ name: 'archive_email', arguments: { email_id: 'e05' } }] }],
  ['a wrapped action', { thought: 'It asks nothing.', action: ACTION }],
  ['a part of a message', { type: 'text', text: JSON.stringify(ACTION) }],
  ['a long text', { text: `${'Hm. '.repeat(20_000)}${JSON.stringify(ACTION)}` }],
])('%s is played', async (_, reply) => {
  const { text, fields } = await both();
  await fields.reset(RESET);
  const { reward, observation } = (await fields.step(ACTION)).data;
  expect(observation.step_ok).toBe(true);
  await text.reset();
  expect((await text.step(reply)).data).toMatchObject({ reward, observation: { text: observation.briefing } });
});

const GARBAGE: readonly unknown[] = [
  '',
  'I cannot decide.',
  {},
  [],
  null,
  true,
  7,
  [1, 2],
  { text: null },
  { text: 7 },
  { text: [] },
  { text: {} },
  { text: '' },
  { text: '{"action_type": "archive_email"' },
  { action_type: 'fly' },
  { action_type: 'archive_email', email_id: 5 },
  { ...ACTION, unknown: 1 },
  { type: 'list_tools' },
  { type: 'call_tool', tool_name: 'do_nothing', arguments: {} },
  { completion: 7 },
  { text: `x${' '.repeat(1_000_000)}` },
];

test.each(GARBAGE.map((reply) => ({ reply })))('$reply is an invalid step with a reward', async ({ reply }) => {
  const { text, fields } = await both();
  await fields.reset(RESET);
  await text.reset();
  const invalid = (await fields.ask<Observed<Answer>>({ type: 'step', data: 'no action' })).data;
  const { type, data } = await text.step(reply);
  expect([type, data.reward, data.done]).toEqual(['observation', invalid.reward, false]);
  expect(data.observation.text).toContain('Last action FAILED');
  expect((await text.client.state()).data.step_count).toBe(1);
});

test.each([
  '{"type": "step", "data": {"text": NaN}}',
  '{"type": "step", "data": [Infinity, -Infinity, "NaN and \\"Infinity\\" stay"]}',
  `{"type": "step", "data": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
])('a client may write what JSON.parse or JSON.stringify refuses: %s', async (message) => {
  const { text } = await both();
  await text.reset();
  text.client.sendRaw(message);
  const { type, data } = await text.client.next<Observed>();
  expect(type).toBe('observation');
  expect(data.observation.text).toContain('Last action FAILED');
});

test('NaN in the fields of an action is a missing value, and a text keeps its NaN', async () => {
  const { text } = await both();
  await text.reset();
  text.client.sendRaw('{"type": "step", "data": {"action_type": "do_nothing", "reason": NaN, "email_id": -Infinity}}');
  expect((await text.client.next<Observed>()).data.observation.text).toContain('Last action: ');
  text.client.sendRaw('{"type": "step", "data": ["is NaN \\" here", NaN]}');
  expect((await text.client.next<Observed>()).data.observation.text).toContain('is NaN');
});

test('an action with a field text is read as an action, and the next text says what is wrong with it', async () => {
  const { text } = await both();
  await text.reset();
  const { data } = await text.step({ action_type: 'reply_email', email_id: 'e01', text: 'Yes.' });
  expect(data.observation.text).toContain('unknown key "text"');
});

test('messages that are not JSON are refused as on /ws', async () => {
  const { text } = await both();
  await text.reset();
  for (const [message, code] of [
    ['{"type": "step", "data": nan}', 'INVALID_JSON'],
    ['NaN', 'VALIDATION_ERROR'],
    ['{"type": "step", "data": "', 'INVALID_JSON'],
    [`{"type": "step", "data": "${'\\"'.repeat(500_000)}`, 'INVALID_JSON'],
    ['{"type": "step"}', 'VALIDATION_ERROR'],
    ['{"type": "fly"}', 'UNKNOWN_TYPE'],
    ['{"type": "reset", "data": {"task_id": "nowhere"}}', 'VALIDATION_ERROR'],
  ] as const) {
    text.client.sendRaw(message);
    const { type, data } = await text.client.next<Reply>();
    expect([message.slice(0, 60), type, data.code]).toEqual([message.slice(0, 60), 'error', code]);
  }
  expect((await text.client.state()).data.step_count).toBe(0);
});

test('any JSON is a step, and no reply ends the session', async () => {
  const { server } = await both();
  const session = { episode_id: 'any' };
  await post(server, '/text/reset', { ...RESET, ...session });
  const replies = fc.sample(fc.json(), { numRuns: 60, seed: 23 }).map((json): unknown => JSON.parse(json));
  for (const reply of replies) {
    const { status, body } = await post(server, '/text/step', { action: reply, ...session });
    // HTTP refuses the keys that no object may have.
    if (JSON.stringify(reply).includes('__proto__') && status === 422) continue;
    expect([JSON.stringify(reply), status, Object.keys(body.observation)]).toEqual([
      JSON.stringify(reply),
      200,
      ['text'],
    ]);
  }
});

test('after the end the text says that the day is over, and no step is played', async () => {
  const { text } = await both();
  await text.reset();
  let last = await text.step('');
  while (!last.data.done) last = await text.step('');
  expect(last.data.observation.text).toContain('The episode is over.');
  const before = await text.client.state();
  const after = await text.step(WAIT);
  expect(after.data).toMatchObject({ observation: { text: 'The day is over.' }, reward: 0, done: true });
  expect(await text.client.state()).toEqual(before);
});

test('a step before the first reset is refused', async () => {
  const { text, server } = await both();
  expect(await text.step('x')).toMatchObject({ type: 'error', data: { code: 'RESET_NEEDED' } });
  const { status } = await post(server, '/text/step', { action: 'x', episode_id: 'nowhere' });
  expect(status).toBe(404);
});

test('a session is resumed in either form, and a request that is sent again plays nothing', async () => {
  const { url, text } = await both();
  const { data } = await text.reset();
  const token = data.metadata.session_token;
  const message = { type: 'step', data: WAIT, request_id: 'one' };
  const first = await text.client.ask<Observed>(message);
  text.client.socket.terminate();
  const other = await TextClient.connect(url);
  const resume = { type: 'resume', data: { session_token: token } };
  expect((await other.client.ask<Observed>(resume)).data).toEqual(first.data);
  expect(await other.client.ask(message)).toEqual(first);
  const fields = await Client.connect(`${url}/ws`);
  const { observation } = (await fields.ask<Observed<Answer>>(resume)).data;
  expect(observation).toMatchObject({ step_ok: true, briefing: first.data.observation.text });
  expect((await other.client.closed).code).toBe(4001);
});

test('a socket attaches to a session by its id', async () => {
  const { url, server } = await both();
  const create = { jsonrpc: '2.0', id: 1, method: 'openenv/session/create', params: RESET };
  const { result } = (await server.app.inject({ method: 'POST', url: '/mcp', payload: create })).json();
  const client = await Client.connect(`${url}/text/ws?session_id=${result.session_id}`);
  const { data } = await client.ask<Observed>({ type: 'step', data: WAIT });
  expect(data.observation.text).toContain('step 1 of 8');
});

test('the limits and close codes are those of /ws', async () => {
  const { url } = await started({ maxSessions: 1, rateLimit: 3 });
  const first = await TextClient.connect(url);
  await first.reset();
  const second = await Client.connect(`${url}/text/ws`);
  expect(await second.next()).toMatchObject({ type: 'error', data: { code: 'CAPACITY_REACHED', max_sessions: 1 } });
  expect((await second.closed).code).toBe(1013);
  expect(await first.step('x')).toMatchObject({ type: 'error', data: { code: 'RATE_LIMITED' } });
});

test('HTTP plays the same episode as /step, and repeats an answer', async () => {
  const server = await makeServer();
  const begun = await post(server, '/text/reset', { ...RESET, episode_id: 'mine', request_id: 'r' });
  expect(begun.body).toEqual({
    observation: { text: expect.stringContaining(systemPrompt()) },
    reward: 0,
    done: false,
    metadata: { episode_id: 'mine' },
    episode_id: 'mine',
    request_id: 'r',
  });
  const step = { action: { text: JSON.stringify(ACTION) }, episode_id: 'mine', request_id: 's' };
  const played = await post(server, '/text/step', step);
  expect(await post(server, '/text/step', step)).toEqual(played);
  const { body } = await post(server, '/step', { action: WAIT, episode_id: 'mine' });
  expect((body as unknown as Answer).observation).toMatchObject({
    step_ok: true,
    briefing: expect.stringContaining('step 2 of 8'),
  });
  const state = (await server.app.inject('/text/state?episode_id=mine')).json();
  expect(state).toEqual((await server.app.inject('/state?episode_id=mine')).json());
  expect(state.step_count).toBe(2);
});

test('without an episode_id a step begins an episode, as with /step', async () => {
  const server = await makeServer();
  const { status, body } = await post(server, '/text/step', { action: 'x' });
  expect([status, body.observation.text.includes('step 1 of')]).toEqual([200, true]);
  expect((await post(server, '/text/step', {})).status).toBe(422);
});

test('health needs no key, other routes do; metadata are the same as elsewhere', async () => {
  const { app } = await makeServer({ apiKey: 'k' });
  expect((await app.inject('/text/health')).json()).toEqual({ status: 'healthy' });
  for (const path of ['/text/schema', '/text/metadata', '/text/state', '/text/ws']) {
    expect((await app.inject(path)).statusCode).toBe(401);
  }
  const headers = { authorization: 'Bearer k' };
  const [here, there] = [
    await app.inject({ url: '/text/metadata', headers }),
    await app.inject({ url: '/metadata', headers }),
  ];
  expect([here.statusCode, here.body]).toEqual([200, there.body]);
});

test('metrics count the steps of the text form', async () => {
  const { text, server } = await both();
  await text.reset();
  await text.step('x');
  await post(server, '/text/step', { action: 'x' });
  expect((await server.app.inject('/metrics')).body).toContain('ghostexec_steps_total{surface="text"} 2\n');
});
