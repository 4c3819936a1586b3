/** Completions that are slow to parse: every surface that accepts completions or actions answers a request full of them. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { Memory } from '../../src/server/memory.ts';
import { CompletionReader, LARGE_COMPLETION } from '../../src/server/reading/reader.ts';
import { MAX_COMPLETION, readAction, remarkOf } from '../../src/world/completion/completion.ts';
import type { Answer } from './support-answers.ts';
import { Client, FORMATS } from './support-batch.ts';
import { makeServer, serve } from './support-server.ts';
import { Client as Socket, serve as serveSockets } from './support-ws.ts';

/** Each has at most a million characters, the length that the reader reads. */
const BAIT = ['{"'.repeat(250_000), '{"}'.repeat(333_333), '{{"}'.repeat(250_000), '{"a":1}'.repeat(142_000)];
const EIGHT = [...BAIT, ...BAIT];
const INVALID = { observation: { step_ok: false } };

test('a large completion is read on another thread, with the same result as on this one', async () => {
  const memory = new Memory(64);
  const reader = new CompletionReader(memory);
  onTestFinished(() => reader.close());
  const call = '<tool_call>{"name": "archive_email", "arguments": {"email_id": "e05"}}</tool_call>';
  const padding = ' '.repeat(LARGE_COMPLETION);
  for (const completion of [...BAIT, `${call}${padding}${call}`, `${padding}{"action_type": "do_nothing"}`]) {
    const [read, here] = [reader.read(completion), readAction(completion)];
    expect(read).toBeInstanceOf(Promise);
    expect(memory.used).toBe(2 * completion.length);
    expect(await read).toEqual(here);
    expect(remarkOf(await read)).toBe(remarkOf(here));
  }
  expect(memory.used).toBe(0);
  expect(remarkOf(readAction(`${call}${padding}${call}`))).toContain('1 other call');
  for (const small of [call, {}, 'x'.repeat(MAX_COMPLETION + 1)]) expect(reader.read(small)).toEqual(readAction(small));
  const full = Array.from({ length: 34 }, () => reader.read(' '.repeat(MAX_COMPLETION)));
  const outcomes = await Promise.allSettled(full);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(33);
  expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'OUT_OF_MEMORY', status: 503 } });
});

describe.each(FORMATS)('POST /batch/{id}/step in %s', (format) => {
  test('eight slow completions are eight invalid steps', async () => {
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

test('POST /web/api/episode, whose bodies are smaller, plays eight of them as eight invalid steps', async () => {
  const { app } = await makeServer();
  const episode = { task_id: 'phase2_core', seed: 1 };
  const actions = EIGHT.map((completion) => completion.slice(0, 60_000));
  const answer = await app.inject({ method: 'POST', url: '/web/api/episode', payload: { episode, actions } });
  expect(answer.statusCode).toBe(200);
  const { scenes } = answer.json<{ scenes: { understood: unknown }[] }>();
  expect(scenes).toHaveLength(9);
});

test('POST /step plays each as an invalid step, and plays an action whose texts are of that kind', async () => {
  const { app } = await makeServer();
  const [body = ''] = BAIT;
  const step = (action: unknown) => app.inject({ method: 'POST', url: '/step', payload: { action } });
  const answers = await Promise.all(BAIT.map((completion, n) => step(n % 2 === 0 ? completion : { completion })));
  for (const answer of answers) expect([answer.statusCode, answer.json()]).toMatchObject([200, INVALID]);
  expect(answers[0]?.json<Answer>().observation.error).toContain('never closed');
  const played = await step({ action_type: 'reply_email', email_id: 'no such email', message_body: body });
  expect([played.statusCode, played.json()]).toMatchObject([200, INVALID]);
});

test('/ws answers the same', async () => {
  const socket = await Socket.connect(`${await serveSockets()}/ws`);
  const [data = ''] = BAIT;
  await socket.reset();
  for (const completion of BAIT) {
    expect(await socket.ask({ type: 'step', data: { completion } })).toMatchObject({
      type: 'observation',
      data: INVALID,
    });
  }
  const action = { action_type: 'reply_email', email_id: 'no such email', message_body: data };
  expect((await socket.step(action)).data.observation.step_ok).toBe(false);
});
