/** How refused, lost and slow calls end, and the episodes that they belong to. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createModelPolicy, Random } from '../../src/index.ts';
import { TRAJECTORIES } from '../../src/rollout/run.ts';
import { completion, endpointFor, type Reply, refusing, type Script, WAIT } from '../support/scripted-endpoint.ts';
import { metadataIn, newFolder, play } from './support-model.ts';

const waiting: Script = () => ({ body: completion(WAIT) });

/** Some replies to the first calls; the calls after them are answered. */
const firstly =
  (...replies: Reply[]): Script =>
  ({ number }) =>
    replies[number] ?? { body: completion(WAIT) };

describe('a call is sent again', () => {
  test.each<[string, Reply]>([
    ['429', refusing(429, 'slow down')],
    ['429 with Retry-After', { ...refusing(429, 'slow down'), headers: { 'retry-after': '0.01' } }],
    ['500', refusing(500, 'oops')],
    ['503 without JSON', { status: 503, body: '<html>busy</html>' }],
    ['a closed socket', { fault: 'reset' }],
    ['a body that is not JSON', { body: '{"choices": [' }],
    ['a body without choices', { body: { id: 'x', choices: [] } }],
    ['an error with status 200', { body: { error: { message: 'upstream failed', code: 502 } } }],
  ])('after %s', async (_, reply) => {
    const endpoint = await endpointFor(firstly(reply));
    const { records } = await play(endpoint);
    expect(records[0]?.status).toBe('complete');
    const steps = metadataIn(records[0]);
    expect(steps.map(({ attempts }) => attempts)).toEqual(steps.map((_, at) => (at === 0 ? 2 : 1)));
    expect(endpoint.calls).toHaveLength(steps.length + 1);
  });

  test('after a hang, once its time is over', async () => {
    const endpoint = await endpointFor(firstly({ fault: 'hang' }));
    const { records } = await play(endpoint, { timeoutSeconds: 0.5 });
    expect(records[0]?.status).toBe('complete');
  });

  test('at the next endpoint, if there are several', async () => {
    const broken = await endpointFor(() => refusing(503, 'down'));
    const good = await endpointFor(waiting);
    const { records } = await play([broken, good], { plan: { episodes: 2, groupSize: 2 } });
    expect(records.map(({ status }) => status)).toEqual(['complete', 'complete']);
    // An episode stays where it was answered.
    expect(broken.calls).toHaveLength(1);
  });
});

describe('a lost call', () => {
  test('fails its episode by infrastructure, without a return; resuming asks only for what is not stored', async () => {
    let isDown = true;
    // Every call of the second episode after its first is lost.
    const script: Script = ({ body }) =>
      isDown && body.seed === lostSeed ? refusing(500, 'oops') : { body: completion(WAIT) };
    let lostSeed: unknown;
    const endpoint = await endpointFor(script);
    const plan = { episodes: 4, groupSize: 4 };
    const options = { plan, modelSeed: 1, retries: 0, numEnvs: 1 };
    const whole = await play(endpoint, options);
    const steps = whole.records[0]?.length ?? 0;
    lostSeed = endpoint.calls[steps + 2]?.body.seed;
    const out = newFolder();
    const { records } = await play(endpoint, { ...options, out });
    expect(records.map(({ failure }) => failure)).toEqual([null, 'infrastructure', null, null]);
    expect(records[1]).toMatchObject({ status: 'failed', return: null, grade: null, length: 2 });
    expect(records[1]?.error).toMatch(/no answer from the endpoint at http.* in 1 attempt: 500 oops/);
    isDown = false;
    const asked = endpoint.calls.length;
    const again = await play(endpoint, { ...options, out, resume: true });
    expect(again.records.map(({ failure }) => failure)).toEqual([null, null, null, null]);
    expect(endpoint.calls.length - asked).toBe(steps - 2);
    expect(again.policy.totals).toMatchObject({ answers: 4 * steps, asked: steps - 2 });
    expect(again.records.map(({ grade }) => grade)).toEqual(whole.records.map(({ grade }) => grade));
  });
});

