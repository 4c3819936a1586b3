/** Rollouts on servers that cannot be reached, are not Ghostexec servers, refuse requests or fail. */

import { expect, test } from 'vitest';
import { readResults } from '../../src/cli/remote.ts';
import { scenarioHashes } from '../../src/rollout/manifest.ts';
import type { EnvResult } from '../../src/rollout/stage.ts';
import { EDITIONS } from '../../src/sim/edition.ts';
import { type Canned, connectTo, PLAN, startFake, startProxy } from './remote-support.ts';

const HEALTHY: Canned = { body: { status: 'healthy' } };
const named = (name: unknown, more: object = {}): Canned => ({ body: { name, editions: EDITIONS, ...more } });
const answers =
  (pages: Record<string, Canned>) =>
  (what: string): Canned =>
    pages[what] ?? { status: 404, body: { detail: `no ${what}`, code: 'NOT_FOUND' } };

test('a server that does not run is reported as unreachable', async () => {
  const proxy = await startProxy(new URL('http://127.0.0.1:9'));
  proxy.kill();
  await expect(connectTo(proxy.url)).rejects.toThrow(
    `no answer from the server at ${proxy.url.origin} to GET /health: connect ECONNREFUSED`,
  );
});

test.each<[string, Record<string, Canned>, string]>([
  ['has no such page', {}, 'refused GET /health (404): no GET /health'],
  ['answers a page', { 'GET /health': { body: '<html>It works!</html>' } }, 'with something that is not JSON'],
  ['is something else', { 'GET /health': { body: { ok: 1 } } }, 'expected GET /health to answer'],
  ['is another environment', { 'GET /health': HEALTHY, 'GET /metadata': named('echo_env') }, 'got "echo_env"'],
  ['has no name', { 'GET /health': HEALTHY, 'GET /metadata': { body: [] } }, 'got null'],
])('a server that %s is not a Ghostexec server', async (_, pages, why) => {
  const { url } = await startFake(answers(pages));
  const error = await connectTo(url).catch((reason: unknown) => reason);
  expect(String(error)).toContain(`there is no Ghostexec server at ${url.origin}: `);
  expect(String(error)).toContain(why);
});

test('a missing or wrong key is reported, and a given key is sent', async () => {
  const refused = { status: 401, body: { detail: 'the key is missing', code: 'UNAUTHORIZED' } };
  const { url, asked } = await startFake((what, { headers }) => {
    if (what === 'GET /health') return HEALTHY;
    return headers.authorization === 'Bearer secret-1' ? named('ghostexec') : refused;
  });
  const complaint = 'refused GET /metadata (401): the key is missing; --api-key or GHOSTEXEC_API_KEY gives its key';
  await expect(connectTo(url)).rejects.toThrow(complaint);
  const wrong = await connectTo(url, PLAN, 'secret-2').catch(String);
  expect(wrong).toContain(complaint);
  expect(wrong).not.toContain('secret');
  expect(asked).toHaveLength(4);
  await expect(connectTo(url, PLAN, 'secret-1')).resolves.toMatchObject({ url: url.origin });
});

