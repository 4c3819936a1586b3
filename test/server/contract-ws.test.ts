/** The checks of OpenEnv's automatic validation (RFC 008) over /ws, with the probe plan of openenv.yaml. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { MANIFEST, PLAN } from '../docs/support-manifest.ts';
import { all, type Exchange, exchange, open, probe, read, TOKEN, transcript } from './support-validation.ts';
import { Client, serve } from './support-ws.ts';

const { reward, capabilities } = MANIFEST.validation;

const url = (): Promise<string> => serve({ validationToken: TOKEN });
const http = (address: string, path: string): string => address.replace('ws', 'http') + path;
const observed = (exchanges: readonly Exchange[]): Exchange[] =>
  exchanges.filter(({ operation }) => operation !== 'state');

async function ask(address: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(http(address, path), init);
  return { status: answer.status, body: await answer.json() };
}

/** Exchanges without the values drawn for one session, which stand beside observation, reward and done. */
const lasting = (exchanges: readonly Exchange[]): unknown =>
  exchanges.map(({ response: { type, data }, ...sent }) => {
    const { metadata: _, ...rest } = data;
    return { ...sent, response: { type, data: rest } };
  });

test('the answers to the plan are the same in another session and from another server', async () => {
  const [address, other] = [await url(), await url()];
  const first = await transcript(address);
  expect(first.at(-2)?.response.data.done).toBe(true);
  expect(first.map(({ response }) => response.type)).not.toContain('error');
  expect(lasting(await transcript(address))).toEqual(lasting(first));
  expect(lasting(await transcript(other))).toEqual(lasting(first));
  const drawn = first.filter(({ operation }) => operation !== 'state').map(({ response }) => response.data.metadata);
  expect(new Set(drawn.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(drawn[0]).toEqual({ episode_id: PLAN.reset.episode_id, session_token: expect.any(String) });
});

test('two resets of one connection with the same seed give the same answer; another seed gives another answer', async () => {
  const client = await Client.connect(`${await url()}/ws`);
  const first = await all(probe(client));
  expect(await all(probe(client))).toEqual(first);
  const changed = await all(probe(client, PLAN.reset.seed + 1));
  expect(changed[1]?.response.data.seed).toBe(PLAN.reset.seed + 1);
  expect(changed).not.toEqual(first);
});

test('rewards are finite numbers in the declared range', async () => {
  const paid = observed(await transcript(await url())).map(({ response }) => response.data.reward);
  expect(paid).toHaveLength(PLAN.actions.length + 1);
  const [low, high] = reward.range;
  for (const amount of paid) {
    expect(Number.isFinite(amount)).toBe(true);
    expect(amount).toBeGreaterThanOrEqual(low);
    expect(amount).toBeLessThanOrEqual(high);
  }
  expect(new Set(paid).size).toBeGreaterThan(1);
});

test('observations and states follow the schemas of GET /schema', async () => {
  const address = await url();
  const { body } = await ask(address, '/schema');
  const schemas = body as { observation: object; state: object };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const [observes, states] = [ajv.compile(schemas.observation), ajv.compile(schemas.state)];
  const exchanges = await transcript(address);
  for (const { operation, response } of exchanges) {
    const { observation, metadata: _, ...rest } = response.data as { observation: object; metadata: object };
    const follows = operation === 'state' ? states : observes;
    const shapes = operation === 'state' ? [response.data] : [observation, { ...observation, ...rest }];
    for (const shape of shapes) expect(follows(shape), ajv.errorsText(follows.errors)).toBe(true);
  }
  const begun = exchanges[0]?.response.data.observation;
  expect(observes(begun)).toBe(true);
  expect(observes({ ...(begun as object), briefing: 7 })).toBe(false);
});

test('states name the requested episode and count its steps', async () => {
  const exchanges = await transcript(await url());
  const states = exchanges.filter(({ operation }) => operation === 'state').map(({ response }) => response.data);
  expect(states.map(({ episode_id, step_count }) => [episode_id, step_count])).toEqual(
    Array.from({ length: PLAN.actions.length + 1 }, (_, step) => [PLAN.reset.episode_id, step]),
  );
});

test('two connections that play the same plan in turns do not affect each other', async () => {
  const address = await url();
  const alone = await transcript(address);
  const turns = [probe(await Client.connect(`${address}/ws`)), probe(await Client.connect(`${address}/ws`))];
  const played: Exchange[][] = [[], []];
  for (const _ of alone) {
    for (const [at, turn] of turns.entries()) {
      const { value } = await turn.next();
      if (value !== undefined) played[at]?.push(value);
    }
  }
  expect(played.map(lasting)).toEqual([lasting(alone), lasting(alone)]);
});

test('an episode is not affected by another one that is played differently at the same time', async () => {
  const address = await url();
  const [quiet, busy] = [await Client.connect(`${address}/ws`), await Client.connect(`${address}/ws`)];
  const { options, ...rest } = PLAN.reset;
  for (const client of [quiet, busy]) await client.reset({ ...options, ...rest });
  const before = await quiet.state();
  for (const data of PLAN.actions) await exchange(busy, { type: 'step', data });
  expect(await quiet.state()).toEqual(before);
  expect((await busy.state()).data.world).not.toEqual(before.data.world);
});

test('the record of the server equals the transcript of the client, also after the client listed the tools', async () => {
  const client = await Client.connect(`${await url()}/ws`);
  const capability = await open(client);
  const listed = await client.ask({ type: 'mcp', data: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} } });
  expect(listed.data).toMatchObject({ jsonrpc: '2.0', id: 1 });
  const { tools, nextCursor } = listed.data.result as { tools: { name: string }[]; nextCursor?: string };
  expect(nextCursor).toBeUndefined();
  expect(tools.map(({ name }) => name).sort()).toEqual([...capabilities.declared_tools].sort());
  const exchanges = await all(probe(client));
  const { seed, trajectory } = await read(client, capability);
  expect(seed).toEqual({ requested: true, accepted: true, value: PLAN.reset.seed });
  expect(trajectory.complete).toBe(true);
  expect(trajectory.records).toEqual(exchanges);
});

