/** A field of an action that is null counts as missing, on every surface. */
import { expect, test } from 'vitest';
import { readAction } from '../../src/world/completion/completion.ts';
import { Client } from './support-batch.ts';
import { create, fail, mcpServer, play } from './support-mcp.ts';
import { makeServer, serve } from './support-server.ts';
import { Client as Socket } from './support-ws.ts';

const EMPTY = { message_body: null, meeting_id: null, channel: null, reason: null, metadata: null };
const ACTION = { action_type: 'archive_email', email_id: 'e05' };
const NULLS = { ...ACTION, ...EMPTY };

test('TypeScript: an object and a completion', () => {
  expect(readAction(NULLS)).toEqual(readAction(ACTION));
  expect(readAction(JSON.stringify(NULLS))).toEqual(readAction(ACTION));
  expect(readAction({ action_type: null, email_id: null })).toEqual(readAction({}));
});

test('HTTP', async () => {
  const { app } = await makeServer();
  const step = async (action: unknown): Promise<unknown> => {
    const started = await app.inject({ method: 'POST', url: '/reset', payload: { seed: 1, episode_id: 'one' } });
    expect(started.statusCode).toBe(200);
    const answer = await app.inject({ method: 'POST', url: '/step', payload: { action, episode_id: 'one' } });
    return [answer.statusCode, answer.json().observation.step_detail, answer.json().reward];
  };
  expect(await step(NULLS)).toEqual(await step(ACTION));
  expect(await step({ action_type: null })).toEqual(await step({}));
});

test('WebSocket', async () => {
  const socket = await Socket.connect(`${await serve()}/ws`.replace('http', 'ws'));
  await socket.reset();
  const { data } = await socket.step(NULLS);
  expect(data.observation).toMatchObject({ step_ok: true });
});

test('MCP: an optional field may be null; a required field that is null is missing', async () => {
  const mcp = await mcpServer();
  const session = await create(mcp);
  const args = { email_id: 'e05', message_body: 'Thank you.', channel: null };
  const answer = await play(mcp, 'reply_email', args, session);
  expect(JSON.stringify(answer)).toContain('"step_ok":true');
  await fail(mcp, 'archive_email', { email_id: null }, session);
});

test('the batch API: objects and completions', async () => {
  const client = new Client(await serve(), 'json');
  const { batch_id } = await client.create({ num_envs: 3, seed: 1 });
  const rows = await client.step(batch_id, [NULLS, JSON.stringify(NULLS), ACTION]);
  expect(rows.map(({ error }) => error?.code)).toEqual([undefined, undefined, undefined]);
});
