/** GET /metrics reports steps, refusals and the current numbers of sessions, episodes and batches. */
import { expect, test } from 'vitest';
import { Metrics } from '../../src/server/metrics.ts';
import type { Server } from '../../src/server/server.ts';
import { makeServer } from './support-server.ts';

/** The value of the line with this `name{labels}`. */
const sample = (text: string, line: string): number | undefined => {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

const read = async ({ app }: Server): Promise<string> => (await app.inject('/metrics')).body;

const WAIT = { action_type: 'do_nothing' };

test('the answer is text in the Prometheus format', async () => {
  const { app } = await makeServer();
  const answer = await app.inject('/metrics');
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.body).toContain('# TYPE ghostexec_steps_total counter\n');
  expect(answer.body).toMatch(/^ghostexec_process_resident_memory_bytes \d+$/m);
});

test('a fresh server reports no steps and no errors', async () => {
  const text = await read(await makeServer());
  for (const name of [
    'sessions',
    'http_episodes',
    'batches',
    'batch_envs',
    'worker_restarts_total',
    'recoveries_total',
    'log_lines_dropped_total',
  ]) {
    expect(sample(text, `ghostexec_${name}`)).toBe(0);
  }
  expect(text).not.toContain('ghostexec_steps_total{');
  expect(text).not.toContain('ghostexec_errors_total{');
});

test('steps, refusals and episodes are counted', async () => {
  const server = await makeServer({ apiKey: 'k', maxSessions: 2 });
  const headers = { authorization: 'Bearer k' };
  const post = async (url: string, payload: object | string, more = headers) =>
    server.app.inject({ method: 'POST', url, payload, headers: { ...more, 'content-type': 'application/json' } });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await post('/reset', { seed: i })).json().episode_id);
  // The server keeps two episodes and has evicted the first.
  for (const episode_id of ids) await post('/step', { action: WAIT, episode_id });
  await post('/step', { action: WAIT });
  await post('/step', { action: { action_type: 'reply_email', email_id: 'none', message_body: 'x' } });
  await post('/step', { action: { action_type: 'dance' } });
  await post('/step', {});
  await post('/reset', '{');
  await post('/nowhere', {});
  await post('/state', {});
  await post('/reset', {}, { authorization: 'Bearer l' });
  const text = (await server.app.inject({ url: '/metrics', headers })).body;
  expect(sample(text, 'ghostexec_steps_total{surface="http"}')).toBe(4);
  expect(sample(text, 'ghostexec_step_duration_seconds_count{surface="http"}')).toBe(4);
  expect(sample(text, 'ghostexec_step_duration_seconds_bucket{le="+Inf",surface="http"}')).toBe(4);
  expect(sample(text, 'ghostexec_http_episodes')).toBe(2);
  const errors = text.split('\n').filter((line) => line.startsWith('ghostexec_errors_total{'));
  expect(errors.sort()).toEqual([
    'ghostexec_errors_total{code="INVALID_JSON"} 1',
    'ghostexec_errors_total{code="METHOD_NOT_ALLOWED"} 1',
    'ghostexec_errors_total{code="NOT_FOUND"} 1',
    'ghostexec_errors_total{code="UNAUTHORIZED"} 1',
    'ghostexec_errors_total{code="UNKNOWN_EPISODE"} 1',
    'ghostexec_errors_total{code="VALIDATION_ERROR"} 2',
  ]);
});

test('the key is required if the server has one', async () => {
  const { app } = await makeServer({ apiKey: 'k' });
  expect((await app.inject('/metrics')).statusCode).toBe(401);
});

test('servers do not share counters', async () => {
  const [one, other] = [await makeServer(), await makeServer()];
  await one.app.inject('/nowhere');
  expect(sample(await read(one), 'ghostexec_errors_total{code="NOT_FOUND"}')).toBe(1);
  expect(sample(await read(other), 'ghostexec_errors_total{code="NOT_FOUND"}')).toBeUndefined();
});

test('gauges are read on request', async () => {
  let sessions = 3;
  const metrics = new Metrics({
    sessions: () => sessions,
    kept: () => 2,
    episodes: () => 4,
    batches: () => 5,
    envs: () => 60,
    held: () => 8,
    unsent: () => 7,
  });
  metrics.stepped('batch', 60, performance.now());
  metrics.stepped('ws', 1, performance.now());
  metrics.restarted(2);
  for (let i = 0; i < 3; i++) metrics.recovered();
  sessions = 7;
  const text = await metrics.registry.metrics();
  expect(sample(text, 'ghostexec_sessions')).toBe(7);
  expect(sample(text, 'ghostexec_kept_sessions')).toBe(2);
  expect(sample(text, 'ghostexec_http_episodes')).toBe(4);
  expect(sample(text, 'ghostexec_batches')).toBe(5);
  expect(sample(text, 'ghostexec_batch_envs')).toBe(60);
  expect(sample(text, 'ghostexec_worker_restarts_total')).toBe(2);
  expect(sample(text, 'ghostexec_recoveries_total')).toBe(3);
  expect(sample(text, 'ghostexec_steps_total{surface="batch"}')).toBe(60);
  expect(sample(text, 'ghostexec_step_duration_seconds_count{surface="batch"}')).toBe(1);
  expect(sample(text, 'ghostexec_steps_total{surface="ws"}')).toBe(1);
});