test('recording a connection does not change its answers', async () => {
  const address = await url();
  const client = await Client.connect(`${address}/ws`);
  await open(client);
  expect(lasting(await all(probe(client)))).toEqual(lasting(await transcript(await serve())));
});

test('the splits have the declared number of tasks, and each reported task belongs to its split', async () => {
  const address = await url();
  const name = (await ask(address, '/list_environments')).body as string[];
  const prefix = `/${name[0]}`;
  const splits = (await ask(address, `${prefix}/splits`)).body as { name: string }[];
  const counts: Record<string, unknown> = {};
  for (const { name: split } of splits) {
    counts[split] = ((await ask(address, `${prefix}/num_tasks`, { split })).body as { num_tasks: number }).num_tasks;
    for (const index of [0, 1]) {
      const { status, body } = await ask(address, `${prefix}/task`, { split, index });
      expect(status).toBe(200);
      expect(body).toMatchObject({ task: { split, index } });
    }
  }
  expect(counts).toEqual(capabilities.declared_task_count);
});

test('all six checks of the validator pass on one server', async () => {
  const address = await url();
  const document = (await ask(address, '/openapi.json')).body as { info: { version: unknown }; paths: object };
  expect(document.info.version).toEqual(expect.stringMatching(/^1\./));
  expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/reset', '/step', '/state']));
  expect(await ask(address, '/health')).toEqual({ status: 200, body: { status: 'healthy' } });
  expect((await ask(address, '/metadata')).body).toMatchObject({
    name: expect.any(String),
    description: expect.any(String),
  });
  const { body: schemas } = await ask(address, '/schema');
  for (const key of ['action', 'observation', 'state']) expect(schemas).toHaveProperty(key, expect.any(Object));
  const mcp = await ask(address, '/mcp', {});
  expect(mcp).toMatchObject({ status: 200, body: { jsonrpc: '2.0', error: { code: -32_600 } } });
});
