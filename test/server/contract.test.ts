/** The HTTP checks that OpenEnv makes of a served environment: its validator, and the quality checks of RFC 008. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, oraclePath } from '../../src/scenarios/shipped.ts';
import { DEFAULT_RULES } from '../../src/sim/rules.ts';
import { type Json, type Reply, serve } from './support-docs.ts';

const client = serve();
const DEFAULT_TASK = 'phase2_core';

type Observation = Json & { metadata: Json; episode_step: number; unread_email_ids: string[] };
type Answer = { observation: Observation; reward: number; done: boolean; episode_id: string };

function answerOf({ status, text, body }: Reply): Answer {
  expect(status, text.slice(0, 300)).toBe(200);
  return body as Answer;
}

const reset = async (asked: Json): Promise<Answer> => answerOf(await client.post('/reset', asked));
const step = async (episode_id: string, action: Json): Promise<Answer> =>
  answerOf(await client.post('/step', { episode_id, action }));
const state = async (id: string): Promise<Json> => (await client.get(`/state?episode_id=${id}`)).body as Json;

/** A mix of valid, invalid, idle and productive actions. */
function actionAt(at: number, { unread_email_ids }: Observation): Json {
  const email_id = unread_email_ids[0] ?? 'e01';
  const actions = [
    { action_type: 'reply_email', email_id, message_body: 'Thank you, I have seen this and am on it now.' },
    { action_type: 'do_nothing' },
    { action_type: 'archive_email', email_id },
    { action_type: 'complete_task', task_id: 'there is no such task' },
  ];
  return actions[at % actions.length] ?? {};
}

/** Plays an episode to its end. */
async function play(asked: Json & { episode_id: string }): Promise<Answer[]> {
  const answers = [await reset(asked)];
  for (let last = answers[0]; last !== undefined && !last.done; last = answers.at(-1)) {
    answers.push(await step(asked.episode_id, actionAt(answers.length - 1, last.observation)));
  }
  return answers;
}

/** The answer as text, without the values drawn for one episode. */
function played({ observation, reward, done }: Answer): string {
  return JSON.stringify({ observation, reward, done });
}

describe('the checks of the validator', () => {
  test('the document of the API has a version', async () => {
    const { status, body } = await client.get('/openapi.json');
    expect(status).toBe(200);
    expect(typeof ((body as Json).info as Json).version).toBe('string');
  });

  test('the server is healthy', async () => {
    expect((await client.get('/health')).body).toEqual({ status: 'healthy' });
  });

  test('the metadata has a name and a description', async () => {
    const { status, body } = await client.get('/metadata');
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: expect.any(String), description: expect.any(String) });
  });

  test('/schema has three schemas', async () => {
    const { status, body } = await client.get('/schema');
    expect(status).toBe(200);
    expect(body).toEqual({ action: expect.any(Object), observation: expect.any(Object), state: expect.any(Object) });
  });

  test('reset, step and state are all in the document', async () => {
    const { body } = await client.get('/openapi.json');
    const paths = (body as { paths: Record<string, Json> }).paths;
    expect(paths['/reset']).toHaveProperty('post');
    expect(paths['/step']).toHaveProperty('post');
    expect(paths['/state']).toHaveProperty('get');
  });
});

describe('seeds', () => {
  test('are accepted, and reported in observation and state', async () => {
    const { observation } = await reset({ seed: 41, episode_id: 'seeded' });
    expect(observation.seed).toBe(41);
    expect((await state('seeded')).seed).toBe(41);
  });

  test('decide the row of a split if the request names no row', async () => {
    const taskOf = async (seed: number): Promise<unknown> =>
      (await reset({ split: 'train', seed, episode_id: `row-${seed}` })).observation.task_id;
    const drawn: unknown[] = [];
    for (let seed = 0; seed < 24; seed++) drawn.push(await taskOf(seed));
    expect(new Set(drawn).size).toBeGreaterThan(1);
    expect(await taskOf(5)).toBe(drawn[5]);
  });

  test.each(['v1', 'v2'])('give the same episode with the same actions under rules %s', async (rules) => {
    const asked = { task_id: 'dinner_disaster', rules, seed: 3 };
    const [one, two] = [`one-${rules}`, `two-${rules}`];
    const first = await play({ ...asked, episode_id: one });
    const second = await play({ ...asked, episode_id: two });
    expect(first.length).toBeGreaterThan(3);
    expect(second.map(played)).toEqual(first.map(played));
    const { episode_id: a, ...firstState } = await state(one);
    const { episode_id: b, ...secondState } = await state(two);
    expect([a, b]).toEqual([one, two]);
    expect(secondState).toEqual(firstState);
  });
});

