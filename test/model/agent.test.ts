/** `ghostexec agent`: one episode of a language model as a program. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { briefing, SoloEnv } from '../../src/index.ts';
import { cli } from '../support/cli.ts';
import { completion, endpointFor, refusing, WAIT } from '../support/scripted-endpoint.ts';

const waiting = () => ({ body: completion(WAIT) });
const VARIABLES = [
  'OPENAI_BASE_URL',
  'OPENAI_API_KEY',
  'OPENAI_MODEL',
  'AGL_OPENAI_BASE_URL',
  'AGL_KEY',
  'AGL_EVENT_URL',
];

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});

type Event = { readonly body: unknown; readonly authorization: string | undefined };

/** A receiver of events. It answers with the statuses in turn, then with 200. */
async function receiver(...statuses: number[]): Promise<{ url: string; events: Event[] }> {
  const events: Event[] = [];
  const server = createServer(async (request, response) => {
    events.push({ body: JSON.parse(await text(request)), authorization: request.headers.authorization });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/event`, events };
}

describe('ghostexec agent', () => {
  test('plays a task and prints its grade', async () => {
    const { url, calls } = await endpointFor(waiting);
    const ran = await cli(['agent', 'phase2_core', '--model', 'scripted', '--base-url', url, '--format', 'json']);
    expect(ran).toMatchObject({ code: 0, out: '0.01\n' });
    expect(ran.err).toMatch(/^phase2_core: \d+ steps, 0 invalid; \d+ answers, .* tokens/);
    expect(calls[0]?.body.response_format).toBeDefined();
  });

  test('plays what a row of a dataset says, also a scenario', async () => {
    const endpoint = await endpointFor(waiting);
    vi.stubEnv('OPENAI_BASE_URL', endpoint.url);
    vi.stubEnv('OPENAI_MODEL', 'other');
    const { out } = await cli(['dataset', '--for', 'hf', '--tasks', 'dinner_disaster', '--count', '1']);
    expect(await cli(['agent', '--spec', '-'], out)).toMatchObject({ code: 0, out: '0.01\n' });
    const task = SoloEnv.create({ task: 'dinner_disaster' });
    expect(endpoint.calls[0]?.body).toMatchObject({
      model: 'other',
      messages: [{ role: 'system' }, { content: briefing(task.reset().observation) }],
    });
    const scenario = { simulation_time: '2026-09-15T09:00:00', max_episode_steps: 3 };
    const spec = { task_id: 'mine', seed: 5, scenario_json: JSON.stringify({ scenario }) };
    expect(await cli(['agent', '--spec', JSON.stringify(spec)])).toMatchObject({ code: 0 });
  });

  test('posts the grade to the trainer that started it', async () => {
    const other = await endpointFor(waiting);
    const endpoint = await endpointFor(waiting, { key: 'k', models: ['policy-model'] });
    const { url, events } = await receiver(503);
    vi.stubEnv('OPENAI_BASE_URL', other.url);
    vi.stubEnv('OPENAI_API_KEY', 'other');
    vi.stubEnv('AGL_OPENAI_BASE_URL', endpoint.url);
    vi.stubEnv('AGL_KEY', 'k');
    vi.stubEnv('AGL_EVENT_URL', url);
    expect(await cli(['agent', 'phase2_core'])).toMatchObject({ code: 0, out: '0.01\n' });
    expect(endpoint.calls[0]?.body.model).toBe('policy-model');
    const event = { body: { event_type: 'reward', data: { value: 0.01 } }, authorization: 'Bearer k' };
    expect(events).toEqual([event, event]);
    expect(other.calls).toEqual([]);
  });

  test('has no reward if the episode fails', async () => {
    const endpoint = await endpointFor(() => refusing(400, 'no'));
    const { url, events } = await receiver();
    vi.stubEnv('AGL_EVENT_URL', url);
    const ran = await cli(['agent', 'phase2_core', '--model', 'm', '--base-url', endpoint.url]);
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('has no grade: the policy failed') });
    expect(events).toEqual([]);
  });

  test('refuses arguments that say nothing or too much', async () => {
    const refused = async (why: string, ...args: string[]): Promise<void> => {
      expect(await cli(['agent', ...args])).toMatchObject({ code: 2, err: expect.stringContaining(why) });
    };
    await refused('expected a task, or --spec');
    await refused('expected a task, or --spec', 'phase2_core', '--spec', '{}');
    await refused('--spec is not JSON', '--spec', '{');
    await refused('--model or OPENAI_MODEL names the model', 'phase2_core');
    await refused('--base-url gives the endpoint', 'phase2_core', '--model', 'm');
  });
});
