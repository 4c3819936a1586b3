/** What a language model is asked, and how its answers are played and recorded. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { briefing, deltaOf, deltaText, readAction, SoloEnv, systemPrompt, verifyRun } from '../../src/index.ts';
import { CHAT_TOOLS } from '../../src/sim/v2/chat-tools.ts';
import { type ChatRequest, calling, completion, endpointFor, WAIT } from '../support/scripted-endpoint.ts';
import { metadataIn, play } from './support-model.ts';

const waiting = () => ({ body: completion(WAIT) });

/** The contents of the messages, by role. */
const chat = ({ messages }: ChatRequest): unknown[] => messages.map(({ role, content }) => [role, content]);

describe('a request', () => {
  test('is the system prompt and the day as turns', async () => {
    const endpoint = await endpointFor(waiting);
    const { records } = await play(endpoint, { observation: 'full' });
    const [first, , third] = endpoint.calls;
    const seen = records[0]?.steps.map(({ observation }) => observation) ?? [];
    expect(first?.body).toEqual({
      model: 'scripted',
      messages: [
        { role: 'system', content: systemPrompt() },
        { role: 'user', content: seen[0] },
      ],
    });
    expect(chat(third?.body as ChatRequest)).toEqual([
      ['system', systemPrompt()],
      ['user', seen[0]],
      ['assistant', WAIT],
      ['user', seen[1]],
      ['assistant', WAIT],
      ['user', seen[2]],
    ]);
    expect(endpoint.calls).toHaveLength(seen.length);
  });

  test.each([
    ['none', [2, 2, 2, 2]],
    ['last:1', [2, 4, 4, 4]],
    ['last:2', [2, 4, 6, 6]],
    ['all', [2, 4, 6, 8]],
  ])('has as many earlier turns as the history says: %s', async (history, lengths) => {
    const endpoint = await endpointFor(waiting);
    await play(endpoint, { history });
    expect(endpoint.calls.slice(0, 4).map(({ body }) => body.messages.length)).toEqual(lengths);
  });

  test('has the changes after the first briefing, with deltas', async () => {
    const endpoint = await endpointFor(waiting);
    const { records } = await play(endpoint);
    const env = SoloEnv.create({ task: 'phase2_core' });
    let { observation } = env.reset();
    const texts = [briefing(observation)];
    for (const _ of records[0]?.steps.slice(1) ?? []) {
      const next = env.step({ action_type: 'do_nothing' }).observation;
      texts.push(deltaText(deltaOf(observation, next)));
      observation = next;
    }
    const last = endpoint.calls.at(-1)?.body.messages ?? [];
    expect(last.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(texts);
    expect(texts.at(-1)?.length).toBeLessThan((texts[0]?.length ?? 0) / 4);
  });

  test('has the settings and the further fields, which win', async () => {
    const endpoint = await endpointFor(waiting);
    await play(endpoint, {
      temperature: 0.5,
      maxCompletionTokens: 64,
      modelSeed: 3,
      tokenIds: true,
      extraBody: { top_k: 20, temperature: 0.6 },
      plan: { episodes: 2, groupSize: 2 },
    });
    const [{ body } = { body: undefined }] = endpoint.calls;
    expect(body).toMatchObject({
      ...{ temperature: 0.6, max_completion_tokens: 64, top_k: 20, return_token_ids: true, logprobs: true },
    });
    const seeds = endpoint.calls.map((call) => call.body.seed as number);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
  });

  test('asks for JSON by a schema', async () => {
    const endpoint = await endpointFor(waiting);
    await play(endpoint, { format: 'json' });
    const response_format = endpoint.calls[0]?.body.response_format;
    expect(response_format).toMatchObject({ type: 'json_schema', json_schema: { name: 'action' } });
    const { json_schema } = response_format as { json_schema: { schema: object } };
    const isValid = new Ajv2020().compile(json_schema.schema);
    const action = { action_type: 'reply_email', email_id: 'e01', message_body: 'Yes.', channel: 'text' };
    expect(isValid({ action })).toBe(true);
    expect(readAction(JSON.stringify({ action }))).toEqual(action);
    expect(isValid({ action: { action_type: 'do_nothing' } })).toBe(true);
    expect(isValid({ action: { ...action, message_body: undefined } })).toBe(false);
    expect(isValid({ action: { ...action, meeting_id: 'm01' } })).toBe(false);
    expect(isValid(action)).toBe(false);
  });

  test('carries the key', async () => {
    const endpoint = await endpointFor(waiting, { key: 'secret' });
    const { records } = await play(endpoint, { apiKey: 'secret' });
    expect(records[0]?.status).toBe('complete');
  });
});

describe('tools', () => {
  test('are those of the environment; a call is played, and its result is the next observation', async () => {
    const endpoint = await endpointFor(({ number }) => ({
      body: number === 0 ? calling(['archive_email', { email_id: 'e05' }]) : completion(WAIT),
    }));
    const { records, out } = await play(endpoint, { format: 'tools', observation: 'full' });
    const [first, second, third] = endpoint.calls;
    expect(first?.body).toMatchObject({ tools: CHAT_TOOLS, parallel_tool_calls: false });
    const steps = records[0]?.steps ?? [];
    expect(steps[0]?.action).toMatchObject({ action_type: 'archive_email', email_id: 'e05' });
    expect(JSON.parse(steps[0]?.completion ?? '')).toMatchObject({
      role: 'assistant',
      tool_calls: [{ function: { name: 'archive_email' } }],
    });
    expect(second?.body.messages.slice(2)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call-0', type: 'function', function: { name: 'archive_email', arguments: '{"email_id":"e05"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call-0', content: steps[1]?.observation },
    ]);
    // The second answer was text, so the third observation is a message of the user.
    expect(third?.body.messages.at(-1)).toEqual({ role: 'user', content: steps[2]?.observation });
    expect(await verifyRun(out)).toMatchObject({ differing: 0 });
  });

  test('after the first call of an answer are not played, and the model learns that', async () => {
    const endpoint = await endpointFor(({ number }) => ({
      body:
        number === 0
          ? calling(['archive_email', { email_id: 'e05' }], ['archive_email', { email_id: 'e04' }], ['do_nothing', {}])
          : completion(WAIT),
    }));
    const { records } = await play(endpoint, { format: 'tools', observation: 'full' });
    const steps = records[0]?.steps ?? [];
    expect(steps[0]?.action).toMatchObject({ email_id: 'e05' });
    expect(metadataIn(records[0])[0]).toMatchObject({
      not_played: [{ id: 'call-1', name: 'archive_email', arguments: '{"email_id":"e04"}' }, { id: 'call-2' }],
    });
    expect(endpoint.calls[1]?.body.messages.slice(3)).toEqual([
      { role: 'tool', tool_call_id: 'call-0', content: steps[1]?.observation },
      { role: 'tool', tool_call_id: 'call-1', content: 'not played: one action a step' },
      { role: 'tool', tool_call_id: 'call-2', content: 'not played: one action a step' },
    ]);
  });

  test('with arguments that are cut off are an invalid step, and go on as an empty object', async () => {
    const endpoint = await endpointFor(({ number }) => ({
      body: number === 0 ? calling(['archive_email', '{"email_id": "e0']) : completion(WAIT),
    }));
    const { records } = await play(endpoint, { format: 'tools', observation: 'full' });
    expect(records[0]?.status).toBe('complete');
    expect(records[0]?.steps[0]).toMatchObject({ step_ok: false, action: null });
    const [, second] = endpoint.calls;
    expect(second?.body.messages[2]?.tool_calls?.[0]?.function).toEqual({ name: 'archive_email', arguments: '{}' });
  });

  test('begin with a message of the user if the history was cut', async () => {
    const endpoint = await endpointFor(() => ({ body: calling(['do_nothing', {}]) }));
    await play(endpoint, { format: 'tools', history: 'last:1' });
    expect(endpoint.calls[3]?.body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
  });
});

describe('an answer', () => {
  test('is recorded as it came, with what the endpoint says of it', async () => {
    const endpoint = await endpointFor(() => ({
      body: {
        ...completion(`<think>Hm.</think>I wait. ${WAIT}`, { reasoning: 'long', reasoning_content: 'longer' }),
      },
    }));
    const { records, policy } = await play(endpoint, { priceIn: 2, priceOut: 10 });
    const [record] = records;
    expect(record?.policy).toBe('model:scripted');
    expect(record?.steps[0]).toMatchObject({
      completion: `<think>Hm.</think>I wait. ${WAIT}`,
      action: { action_type: 'do_nothing' },
    });
    const [first] = metadataIn(record);
    expect(first).toMatchObject({
      model: 'scripted-1',
      finish_reason: 'stop',
      usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
      attempts: 1,
      reasoning: 'long',
      reasoning_content: 'longer',
    });
    expect(first?.latency_ms).toEqual(expect.any(Number));
    expect(first?.cost).toBeCloseTo(0.0003);
    const steps = record?.steps.length ?? 0;
    expect(policy.totals).toMatchObject({ answers: steps, asked: steps, promptTokens: 100 * steps });
    expect(policy.totals.cost).toBeCloseTo(0.0003 * steps);
  });

  test('that was cut off is the fault of the model: it is read as a completion', async () => {
    const cut = { finish_reason: 'length' };
    const endpoint = await endpointFor(({ number }) => ({
      body: number === 0 ? completion('{"action_type": "archive_', {}, cut) : completion(WAIT),
    }));
    const { records } = await play(endpoint);
    expect(records[0]?.status).toBe('complete');
    expect(records[0]?.steps[0]).toMatchObject({ step_ok: false, completion: '{"action_type": "archive_' });
    expect(metadataIn(records[0])[0]).toMatchObject({ finish_reason: 'length' });
  });

  test('that is empty is an invalid step, and stands in the chat', async () => {
    const endpoint = await endpointFor(({ number }) => ({ body: completion(number === 0 ? null : WAIT) }));
    const { records } = await play(endpoint);
    expect(records[0]?.steps[0]).toMatchObject({ step_ok: false, completion: '' });
    expect(endpoint.calls[1]?.body.messages[2]).toEqual({ role: 'assistant', content: '(no answer)' });
  });

  test('may come in parts, of which the texts count', async () => {
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: WAIT },
    ];
    const endpoint = await endpointFor(() => ({ body: completion(parts as unknown as string) }));
    expect((await play(endpoint)).records[0]?.steps[0]?.completion).toBe(WAIT);
  });

  test('has token ids and log-probabilities if they were requested and returned', async () => {
    const choice = { token_ids: [5, 6], logprobs: { content: [{ logprob: -0.5 }, { logprob: -1 }] } };
    const endpoint = await endpointFor(({ number }) => ({
      body: number === 0 ? { ...completion(WAIT, {}, choice), prompt_token_ids: [1, 2, 3] } : completion(WAIT),
    }));
    const { records } = await play(endpoint, { tokenIds: true });
    const [first, second] = metadataIn(records[0]);
    expect(first).toMatchObject({ prompt_token_ids: [1, 2, 3], token_ids: [5, 6], logprobs: [-0.5, -1] });
    expect(second).toMatchObject({ prompt_token_ids: null, token_ids: null, logprobs: null });
  });
});