describe.each(listTasks().flatMap(({ id }) => ['v1', 'v2'].map((rules) => ({ id, rules }))))(
  'an episode of $id under rules $rules',
  ({ id, rules }) => {
    const episode_id = `whole-${id}-${rules}`;
    let answers: Answer[] = [];
    let declared: Json = {};
    let observationFollows: ValidateFunction;
    let stateFollows: ValidateFunction;

    beforeAll(async () => {
      answers = await play({ task_id: id, rules, seed: 1, episode_id });
      declared = (await client.get('/metadata')).body as Json;
      const { observation, state } = (await client.get('/schema')).body as { observation: object; state: object };
      const ajv = new Ajv2020({ validateFormats: false });
      observationFollows = ajv.compile(observation);
      stateFollows = ajv.compile(state);
    });

    test('ends, and has a grade only at its end, if its task has one', () => {
      expect(answers.length).toBeGreaterThan(2);
      expect(answers.map(({ done }) => done)).toEqual(answers.map((_, index) => index === answers.length - 1));
      expect(answers.slice(0, -1).every(({ observation }) => observation.grade === null)).toBe(true);
      if (rules === DEFAULT_RULES)
        expect(answers.at(-1)?.observation.grade).toMatchObject({ grade: expect.any(Number) });
    });

    test('has finite rewards in the declared range', () => {
      const [least, greatest] = (declared.reward_range as Record<string, [number, number]>)[rules] ?? [0, 0];
      for (const { reward } of answers) {
        expect(Number.isFinite(reward)).toBe(true);
        expect(reward).toBeGreaterThanOrEqual(least);
        expect(reward).toBeLessThanOrEqual(greatest);
      }
    });

    test('has observations and a state that follow their schemas', async () => {
      for (const { observation } of answers) {
        observationFollows(observation);
        expect(observationFollows.errors).toBeNull();
      }
      stateFollows(await state(episode_id));
      expect(stateFollows.errors).toBeNull();
      expect(observationFollows({ ...answers[0]?.observation, stress: 'high' })).toBe(false);
    });

    test('has rewards equal to the sum of their parts', () => {
      for (const { observation, reward } of answers.slice(1)) {
        const parts = observation.reward_breakdown as Record<string, number>;
        expect(parts.final).toBeCloseTo(reward, 9);
        const { reward_attribution } = observation.metadata as { reward_attribution?: { amount: number }[] };
        if (rules === 'v1') continue;
        expect(reward_attribution?.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(reward, 9);
      }
    });

    test('reveals no solution', () => {
      const entry = listTasks().find((task) => task.id === id);
      const plan = (entry === undefined ? undefined : readOracle(oraclePath(entry)))?.plan ?? [];
      const texts = plan.flatMap(({ message_body, reason }) =>
        [message_body, reason].filter((text) => text !== undefined),
      );
      expect(texts.length).toBeGreaterThan(2);
      const seen = JSON.stringify(answers);
      expect(texts.filter((text) => seen.includes(JSON.stringify(text).slice(1, -1)))).toEqual([]);
    });

    test('has a state that keeps its id and has counted its steps', async () => {
      expect(await state(episode_id)).toMatchObject({
        episode_id,
        task_id: id,
        rules,
        step_count: answers.length - 1,
        done: true,
      });
    });
  },
);

test('the state begins at step 0 and counts each step once', async () => {
  await reset({ episode_id: 'counted' });
  expect(await state('counted')).toMatchObject({ episode_id: 'counted', step_count: 0, done: false });
  for (let count = 1; count <= 3; count++) {
    await step('counted', { action_type: 'do_nothing' });
    expect(await state('counted')).toMatchObject({ episode_id: 'counted', step_count: count });
  }
});

test('steps after the end of an episode change neither its grade nor its state', async () => {
  let answer = await reset({ episode_id: 'ended', rules: 'v1' });
  while (!answer.done) answer = await step('ended', { action_type: 'do_nothing' });
  const { grade } = answer.observation;
  const ended = await state('ended');
  expect(grade).toMatchObject({ grade: expect.any(Number) });
  const after = await step('ended', { action_type: 'do_nothing' });
  expect(after).toMatchObject({ reward: -0.25, done: true, observation: { step_ok: false, grade } });
  expect(await state('ended')).toEqual(ended);
});

test('one episode does not affect another', async () => {
  const { observation } = await reset({ seed: 9, episode_id: 'left' });
  await reset({ seed: 9, episode_id: 'right' });
  const before = await state('right');
  await step('left', { action_type: 'archive_email', email_id: observation.unread_email_ids[0] });
  expect(await state('right')).toEqual(before);
  expect((await state('left')).world).not.toEqual(before.world);
});

test('a reset of the same id starts the episode again', async () => {
  await reset({ episode_id: 'again' });
  await step('again', { action_type: 'do_nothing' });
  await reset({ episode_id: 'again' });
  expect(await state('again')).toMatchObject({ step_count: 0, return: 0 });
});

test('every task in the metadata can be played', async () => {
  const { tasks, scenario_hashes } = (await client.get('/metadata')).body as { tasks: Json[]; scenario_hashes: Json };
  const ids = tasks.map(({ id }) => id);
  expect(ids).toContain(DEFAULT_TASK);
  expect(Object.keys(scenario_hashes)).toEqual(ids);
  for (const task_id of ids) expect((await reset({ task_id })).observation.task_id).toBe(task_id);
});

describe('an unknown value is refused, and the answer names the known ones', () => {
  test.each([
    ['task_id', { task_id: 'nowhere' }, listTasks().map(({ id }) => id)],
    ['split', { split: 'dev' }, ['train', 'validation', 'test']],
    ['index', { split: 'train', index: 1_000 }, ['0', String(listTasks().length - 1), 'train']],
    ['rules', { rules: 'v3' }, ['v1', 'v2']],
    ['reward_mode', { reward_mode: 'most' }, ['full', 'base', 'shaping']],
    ['drift', { drift: 'sideways' }, ['true', 'false', 'none', 'dinner_disaster']],
  ])('%s', async (key, asked, known) => {
    const { status, body } = await client.post('/reset', asked);
    expect(status).toBe(422);
    const [problem] = (body as { detail: { loc: string[]; msg: string }[] }).detail;
    expect(problem?.loc).toEqual(['body', key]);
    for (const name of known) expect(problem?.msg).toContain(name);
    expect(problem?.msg).toContain(String(Object.values(asked).at(-1)));
  });
});