test('credentials in the address are sent, and do not appear in messages', async () => {
  const { url } = await startFake((what, { headers }) => {
    const known = headers.authorization === `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    if (!known) return { status: 403, body: 'no' };
    return answers({ 'GET /here/health': HEALTHY, 'GET /here/metadata': named('Ghostexec') })(what);
  });
  const address = new URL(`http://ann:p%40ss@${url.host}/here/`);
  expect((await connectTo(address)).url).toBe(`${url.origin}/here`);
  address.password = 'guess';
  const refused = await connectTo(address).catch(String);
  expect(refused).toContain('refused GET /health (403): no');
  expect(refused).not.toMatch(/ann|guess/);
});

test.each([{ v1: 1, v2: 1 }, { v1: 1, v2: 3 }, undefined])(
  'a server of other editions is refused: %j',
  async (editions) => {
    const pages = { 'GET /health': HEALTHY, 'GET /metadata': named('ghostexec', { editions }) };
    const { url } = await startFake(answers(pages));
    await expect(connectTo(url)).rejects.toThrow(
      `is of edition ${editions?.v2 ?? 1} of rules v2; expected edition ${EDITIONS.v2}: its rewards`,
    );
  },
);

test('a server is refused if the scenario of a task to be played differs', async () => {
  const hashes: Record<string, string> = { ...scenarioHashes(PLAN), vip_meltdown: 'another' };
  const pages = (found: unknown): Record<string, Canned> => ({
    'GET /health': HEALTHY,
    'GET /metadata': named('ghostexec', { scenario_hashes: found }),
  });
  const same = await startFake(answers(pages(hashes)));
  await expect(connectTo(same.url)).resolves.toMatchObject({ url: same.url.origin });
  const other = await startFake(answers(pages({ ...hashes, drift_drill: 'abc' })));
  await expect(connectTo(other.url)).rejects.toThrow(`drift_drill is abc there, ${hashes.drift_drill} here`);
});

test.each<[string, Canned]>([
  ['502', { status: 502, body: 'Bad gateway' }],
  ['503', { status: 503, body: { detail: 'restarting' } }],
  ['504', { status: 504 }],
  ['429 with a Retry-After', { status: 429, headers: { 'retry-after': '0' } }],
  ['429 until a date', { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' } }],
])('a %s is tried again', async (_, canned) => {
  let left = 2;
  const { url, asked } = await startFake((what) => {
    if (what === 'GET /metadata') return named('ghostexec');
    return left-- > 0 ? canned : HEALTHY;
  });
  await connectTo(url);
  expect(asked).toEqual(['GET /health', 'GET /health', 'GET /health', 'GET /metadata']);
});

test('a request is given up after three attempts, and at once if a repetition cannot help', async () => {
  const busy = await startFake(() => ({ status: 503, body: { detail: 'full house' } }));
  await expect(connectTo(busy.url)).rejects.toThrow('refused GET /health (503): full house');
  expect(busy.asked).toHaveLength(3);
  for (const [status, body, reported] of [
    [429, { detail: 'at most 16 batches', code: 'CAPACITY' }, '(429): at most 16 batches'],
    [413, { detail: 'at most 4 environments', code: 'CAPACITY' }, '(413): at most 4 environments'],
    [422, { detail: [{ loc: ['body', 'tasks', 0], msg: 'no task "x"' }] }, '(422): body.tasks.0: no task "x"'],
    [500, '', '(500): it does not say why'],
  ] as const) {
    const pages = { 'GET /health': HEALTHY, 'GET /metadata': named('ghostexec'), 'POST /batch': { status, body } };
    const { url, asked } = await startFake(answers(pages));
    const remote = await connectTo(url);
    await expect(remote.open(PLAN, 4)).rejects.toThrow(`the server at ${url.origin} refused POST /batch ${reported}`);
    expect(asked).toHaveLength(3);
  }
});

test('a redirection is named, not followed', async () => {
  const { url } = await startFake(() => ({ status: 301, headers: { location: 'https://elsewhere.example/' } }));
  await expect(connectTo(url)).rejects.toThrow('(301): it redirects to https://elsewhere.example/');
});

test('an answer of another shape is refused, and the message says where it differs', () => {
  const observation = { briefing: 'Mon', step_ok: true, error: null, reward_breakdown: null };
  const row = { env_id: 3, observation, reward: 0, terminated: false, truncated: false };
  const read = (...results: unknown[]): EnvResult | undefined => readResults({ results }, [3], 'v2')[0];
  expect(read({ ...row, observation: { ...observation, more: 1 }, more: 2 })?.briefing()).toBe('Mon');
  expect(() => read()).toThrow('no result for environment 3');
  expect(() => read({ ...row, reward: 'much' })).toThrow('results[0].reward: expected number, got "much"');
  expect(() => read({ ...row, observation: null })?.briefing()).toThrow('no observation for environment 3');
  expect(() => read(row)?.outcome()).toThrow('environment 3 lacks the results of the step');
  expect(() => read({ ...row, grade: { grade: 0.5 } })?.grade()).toThrow('the grade of environment 3');
});

test('a row whose environment was not played is a problem; a row with an invalid action is not', () => {
  const of = (code: string): string | undefined =>
    readResults({ results: [{ env_id: 0, error: { code, message: 'gone' } }] }, [0], 'v1')[0]?.problem;
  expect(of('INVALID_ACTION')).toBeUndefined();
  expect(of('SHARD_FAILED')).toBe('the server failed: gone');
});
