/** Health, schemas, metadata and pages of a server. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/lib/version.ts';
import { listTasks, loadTask } from '../../src/scenarios/shipped.ts';
import { wireSchemas } from '../../src/server/wire.ts';
import { rewardRangeV1 } from '../../src/sim/v1/reward.ts';
import { systemPrompt } from '../../src/sim/v2/prompt.ts';
import { hashOf } from '../../src/world/compile.ts';
import { type Json, serve } from './support-docs.ts';

const client = serve();

test('a running server is healthy', async () => {
  const { status, text } = await client.get('/health');
  expect(status).toBe(200);
  expect(text).toBe('{"status":"healthy"}');
});

test('/schema has the schemas of requests and answers', async () => {
  const { status, body } = await client.get('/schema');
  expect(status).toBe(200);
  expect(body).toEqual(JSON.parse(JSON.stringify(wireSchemas())));
});

test('the metadata names the environment, its tasks and its options', async () => {
  const { status, body } = await client.get('/metadata');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    name: 'ghostexec',
    version: VERSION,
    readme_content: readFileSync(new URL('../../README.md', import.meta.url), 'utf8'),
    documentation_url: '/docs',
    tasks: listTasks().map(({ id, difficulty, description }) => ({ id, difficulty, description })),
    rules: ['v1', 'v2'],
    reward_modes: ['full', 'base', 'shaping'],
    splits: ['train', 'validation', 'test'],
  });
  expect((body as Json).description).toMatch(/chief of staff/);
  expect(body).toHaveProperty('author');
});

test('the metadata has the hash of every scenario with its drift', async () => {
  const { body } = await client.get('/metadata');
  const hashes = listTasks().map(({ id }) => {
    const { scenario, drift } = loadTask(id);
    return [id, hashOf(scenario, drift)];
  });
  expect((body as Json).scenario_hashes).toEqual(Object.fromEntries(hashes));
});

test('GET /system_prompt answers the system prompt as text, whose hash the metadata have', async () => {
  const { status, headers, text } = await client.get('/system_prompt');
  expect([status, headers.get('content-type'), text]).toEqual([200, 'text/plain; charset=utf-8', systemPrompt()]);
  const { body } = await client.get('/metadata');
  expect((body as Json).prompt_sha256).toBe(createHash('sha256').update(text).digest('hex'));
});

test('under rules v1 the bounds of the reward grow with the contacts and tasks of a scenario', () => {
  const [least, greatest] = rewardRangeV1({ contacts: [], tasks: [] });
  const { scenario } = loadTask('phase2_core');
  const [less, greater] = rewardRangeV1(scenario);
  // The bounds without contacts and tasks: a catastrophe, and a completion.
  expect(least).toBeLessThanOrEqual(-15);
  expect(greatest).toBeGreaterThanOrEqual(10);
  expect(less).toBeLessThan(least);
  expect(greater).toBeGreaterThan(greatest);
});

test('GET / redirects a browser to the playground, and /web/ and /web/traces are pages', async () => {
  const { status, headers } = await client.get('/');
  expect(status).toBe(307);
  expect(headers.get('location')).toBe('/web/');
  expect((await client.get('/web?a=b')).headers.get('location')).toBe('/web/?a=b');
  expect((await client.get('/web/traces/')).headers.get('location')).toBe('/web/traces');
  for (const path of ['/web/', '/web/?a=/', '/web/traces']) {
    const page = await client.get(path);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  }
});

test.each([
  '/health',
  '/schema',
  '/metadata',
  '/system_prompt',
  '/list_environments',
  '/ghostexec/splits',
  '/openapi.json',
  '/docs',
])('HEAD %s answers as GET does, without a body', async (path) => {
  const get = await client.get(path);
  const head = await client.get(path, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.text).toBe('');
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
});