describe('a refused call is not sent again, and fails its episode', () => {
  test.each<[string, string, Reply]>([
    ['context_overflow', 'OpenAI', refusing(400, 'Please reduce', { code: 'context_length_exceeded' })],
    [
      'context_overflow',
      'vLLM',
      refusing(400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"),
    ],
    [
      'context_overflow',
      'llama.cpp',
      refusing(400, 'the request exceeds the available context size', { type: 'exceed_context_size_error' }),
    ],
    ['content_filter', 'Azure', refusing(400, 'The response was filtered', { code: 'content_filter' })],
    ['content_filter', 'a moderator', refusing(403, 'Your input was flagged')],
    ['content_filter', 'an answer', { body: completion('', {}, { finish_reason: 'content_filter' }) }],
    ['bad_request', '400', refusing(400, 'Unknown parameter: top_q')],
    ['bad_request', '422', refusing(422, 'body.tools: field required')],
  ])('%s: %s', async (failure, _, reply) => {
    const endpoint = await endpointFor(firstly(reply));
    const { records, out } = await play(endpoint, { plan: { episodes: 2, groupSize: 2 }, numEnvs: 1 });
    expect(records.map((record) => record.failure)).toEqual([failure, null]);
    const asked = endpoint.calls.length;
    const before = readFileSync(join(out, TRAJECTORIES));
    await play(endpoint, { plan: { episodes: 2, groupSize: 2 }, out, resume: true });
    expect(endpoint.calls).toHaveLength(asked);
    expect(readFileSync(join(out, TRAJECTORIES)).equals(before)).toBe(true);
  });
});

describe('the run ends', () => {
  test.each<[string, Reply]>([
    ['a wrong key', refusing(401, 'Incorrect API key')],
    ['no money', refusing(429, 'You exceeded your current quota', { code: 'insufficient_quota' })],
    ['no such model', refusing(404, 'The model does not exist')],
  ])('after %s, and is resumed from its stored answers', async (_, reply) => {
    const endpoint = await endpointFor(({ number }) => (number === 5 ? reply : { body: completion(WAIT) }));
    const out = newFolder();
    await expect(play(endpoint, { out })).rejects.toThrow(/refuses the calls: 4/);
    const { policy, records } = await play(endpoint, { out, resume: true });
    expect(records[0]?.status).toBe('complete');
    expect(policy.totals.answers - policy.totals.asked).toBe(5);
  });

  test('once the calls have cost as much as they may, and goes on with a higher limit', async () => {
    const endpoint = await endpointFor(waiting);
    const out = newFolder();
    const prices = { priceIn: 1000, priceOut: 0 };
    await expect(play(endpoint, { out, ...prices, maxCost: 0.3 })).rejects.toThrow(
      'the calls have cost 0.30, and the most is 0.3',
    );
    expect(endpoint.calls).toHaveLength(3);
    await expect(play(endpoint, { out, ...prices, maxCost: 0.3, resume: true })).rejects.toThrow('have cost 0.30');
    expect(endpoint.calls).toHaveLength(3);
    const { records } = await play(endpoint, { out, ...prices, maxCost: 30, resume: true });
    expect(endpoint.calls).toHaveLength(records[0]?.length ?? 0);
  });

  test('and the answers of the calls in flight are stored', async () => {
    const dice = new Random(1);
    const endpoint = await endpointFor(() => ({ body: completion(WAIT), delayMs: dice.below(100) }));
    const options = { out: newFolder(), plan: { episodes: 8, groupSize: 4 }, priceIn: 1000, priceOut: 0, numEnvs: 8 };
    await expect(play(endpoint, { ...options, maxCost: 2 })).rejects.toThrow('and the most is 2');
    const { records } = await play(endpoint, { ...options, resume: true });
    expect(endpoint.calls).toHaveLength(records.reduce((sum, { length }) => sum + length, 0));
  });

  test('if the file of answers is damaged', async () => {
    const endpoint = await endpointFor(waiting);
    const { out } = await play(endpoint);
    writeFileSync(join(out, 'answers.jsonl'), 'nothing\n');
    writeFileSync(join(out, TRAJECTORIES), '');
    await expect(play(endpoint, { out, resume: true })).rejects.toThrow('has a line that is not an answer');
  });
});

describe('several endpoints', () => {
  test('share the episodes, and an episode stays at its endpoint', async () => {
    const endpoints = await Promise.all([endpointFor(waiting), endpointFor(waiting)]);
    await play(endpoints, { plan: { episodes: 8, groupSize: 4 }, modelSeed: 1, history: 'none', numEnvs: 8 });
    const [one = 0, other = 0] = endpoints.map(({ calls }) => calls.length);
    expect(one).toBe(other);
  });

  test('have no more calls in flight than the concurrency', async () => {
    const endpoint = await endpointFor(() => ({ body: completion(WAIT), delayMs: 5 }));
    await play(endpoint, { plan: { episodes: 8, groupSize: 4 }, numEnvs: 8, concurrency: 3 });
    expect(endpoint.mostInFlight).toBe(3);
  });
});

describe('before the run', () => {
  const check = (baseUrl: string, model = 'scripted', apiKey?: string): Promise<void> => {
    const policy = createModelPolicy({ model, baseUrls: [baseUrl], ...(apiKey === undefined ? {} : { apiKey }) });
    return policy.preflight().finally(() => policy.close());
  };

  test('the endpoint lists its models', async () => {
    const { url } = await endpointFor(waiting, { models: ['scripted', 'tiny:latest'] });
    await check(url);
    await check(url, 'tiny');
    await expect(check(url, 'huge')).rejects.toThrow(
      `the endpoint at ${url} has no model "huge"; it has: scripted, tiny:latest`,
    );
  });

  test('an endpoint without a list of models may be used', async () => {
    await check((await endpointFor(waiting, { models: null })).url);
  });

  test('a wrong key, and an endpoint that is not there, are reported', async () => {
    const { url, close } = await endpointFor(waiting, { key: 'secret' });
    await check(url, 'scripted', 'secret');
    await expect(check(url)).rejects.toThrow(/cannot be used: 401 Incorrect API key provided/);
    await close();
    await expect(check(url)).rejects.toThrow(/cannot be used: Connection error.*ECONNREFUSED/);
  });
});

test('options that are not valid are refused', () => {
  const create = (more: object) => () =>
    createModelPolicy({ model: 'm', baseUrls: ['http://127.0.0.1:1/v1'], ...more });
  expect(create({ history: 'last:0' })).toThrow('expected all, none or last:N');
  expect(create({ observation: 'delta', history: 'none' })).toThrow('observation delta needs history all');
  expect(create({ priceIn: 1 })).toThrow('expected both prices, or none');
  expect(create({ maxCost: 1 })).toThrow('a cost needs prices');
  expect(create({ baseUrls: [] })).toThrow('baseUrls');
  expect(create({ colour: 'red' })).toThrow('colour');
});
