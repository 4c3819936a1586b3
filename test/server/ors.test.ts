/** ORS, the Open Reward Standard: whole episodes, rewards, refusals and limits. */
import { expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { VERSION } from '../../src/lib/version.ts';
import { callResultSchema } from '../../src/server/ors/wire.ts';
import { systemPrompt } from '../../src/sim/v2/prompt.ts';
import type { Json } from './support-docs.ts';
import { eventsIn, type OrsServer, orsServer } from './support-ors.ts';
import { serve } from './support-server.ts';

const BASES = ['', '/ghostexec', '/GhostExec'];
const ROW = { split: 'train', index: 0 };

type Output = Extract<z.output<typeof callResultSchema>, { ok: true }>['output'];

async function outputOf(ors: OrsServer, sid: string, name = 'do_nothing', input: unknown = {}): Promise<Output> {
  const result = callResultSchema.parse(await ors.call(sid, name, input));
  if (!result.ok) throw new Error(result.error);
  return result.output;
}

/** Lets the day pass. @returns the output of every call */
async function playOut(ors: OrsServer, sid: string): Promise<Output[]> {
  const outputs = [await outputOf(ors, sid)];
  while (outputs.at(-1)?.finished === false) outputs.push(await outputOf(ors, sid));
  return outputs;
}

test.each(BASES)('an episode is played to its end below "%s"', async (base) => {
  const ors = await orsServer();
  const opened = await ors.post('/create_session', { env: { OPENAI_BASE_URL: 'http://localhost' } });
  expect(opened.type).toMatch(/^text\/event-stream/);
  const [first, last, ...more] = eventsIn(opened.text);
  expect([first?.[0], last, more]).toEqual(['task_id', ['end', ''], []]);
  const sid = first?.[1] ?? '';
  expect((await ors.post('/create', { ...ROW, env_name: 'ghostexec' }, sid)).body).toEqual({ sid });

  const prompt = (await ors.get(`${base}/prompt`, sid)).body as Json[];
  expect(prompt).toEqual([{ type: 'text', text: expect.stringContaining(systemPrompt()), detail: null }]);
  expect(prompt[0]?.text).toContain('INBOX:');
  const messages = (await ors.get(`${base}/messages`, sid)).body as { role: string; blocks: Json[] }[];
  expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
  expect(messages.map(({ blocks }) => blocks[0]?.text).join('\n\n')).toBe(prompt[0]?.text);

  const tools = (await ors.get(`${base}/tools`)).body;
  expect((await ors.get(`${base}/task_tools`, sid)).body).toEqual(tools);
  expect(Object.keys(tools as Json)).toEqual(['tools']);
  for (const tool of (tools as { tools: Json[] }).tools) {
    expect(Object.keys(tool)).toEqual(['name', 'description', 'input_schema']);
    // Trainers pass on the description of an argument, but not its possible values.
    const { properties } = tool.input_schema as { properties: Record<string, { description: string }> };
    if (properties.channel !== undefined) expect(properties.channel.description).toContain('email, text, call');
  }
  expect((await ors.get(`${base}/version`)).body).toEqual({ version: VERSION, build_sha: null });

  const rewards: unknown[] = [];
  let finished = false;
  while (!finished) {
    const { status, text, type } = await ors.post(`${base}/call`, { name: 'do_nothing', input: {} }, sid);
    expect([status, type]).toEqual([200, expect.stringMatching(/^text\/event-stream/)]);
    const events = eventsIn(text);
    expect(events.map(([name]) => name)).toEqual(['task_id', 'end']);
    const { output } = callResultSchema.parse(JSON.parse(events[1]?.[1] ?? '')) as { output: Output };
    expect(Object.keys(output).toSorted()).toEqual(['blocks', 'finished', 'metadata', 'reward']);
    expect(output.blocks[0]?.text).toContain('INBOX:');
    rewards.push(output.reward);
    finished = output.finished;
  }
  expect(rewards).toEqual([...Array(rewards.length - 1).fill(null), 0.01]);
  expect(await outputOf(ors, sid)).toMatchObject({
    blocks: [{ type: 'text', text: 'The day is over.', detail: null }],
    reward: null,
    finished: true,
  });
  expect((await ors.post('/delete', undefined, sid)).body).toEqual({ sid });
  expect((await ors.post('/delete_session', undefined, sid)).body).toEqual({ sid });
});

test('an episode is played over the network, below a base path', async () => {
  const url = `${await serve({ basePath: '/spaces/day' })}/spaces/day`;
  const post = (path: string, body: unknown, sid = ''): Promise<Response> =>
    fetch(url + path, { method: 'POST', headers: { 'x-session-id': sid }, body: JSON.stringify(body) });
  const [[, sid = ''] = []] = eventsIn(await (await post('/create_session', {})).text());
  expect((await post('/create', ROW, sid)).status).toBe(200);
  let last: Output | undefined;
  while (last?.finished !== true) {
    const answer = await post('/ghostexec/call', { name: 'do_nothing', input: {} }, sid);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const [, end] = eventsIn(await answer.text());
    last = (callResultSchema.parse(JSON.parse(end?.[1] ?? '')) as { output: Output }).output;
  }
  expect(last.reward).toBe(last.metadata.grade?.grade);
});

test('the task routes exist without the name of the environment, and ranges may count from the end', async () => {
  const ors = await orsServer();
  for (const [path, body] of [
    ['tasks', { split: 'train' }],
    ['num_tasks', { split: 'train' }],
    ['task', { split: 'train', index: 1 }],
    ['task_range', { split: 'train', start: 1, stop: 3 }],
  ] as const) {
    const bare = await ors.post(`/${path}`, body);
    expect(bare.status).toBe(200);
    expect(bare.body).toEqual((await ors.post(`/ghostexec/${path}`, body)).body);
  }
  expect((await ors.get('/splits')).body).toEqual((await ors.get('/ghostexec/splits')).body);
  const rows = async (range: Json): Promise<unknown[]> => {
    const { body } = await ors.post('/task_range', { split: 'train', ...range });
    return (body as { tasks: Json[] }).tasks.map(({ index }) => index);
  };
  const all = (await rows({})) as number[];
  expect(await rows({ start: -2 })).toEqual(all.slice(-2));
  expect(await rows({ start: -99, stop: -1 })).toEqual(all.slice(0, -1));
});

test('a row of the task routes is a task_spec, and equal tasks are equal episodes', async () => {
  const ors = await orsServer();
  const { body } = await ors.post('/task', { split: 'train', index: 1 });
  const { task } = body as { task: Json };
  const sids = [await ors.begin({ task_spec: task }), await ors.begin({ split: 'train', index: 1 })];
  const prompts = await Promise.all(sids.map(async (sid) => (await ors.get('/prompt', sid)).text));
  expect(prompts[0]).toBe(prompts[1]);
  const outputs = await Promise.all(sids.map((sid) => outputOf(ors, sid)));
  expect(outputs[0]).toEqual(outputs[1]);
  expect(outputs[0]?.metadata).toMatchObject({ task_id: task.id, seed: 0, reward_profile: 'terminal' });
  const other = await ors.begin({ task_spec: { task_id: task.id, seed: 7 } });
  expect((await outputOf(ors, other)).metadata.seed).toBe(7);
});

test('the step profile gives the reward of every step, and success 1 or 0 at the end', async () => {
  const ors = await orsServer();
  const dense = await playOut(ors, await ors.begin({ ...ROW, reward_profile: 'step' }));
  expect(dense.map(({ reward }) => reward)).toEqual(dense.map(({ metadata }) => metadata.step_reward));
  expect(dense.every(({ reward }) => reward !== null)).toBe(true);
  const { body } = await ors.post('/reset', { task_id: 'phase2_core', seed: 0 });
  const answer = await ors.post('/step', {
    episode_id: (body as Json).episode_id,
    action: { action_type: 'do_nothing' },
  });
  expect(dense[0]?.reward).toBe((answer.body as Json).reward);

  const outcome = await playOut(ors, await ors.begin({ task_spec: { id: 'phase2_core', reward_profile: 'success' } }));
  expect(outcome.map(({ reward }) => reward)).toEqual([...Array(outcome.length - 1).fill(null), 0]);
});

test.each([
  ['an id that does not exist', 'archive_email', { email_id: 'nope' }, 'there is no email "nope"'],
  ['an ill-typed argument', 'archive_email', { email_id: 7 }, 'email_id'],
  ['a missing argument', 'reply_email', {}, 'reply_email needs email_id'],
  ['an unknown argument', 'do_nothing', { speed: 'fast' }, 'speed'],
  ['unset arguments sent as null', 'archive_email', { email_id: 'nope', channel: null }, 'there is no email "nope"'],
  ['a type that is not that of the tool', 'archive_email', { action_type: 'do_nothing' }, 'archive_email needs'],
])('%s is an invalid step', async (_what, name, input, message) => {
  const ors = await orsServer();
  const sid = await ors.begin({ ...ROW, reward_profile: 'step' });
  const { metadata, reward, blocks } = await outputOf(ors, sid, name, input);
  expect(metadata).toMatchObject({ episode_step: 1, step_ok: false });
  expect(metadata.error).toContain(message);
  expect(blocks[0]?.text).toContain('Last action FAILED');
  expect(reward).toBeLessThan(0);
});

test.each([
  ['an unknown tool', { name: 'fly', input: {} }, 'not_found', '"fly"'],
  ['the tool of a trainer', { name: 'reset', input: {} }, 'not_found', '"reset"'],
  ['a list as input', { name: 'do_nothing', input: [] }, 'input_validation', 'expected an object'],
  ['null as input', { name: 'do_nothing', input: null }, 'input_validation', 'expected an object'],
])('%s plays nothing', async (_what, call, reason, message) => {
  const ors = await orsServer();
  const sid = await ors.begin(ROW);
  const [, end] = eventsIn((await ors.post('/call', call, sid)).text);
  expect(end?.[0]).toBe('end');
  expect(JSON.parse(end?.[1] ?? '')).toEqual({ ok: false, reason, error: expect.stringContaining(message) });
  expect((await outputOf(ors, sid)).metadata.episode_step).toBe(1);
});

test('a call that is sent again under its id gets the same answer and plays nothing', async () => {
  const ors = await orsServer();
  const sid = await ors.begin(ROW);
  const first = await ors.post('/call', { name: 'do_nothing', input: {} }, sid);
  const [[, task_id = ''] = []] = eventsIn(first.text);
  const again = await ors.post('/call', { name: 'do_nothing', input: {}, task_id }, sid);
  expect(again.text).toBe(first.text);
  expect((await outputOf(ors, sid)).metadata.episode_step).toBe(2);
  const unknown = await ors.post('/call', { name: 'do_nothing', input: {}, task_id: 'no such call' }, sid);
  expect(eventsIn(unknown.text)).toEqual([['error', expect.stringContaining('"no such call"')]]);
  expect((await outputOf(ors, sid)).metadata.episode_step).toBe(3);
});

test.each([
  ['neither a row nor a task', {}, 400],
  ['a row and a task', { ...ROW, task_spec: { id: 'phase2_core' } }, 400],
  ['a split without an index', { split: 'train' }, 400],
  ['a toolset', { ...ROW, toolset_name: 'codex' }, 400],
  ['another environment', { ...ROW, env_name: 'other' }, 404],
  ['a row that does not exist', { split: 'train', index: 999 }, 422],
  ['a task that does not exist', { task_spec: { id: 'tuesday' } }, 422],
  ['an unknown profile', { ...ROW, reward_profile: 'sparse' }, 422],
  ['a grade that does not exist', { task_spec: { id: 'drift_drill', rules: 'v1' } }, 422],
])('create with %s is refused, and the id is still free', async (_what, body, status) => {
  const ors = await orsServer();
  const refused = await ors.post('/create', body, 'sid-1');
  expect(refused.status, refused.text).toBe(status);
  expect(refused.body).toHaveProperty('detail');
  expect((await ors.post('/create', ROW, 'sid-1')).status).toBe(200);
});

test('requests without a session, of an unknown one and of a deleted one are refused before the stream', async () => {
  const ors = await orsServer();
  const sid = await ors.begin(ROW);
  expect((await ors.post('/create', ROW, sid)).status).toBe(400);
  await ors.post('/delete', undefined, sid);
  const routes: ((id?: string) => Promise<{ status: number; body: unknown }>)[] = [
    (id) => ors.get('/prompt', id),
    (id) => ors.get('/messages', id),
    (id) => ors.get('/task_tools', id),
    (id) => ors.post('/ping', undefined, id),
    (id) => ors.post('/call', { name: 'do_nothing', input: {} }, id),
  ];
  for (const route of routes) {
    for (const [id, status] of [
      [undefined, 400],
      ['unknown', 404],
      [sid, 410],
    ] as const) {
      const { body, ...reply } = await route(id);
      expect(reply.status).toBe(status);
      expect(body).toEqual({ code: expect.any(String), detail: expect.any(String) });
    }
  }
  expect((await ors.post('/create', ROW)).status).toBe(400);
  expect((await ors.post('/create', ROW, sid)).status).toBe(400);
  expect((await ors.post('/call', { input: {} }, 'unknown')).status).toBe(422);
  expect((await ors.post('/delete', undefined, 'unknown')).body).toEqual({ sid: 'unknown' });
  expect((await ors.post('/ghost/call', { name: 'do_nothing', input: {} }, sid)).status).toBe(404);
});

test('ids that are only drawn hold nothing, and sessions count towards the limits of all sessions', async () => {
  const ors = await orsServer({ maxSessions: 2 });
  for (let i = 0; i < 5; i++) await ors.post('/create_session', {});
  expect((await ors.get('/metrics')).text).toContain('ghostexec_sessions 0\n');
  await ors.begin(ROW);
  const sid = await ors.begin(ROW);
  const full = await ors.post('/create', ROW, 'third');
  expect(full.status).toBe(503);
  await ors.post('/delete', undefined, sid);
  expect((await ors.post('/create', ROW, 'third')).status).toBe(200);
  expect((await ors.get('/metrics')).text).toContain('ghostexec_sessions 2\n');
});

test('a client address has its own limit', async () => {
  const ors = await orsServer({ maxSessionsPerClient: 1 });
  await ors.begin(ROW);
  const full = await ors.post('/create', ROW, 'second');
  expect(full.status).toBe(503);
  expect((full.body as Json).detail).toContain('127.0.0.1');
});

test('a session that was idle too long is gone, and one that is pinged is not', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
  try {
    const ors = await orsServer({ episodeTimeout: 60 });
    const idle = await ors.begin(ROW);
    const pinged = await ors.begin(ROW);
    for (let seconds = 0; seconds < 90; seconds += 10) {
      vi.advanceTimersByTime(10_000);
      expect((await ors.post('/ping', undefined, pinged)).body).toEqual({ status: 'ok' });
    }
    expect((await ors.post('/ping', undefined, idle)).status).toBe(404);
    expect((await ors.get('/prompt', pinged)).status).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

test('memory that runs short ends the sessions that were used least recently', async () => {
  const ors = await orsServer({ maxMemory: 1 });
  const sids: string[] = [];
  for (let i = 0; i < 60; i++) sids.push(await ors.begin(ROW));
  const statusOf = async (sid = ''): Promise<number> => (await ors.post('/ping', undefined, sid)).status;
  expect(await statusOf(sids[0])).toBe(404);
  expect(await statusOf(sids.at(-1))).toBe(200);
});

test('a server with a key takes it as X-API-Key, too, and an empty one is none', async () => {
  const ors = await orsServer({ apiKey: 'secret-1' });
  const statusWith = async (headers: Json): Promise<number> => (await ors.get('/tools', undefined, headers)).status;
  expect(await statusWith({ 'x-api-key': 'secret-1' })).toBe(200);
  expect(await statusWith({ authorization: 'Bearer secret-1', 'x-api-key': '' })).toBe(200);
  expect(await statusWith({ 'x-api-key': 'secret-2' })).toBe(401);
  expect(await statusWith({ 'x-api-key': '' })).toBe(401);
  expect(await statusWith({})).toBe(401);
});
