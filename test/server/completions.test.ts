/** POST /step and /ws accept the text of a model as well as an action object. */
import { describe, expect, test } from 'vitest';
import type { Answer } from './support-answers.ts';
import { makeServer } from './support-server.ts';
import { Client, type Reply, serve } from './support-ws.ts';

const ACTION = { action_type: 'archive_email', email_id: 'e05' };
const TEXT = `The newsletter can go.\n<action>${JSON.stringify(ACTION)}</action>`;
const CALLS = '<tool_call>{"name": "do_nothing"}</tool_call>'.repeat(2);
type Played = { status: number; body: Answer };
type Ask = (action: unknown) => Promise<Played>;

/** Each surface plays an action in a new episode, all with the same seed. */
async function surfaces(): Promise<Record<string, Ask>> {
  const { app } = await makeServer();
  const address = `${await serve()}/ws`;
  const reset = { task_id: 'phase2_core', seed: 1 };
  let episodes = 0;
  return {
    http: async (action) => {
      const episode_id = String(episodes++);
      await app.inject({ method: 'POST', url: '/reset', payload: { ...reset, episode_id } });
      const answer = await app.inject({ method: 'POST', url: '/step', payload: { action, episode_id } });
      return { status: answer.statusCode, body: answer.json() };
    },
    ws: async (data) => {
      const client = await Client.connect(address);
      await client.reset(reset);
      const { type, data: body } = await client.ask<Reply>({ type: 'step', data });
      return { status: type === 'observation' ? 200 : 422, body: body as unknown as Answer };
    },
  };
}

const common = ({ body: { observation, reward, done } }: Played): string =>
  JSON.stringify({ observation, reward, done });

describe.each(['http', 'ws'])('over %s', (surface) => {
  async function ask(): Promise<Ask> {
    return (await surfaces())[surface] as Ask;
  }

  test('a text, and an object that holds a text, play the action in the text', async () => {
    const step = await ask();
    const expected = await step(ACTION);
    expect(expected.body.observation).toMatchObject({ step_ok: true, episode_step: 1 });
    for (const action of [
      TEXT,
      { completion: TEXT },
      { completion: TEXT, metadata: {} },
      { completion: TEXT, metadata: null },
    ]) {
      const answer = await step(action);
      expect([answer.status, common(answer)]).toEqual([200, common(expected)]);
    }
  });

  test('a text that cannot be read is an invalid step, whose error says why', async () => {
    const step = await ask();
    for (const [text, why] of [
      ['', 'no JSON object'],
      ['I cannot decide.', 'no JSON object'],
      ['{"action_type": "archive_email"', 'cut off'],
      ['{"action_type": "fly"}', 'fly'],
      [`x${' '.repeat(1_000_000)}`, '1000001 characters'],
    ] as const) {
      for (const action of [text, { completion: text }]) {
        const { status, body } = await step(action);
        expect([status, body.observation.step_ok, body.observation.episode_step]).toEqual([200, false, 1]);
        expect(body.observation.error).toContain(why);
      }
    }
  });

  test('the step detail reports which parts of a text were ignored', async () => {
    const step = await ask();
    for (const text of [CALLS, `${CALLS}${' '.repeat(40_000)}`]) {
      expect((await step(text)).body.observation.step_detail).toContain('1 other call was left out');
    }
  });

  test('an object that violates the schema is refused and plays nothing', async () => {
    const step = await ask();
    for (const action of [
      { action_type: 'fly' },
      { actoin_type: 'do_nothing' },
      { completion: 5 },
      { completion: null },
      { completion: TEXT, action_type: 'do_nothing' },
      { text: TEXT },
      [TEXT],
      5,
      null,
    ]) {
      expect([JSON.stringify(action), (await step(action)).status]).toEqual([JSON.stringify(action), 422]);
    }
  });
});

test('a refusal names the invalid field of the object', async () => {
  const { app } = await makeServer();
  const detailOf = async (payload: object): Promise<unknown> =>
    (await app.inject({ method: 'POST', url: '/step', payload })).json<{ detail: unknown }>().detail;
  expect(await detailOf({ action: { email_id: 5, nope: 1 } })).toMatchObject([
    { type: 'string_type', loc: ['body', 'action', 'email_id'], input: 5 },
    { type: 'extra_forbidden', loc: ['body', 'action', 'nope'], input: 1 },
  ]);
  expect(await detailOf({ action: { completion: 5 } })).toMatchObject([
    { type: 'string_type', loc: ['body', 'action', 'completion'], input: 5 },
  ]);
  expect(await detailOf({})).toMatchObject([{ type: 'missing', loc: ['body', 'action'] }]);
});

test('OpenAPI documents both forms of an action; /schema documents the object alone', async () => {
  const { app } = await makeServer();
  const { paths } = (await app.inject('/openapi.json')).json();
  const { properties, required } = paths['/step'].post.requestBody.content['application/json'].schema;
  const [text, completion, action] = properties.action.oneOf;
  expect([text.type, completion.required, required]).toEqual(['string', ['completion'], ['action']]);
  const { $schema: _, title: __, ...published } = (await app.inject('/schema')).json().action;
  expect(action).toEqual(published);
  expect(published.type).toBe('object');
});
