/** Completions that are bait for a slow reader: every surface that takes completions, or actions, answers a request full of them. */
import { describe, expect, test } from 'vitest';
import { Client, FORMATS } from './support-batch.ts';
import { makeServer, serve } from './support-server.ts';
import { Client as Socket, serve as serveSockets } from './support-ws.ts';

/** Each of a million characters at the most, which is what is read. */
const BAIT = ['{"'.repeat(250_000), '{"}'.repeat(333_333), '{{"}'.repeat(250_000), '{"a":1}'.repeat(142_000)];
const EIGHT = [...BAIT, ...BAIT];

describe.each(FORMATS)('POST /batch/{id}/step in %s', (format) => {
  test('eight such completions are eight invalid steps', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const { batch_id } = await client.create({ num_envs: 8 });
    const rows = await client.step(batch_id, EIGHT);
    expect(rows.map((row) => row.error?.code)).toEqual(EIGHT.map(() => 'INVALID_ACTION'));
    expect(rows[0]?.error?.message).toContain('never closed');
    expect(rows[1]?.error?.message).toContain('the search for an action in the completion was given up');
    const { worker_restarts, recoveries } = await client.ok('GET', `/batch/${batch_id}`);
    expect({ worker_restarts, recoveries }).toEqual({ worker_restarts: 0, recoveries: 0 });
  });
});

test('POST /web/api/episode, whose bodies are smaller, with eight of them is an episode of eight invalid steps', async () => {
  const { app } = await makeServer();
  const episode = { task_id: 'phase2_core', seed: 1 };
  const actions = EIGHT.map((completion) => completion.slice(0, 60_000));
  const answer = await app.inject({ method: 'POST', url: '/web/api/episode', payload: { episode, actions } });
  expect(answer.statusCode).toBe(200);
  const { scenes } = answer.json<{ scenes: { understood: unknown }[] }>();
  expect(scenes).toHaveLength(9);
});

test('POST /step takes no completions, and plays an action whose texts are like that', async () => {
  const { app } = await makeServer();
  const [body = ''] = BAIT;
  const step = (action: unknown) => app.inject({ method: 'POST', url: '/step', payload: { action } });
  expect((await step(body)).statusCode).toBe(422);
  const played = await step({ action_type: 'reply_email', email_id: 'no such email', message_body: body });
  expect([played.statusCode, played.json()]).toMatchObject([200, { observation: { step_ok: false } }]);
});

test('/ws answers the same', async () => {
  const socket = await Socket.connect(`${await serveSockets()}/ws`);
  const [data = ''] = BAIT;
  await socket.reset();
  expect(await socket.ask({ type: 'step', data })).toMatchObject({ type: 'error' });
  const action = { action_type: 'reply_email', email_id: 'no such email', message_body: data };
  expect((await socket.step(action)).data.observation.step_ok).toBe(false);
});
