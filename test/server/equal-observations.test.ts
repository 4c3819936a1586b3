/** Equal seeds and actions give equal observations, byte for byte, on every surface. Values drawn at random stand beside them. */
import { expect, test } from 'vitest';
import { makeServer } from './support-server.ts';
import { Client, serve } from './support-ws.ts';

const ROW = { split: 'train', index: 1, seed: 5 };
const ACTIONS = [{ action_type: 'archive_email', email_id: 'e05' }, { action_type: 'do_nothing' }];

type Answer = { observation: object; reward: number; done: boolean; metadata: Record<string, string> };
/** The values that are equal on every surface, and those drawn at random. */
type Played = { common: string[]; drawn: string[] };

function split(answers: readonly Answer[]): Played {
  const common = answers.map(({ observation, reward, done }) => JSON.stringify({ observation, reward, done }));
  const drawn = new Set(answers.map(({ metadata }) => JSON.stringify(metadata)));
  // The metadata are the same in every answer of an episode.
  expect(drawn.size).toBe(1);
  return { common, drawn: Object.values(answers[0]?.metadata ?? {}) };
}

async function overHttp(asked: object, episode_id?: string): Promise<Played> {
  const { app } = await makeServer();
  const post = async (url: string, payload: object): Promise<Answer & { episode_id: string }> =>
    (await app.inject({ method: 'POST', url, payload })).json();
  const answers = [await post('/reset', { ...asked, ...(episode_id === undefined ? {} : { episode_id }) })];
  const id = answers[0]?.episode_id ?? '';
  for (const action of ACTIONS) answers.push(await post('/step', { action, episode_id: id }));
  expect(answers.map(({ metadata }) => metadata)).toEqual(answers.map(() => ({ episode_id: id })));
  if (episode_id !== undefined) expect(id).toBe(episode_id);
  return split(answers);
}

async function overSocket(asked: object): Promise<Played> {
  const client = await Client.connect(`${await serve()}/ws`);
  const answers = [(await client.reset({ ...asked })).data];
  for (const action of ACTIONS) answers.push((await client.step(action)).data);
  expect(Object.keys(answers[0] ?? {})).toEqual(['observation', 'reward', 'done', 'metadata']);
  return split(answers as unknown as Answer[]);
}

async function overMcp(asked: object): Promise<Played> {
  const client = await Client.connect(`${await serve()}/mcp?control=true`);
  const call = async (name: string, args: object): Promise<Answer> => {
    const params = { name, arguments: args };
    const { result } = await client.ask<{ result: { structuredContent: Answer } }>({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params,
    });
    return result.structuredContent;
  };
  // The connection has its own session, and a trainer may reset it.
  const begin = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } };
  await client.ask<object>(begin);
  const answers = [await call('reset', asked)];
  for (const { action_type, ...fields } of ACTIONS) answers.push(await call(action_type, fields));
  return split(answers);
}

test('episodes of a row of a split are equal', async () => {
  const played = [
    await overHttp(ROW),
    await overHttp(ROW, 'an id of my own'),
    await overSocket(ROW),
    await overSocket({ ...ROW, episode_id: 'episode 77', resumable: false }),
    await overMcp(ROW),
  ];
  for (const { common, drawn } of played) {
    expect(common).toEqual(played[0]?.common);
    expect(drawn.length).toBeGreaterThan(0);
    expect(drawn.filter((one) => common.some((text) => text.includes(one)))).toEqual([]);
  }
});

test('an episode with a drawn seed is equal to one that requests this seed', async () => {
  const drawn = await overSocket({ task_id: 'phase2_core' });
  const { observation } = JSON.parse(drawn.common[0] ?? '') as { observation: { seed: number } };
  const again = await overHttp({ task_id: 'phase2_core', seed: observation.seed });
  expect(again.common).toEqual(drawn.common);
});
