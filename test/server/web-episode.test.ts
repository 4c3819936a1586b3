/** OpenEnv's playground API below /web: one episode that all callers share. */
import { describe, expect, test } from 'vitest';
import { makeServer } from './support-server.ts';

const RESET = { task_id: 'phase2_core', seed: 3 };
const STEP = { action: { action_type: 'archive_email', email_id: 'e05' } };

async function web(options: Parameters<typeof makeServer>[0] = {}) {
  const { app } = await makeServer(options);
  const ask = async (method: 'GET' | 'POST', url: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const payload = body === undefined ? {} : { payload: JSON.stringify(body), headers };
    const answer = await app.inject({ method, url, ...payload });
    return { status: answer.statusCode, body: answer.json() };
  };
  return {
    get: (url: string) => ask('GET', url),
    post: (url: string, body?: unknown) => ask('POST', url, body),
  };
}

test('reset, step and state share one episode among all callers', async () => {
  const { get, post } = await web();
  const begun = await post('/web/reset', { ...RESET, episode_id: 'shared' });
  expect(begun.status).toBe(200);
  expect(Object.keys(begun.body)).toEqual(expect.arrayContaining(['observation', 'reward', 'done']));
  expect(begun.body.observation).toMatchObject({ task_id: 'phase2_core', seed: 3, episode_step: 0 });
  const played = await post('/web/step', STEP);
  expect(played.body).toMatchObject({ done: false, observation: { episode_step: 1, step_ok: true } });
  const state = await get('/web/state');
  expect(state).toMatchObject({ status: 200, body: { episode_id: 'shared', step_count: 1, seed: 3 } });
  // GET /state finds the episode like one of POST /reset.
  expect((await get('/state?episode_id=shared')).body).toEqual(state.body);
});

test('the answers equal those of POST /reset and POST /step', async () => {
  const { post } = await web();
  const named = { ...RESET, episode_id: 'a' };
  const { episode_id: _, ...begun } = (await post('/reset', named)).body;
  expect((await post('/web/reset', named)).body).toEqual(begun);
  await post('/reset', named);
  const { episode_id: __, ...played } = (await post('/step', { ...STEP, episode_id: 'a' })).body;
  await post('/web/reset', named);
  expect((await post('/web/step', STEP)).body).toEqual(played);
});

test.each([[undefined], [null], [{}], [{ seed: null, unknown: 1 }]])('reset accepts %j', async (body) => {
  const { post } = await web();
  expect(await post('/web/reset', body)).toMatchObject({ status: 200, body: { done: false, reward: 0 } });
});

test('before any reset the state has no episode, and a step begins the default one', async () => {
  const { get, post } = await web();
  expect((await get('/web/state')).body).toMatchObject({ episode_id: null, step_count: 0 });
  expect((await post('/web/step', STEP)).body.observation.episode_step).toBe(1);
  expect((await get('/web/state')).body).toMatchObject({ step_count: 1 });
});

test('a step in an evicted episode is refused and does not begin another', async () => {
  const { get, post } = await web({ maxSessions: 1 });
  await post('/web/reset', RESET);
  await post('/reset', RESET);
  expect(await post('/web/step', STEP)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_EPISODE' } });
  expect(await get('/web/state')).toMatchObject({ status: 404, body: { code: 'UNKNOWN_EPISODE' } });
  expect((await post('/web/reset', RESET)).status).toBe(200);
  expect((await post('/web/step', STEP)).status).toBe(200);
});

test('a refused reset does not affect the episode', async () => {
  const { get, post } = await web();
  await post('/web/reset', { ...RESET, episode_id: 'kept' });
  expect((await post('/web/reset', { task_id: 'nowhere' })).status).toBe(422);
  expect((await get('/web/state')).body.episode_id).toBe('kept');
});

describe('a step', () => {
  test('accepts a completion, as a string or in an object', async () => {
    const { post } = await web();
    await post('/web/reset', RESET);
    const text = '<action>{"action_type": "do_nothing"}</action>';
    for (const action of [text, { completion: text }]) {
      expect((await post('/web/step', { action })).body.observation).toMatchObject({ step_ok: true });
    }
    expect((await post('/web/step', { action: 'do_nothing' })).body.observation).toMatchObject({ step_ok: false });
  });

  test.each([[{}], [undefined], [{ message: 'hello' }], [{ action: 3 }], [{ action: { action_type: 'fly' } }], [[]]])(
    'without a valid action is refused: %j',
    async (body) => {
      const { get, post } = await web();
      await post('/web/reset', RESET);
      expect(await post('/web/step', body)).toMatchObject({ status: 422, body: { detail: expect.any(Array) } });
      expect((await get('/web/state')).body.step_count).toBe(0);
    },
  );

  test('may contain the empty fields of a form', async () => {
    const { post } = await web();
    await post('/web/reset', RESET);
    const form = { email_id: '', message_body: '', meeting_id: '', new_time: '', reason: '', task_id: '', message: '' };
    const { body } = await post('/web/step', { action: { ...form, ...STEP.action } });
    expect(body.observation.step_ok).toBe(true);
  });
});

test('the metadata equal those of GET /metadata', async () => {
  const { get } = await web();
  expect(await get('/web/metadata')).toEqual(await get('/metadata'));
});
