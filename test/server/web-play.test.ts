/** The API that the playground page uses. */
import { describe, expect, test } from 'vitest';
import type { Scene } from '../../src/analysis/replay.ts';
import { policyNamed } from '../../src/policies/policies.ts';
import { EpisodePlayer } from '../../src/rollout/player.ts';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, loadTask, oraclePath, taskIds } from '../../src/scenarios/shipped.ts';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { createSeals } from '../../src/server/seal.ts';
import { snapshotIn } from '../../src/server/server.ts';
import type { EpisodeAnswer, PlayOptions, PolicyScenes, StepAnswer } from '../../src/server/web/api.ts';
import { compileFor, RULES } from '../../src/sim/rules.ts';
import { PROMPT_SHA256, systemPrompt } from '../../src/sim/v2/prompt.ts';
import { OVER_AT_ONCE, scripted, smallScenario } from '../vector/support.ts';
import { makeServer } from './support-server.ts';

type Reply = { readonly status: number; readonly body: unknown };
type Ask = (url: string, payload?: unknown) => Promise<Reply>;

/** Sends requests to a server that does not listen: POST with a payload, else GET. */
async function serverFor(options: ServerOptionsInput = {}, headers: Record<string, string> = {}): Promise<Ask> {
  const { app } = await makeServer(options);
  return async (url, payload) => {
    const body = payload === undefined ? {} : { payload: JSON.stringify(payload) };
    const method = payload === undefined ? 'GET' : 'POST';
    const answer = await app.inject({ method, url: `/web/api/${url}`, headers, ...body });
    return { status: answer.statusCode, body: answer.json() };
  };
}

/** Sends a request that must be answered 200. @returns the body of the answer */
async function get<T>(ask: Ask, url: string, payload?: unknown): Promise<T> {
  const { status, body } = await ask(url, payload);
  expect(body).not.toHaveProperty('detail');
  expect(status).toBe(200);
  return body as T;
}

const WAIT = { action_type: 'do_nothing' };
const ARCHIVE = { action_type: 'archive_email', email_id: 'e2' };
const small = (changes: object = {}): object => ({ scenario: smallScenario(changes), seed: 7 });

const planOf = (task: string): readonly object[] => {
  const entry = listTasks().find(({ id }) => id === task);
  return (entry && readOracle(oraclePath(entry))?.plan) ?? [];
};

test('options list tasks, drifts, rules, reward modes and policies', async () => {
  const ask = await serverFor({ task: 'monday_morning', rules: 'v1', rewardMode: 'base' });
  const options = await get<PlayOptions>(ask, 'options');
  expect(options.tasks.map(({ task_id }) => task_id)).toEqual(taskIds());
  expect(options.tasks.find(({ task_id }) => task_id === 'vip_meltdown')).toMatchObject({
    has_drift: true,
    v1_grader: false,
    group: 'vip_meltdown',
  });
  expect(options).toMatchObject({
    drifts: ['dinner_disaster', 'vip_meltdown', 'drift_drill'],
    rules: ['v2', 'v1'],
    reward_modes: ['full', 'base', 'shaping'],
    defaults: { task_id: 'monday_morning', rules: 'v1', reward_mode: 'base' },
    policies: ['greedy', 'random', 'do_nothing'],
    prompt: { text: systemPrompt(), sha256: PROMPT_SHA256 },
  });
  const open = await serverFor({ oracle: true });
  expect((await get<PlayOptions>(open, 'options')).policies).toEqual(['greedy', 'random', 'do_nothing', 'oracle']);
});

describe('an episode', () => {
  test('has the defaults and a drawn seed, which the answer reports, if the request names nothing', async () => {
    const ask = await serverFor();
    const { episode, scenes, ignored } = await get<EpisodeAnswer>(ask, 'episode', { episode: {} });
    expect(episode).toEqual({
      task_id: 'phase2_core',
      rules: 'v2',
      reward_mode: 'full',
      seed: expect.any(Number) as number,
    });
    expect(scenes).toHaveLength(1);
    expect(scenes[0]).toMatchObject({ step: 0, action: null, understood: null, reward: 0, grade: null });
    expect(ignored).toBe(0);
  });

  test.each([
    [{ task_id: 'drift_drill', drift: 'vip_meltdown', rules: 'v1', reward_mode: 'base', seed: 3 }],
    [{ task_id: 'dinner_disaster', drift: false, rules: 'v2', reward_mode: 'full', seed: 3 }],
    [{ task_id: 'mine', scenario: smallScenario(), drift: { events: [] }, rules: 'v2', reward_mode: 'full', seed: 3 }],
  ])('can be requested again with the resolved settings (%#)', async (asked) => {
    const ask = await serverFor();
    const actions = [WAIT, 'nothing', ARCHIVE];
    const first = await get<EpisodeAnswer>(ask, 'episode', { episode: asked, actions });
    expect(first.episode).toEqual(asked);
    expect(await get<EpisodeAnswer>(ask, 'episode', { episode: first.episode, actions })).toEqual(first);
  });

  test('counts and does not play actions after its end', async () => {
    const ask = await serverFor();
    const actions = [WAIT, WAIT, WAIT, WAIT, WAIT];
    const body = { episode: small({ max_episode_steps: 3 }), actions };
    const { scenes, ignored } = await get<EpisodeAnswer>(ask, 'episode', body);
    expect([scenes.length, ignored, scenes.at(-1)?.truncated]).toEqual([4, 2, true]);
  });

  test('has one step if the day is over before it begins', async () => {
    const ask = await serverFor();
    const body = { episode: { scenario: OVER_AT_ONCE }, actions: [WAIT, WAIT] };
    const { scenes, ignored } = await get<EpisodeAnswer>(ask, 'episode', body);
    expect([scenes.length, ignored, scenes.at(-1)?.terminated]).toEqual([2, 1, true]);
  });

  test('has no snapshots if the request excludes them', async () => {
    const ask = await serverFor();
    const asked = { episode: small(), actions: [WAIT] };
    const { scenes } = await get<EpisodeAnswer>(ask, 'episode', asked);
    const bare = await get<EpisodeAnswer>(ask, 'episode', { ...asked, snapshots: false });
    for (const scene of scenes) expect(scene.snapshot).toMatch(/^[\w-]+$/);
    expect(bare.scenes).toEqual(scenes.map(({ snapshot: _, ...scene }) => scene));
  });
});

describe('a step', () => {
  test.each(RULES)('from any scene gives the next scene of the whole episode, under %s', async (rules) => {
    const ask = await serverFor();
    const task_id = 'phase2_core';
    const actions = Array.from({ length: 8 }, (_, turn) => scripted(task_id, 1, turn));
    const { episode, scenes } = await get<EpisodeAnswer>(ask, 'episode', { episode: { task_id, rules }, actions });
    for (const [index, action] of actions.entries()) {
      const snapshot = scenes[index]?.snapshot;
      const { scene } = await get<StepAnswer>(ask, 'step', { episode, snapshot, action });
      expect(scene).toEqual(scenes[index + 1]);
    }
  });

  test('from one scene is independent of other steps from that scene', async () => {
    const ask = await serverFor();
    const { episode, scenes } = await get<EpisodeAnswer>(ask, 'episode', { episode: small() });
    const snapshot = scenes[0]?.snapshot;
    const stepped = async (action: unknown): Promise<Scene> =>
      (await get<StepAnswer>(ask, 'step', { episode, snapshot, action })).scene;
    const archived = await stepped(ARCHIVE);
    expect(await stepped(`I think <action>${JSON.stringify(ARCHIVE)}</action>`)).toMatchObject({ understood: ARCHIVE });
    expect(await stepped(null)).toMatchObject({ step: 1, step_ok: false, understood: null });
    expect(await stepped(ARCHIVE)).toEqual(archived);
  });

  test('after the end is refused', async () => {
    const ask = await serverFor();
    const body = { episode: small({ max_episode_steps: 1 }), actions: [WAIT] };
    const { episode, scenes } = await get<EpisodeAnswer>(ask, 'episode', body);
    const answer = await ask('step', { episode, snapshot: scenes[1]?.snapshot, action: WAIT });
    expect(answer).toMatchObject({ status: 409, body: { code: 'EPISODE_OVER' } });
  });
});

describe('a policy', () => {
  test.each(['greedy', 'random', 'do_nothing'])('%s plays the rest as it does in a rollout', async (policy) => {
    const ask = await serverFor();
    const { scenario, drift, oracle } = loadTask('monday_morning');
    const answers: unknown[] = [];
    new EpisodePlayer(compileFor('v2', scenario, drift, oracle), 'v2', 'full').play(policyNamed(policy), 11, {
      step: (answer) => answers.push(answer),
    });
    const episode = { task_id: 'monday_morning' };
    const asked = { episode, policy, policy_seed: 11 };
    const { scenes } = await get<PolicyScenes>(ask, 'policy', { ...asked, actions: [], steps: 'rest' });
    expect(scenes.map(({ action }) => action)).toEqual(answers);
    expect(scenes.at(-1)?.grade?.grade).toBeGreaterThan(0);
    // Single steps give the same scenes, although the policy has memory.
    for (const at of [0, 1, answers.length - 1]) {
      const actions = answers.slice(0, at);
      const one = await get<PolicyScenes>(ask, 'policy', { ...asked, actions, steps: 1 });
      expect(one.scenes).toEqual(scenes.slice(at, at + 1));
    }
  });

  test('random depends on its seed', async () => {
    const ask = await serverFor();
    const played = async (more: object): Promise<unknown[]> => {
      const asked = { episode: { task_id: 'phase2_core' }, actions: [], policy: 'random', steps: 4, ...more };
      return (await get<PolicyScenes>(ask, 'policy', asked)).scenes.map(({ action }) => action);
    };
    expect(await played({})).toEqual(await played({ policy_seed: 0 }));
    expect(await played({ policy_seed: 1 })).not.toEqual(await played({ policy_seed: 2 }));
  });

  test('continues after earlier actions, for at most the requested number of steps', async () => {
    const ask = await serverFor();
    const asked = { episode: small(), actions: [ARCHIVE, 'what?'], policy: 'greedy' };
    expect((await get<PolicyScenes>(ask, 'policy', { ...asked, steps: 1 })).scenes.map(({ step }) => step)).toEqual([
      3,
    ]);
    const { scenes } = await get<PolicyScenes>(ask, 'policy', { ...asked, steps: 900 });
    expect(scenes.map(({ step }) => step)).toEqual([3, 4]);
    const over = { ...asked, actions: [WAIT, WAIT, WAIT, WAIT, WAIT], steps: 'rest' };
    expect((await get<PolicyScenes>(ask, 'policy', over)).scenes).toEqual([]);
  });
});

describe('the oracle', () => {
  const policy = 'oracle';

  test('is refused if the server was started without --oracle, and the error names the option', async () => {
    const ask = await serverFor();
    const { status, body } = await ask('policy', { episode: {}, actions: [], policy, steps: 1 });
    expect(status).toBe(422);
    expect(body).toMatchObject({ detail: [{ loc: ['body', 'policy'], input: 'oracle' }] });
    expect(JSON.stringify(body)).toContain('--oracle');
  });

  test.each(taskIds())('plays the plan of %s', async (task_id) => {
    const ask = await serverFor({ oracle: true });
    const { scenes } = await get<PolicyScenes>(ask, 'policy', {
      episode: { task_id },
      actions: [],
      policy,
      steps: 'rest',
    });
    expect(scenes.map(({ understood }) => understood)).toEqual(planOf(task_id));
    expect(scenes.at(-1)).toMatchObject({ grade: { grade: 0.99 } });
  });

  test('continues its plan after actions that follow it, as objects or text', async () => {
    const ask = await serverFor({ oracle: true });
    const [first, second, third] = planOf('phase2_core');
    const asked = { episode: { task_id: 'phase2_core' }, policy, steps: 1 };
    const actions = [first, `Like this: ${JSON.stringify(second)}`];
    const { scenes } = await get<PolicyScenes>(ask, 'policy', { ...asked, actions });
    expect(scenes.map(({ action }) => action)).toEqual([third]);
    const left = await ask('policy', { ...asked, actions: [first, WAIT, third] });
    expect(left).toMatchObject({ status: 409, body: { code: 'PLAN_LEFT' } });
    expect(JSON.stringify(left.body)).toContain('at step 2');
  });

  test.each([
    ['under rules v1', { task_id: 'phase2_core', rules: 'v1' }],
    ['with another drift', { task_id: 'phase2_core', drift: 'drift_drill' }],
    ['without the drift of the task', { task_id: 'drift_drill', drift: false }],
    ['for an inline scenario', { scenario: loadTask('phase2_core').scenario, task_id: 'phase2_core' }],
  ])('has no plan %s', async (_when, episode) => {
    const ask = await serverFor({ oracle: true });
    const { status, body } = await ask('policy', { episode, actions: [], policy, steps: 1 });
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'NO_PLAN' });
  });

  test('has a plan if the request names the drift of the task', async () => {
    const ask = await serverFor({ oracle: true });
    const episode = { task_id: 'drift_drill', drift: 'drift_drill' };
    const { scenes } = await get<PolicyScenes>(ask, 'policy', { episode, actions: [], policy, steps: 1 });
    expect(scenes.map(({ understood }) => understood)).toEqual(planOf('drift_drill').slice(0, 1));
  });
});

describe('refused requests', () => {
  const many = Array.from({ length: 1_001 }, () => WAIT);
  const crowd = Array.from({ length: 20_000 }, () => 0);
  const huge = { message_body: 'x'.repeat(2 ** 20) };

  test.each<[string, object, number, (string | number)[], string]>([
    ['episode', {}, 422, ['body', 'episode'], 'missing'],
    ['episode', { episode: 5 }, 422, ['body', 'episode'], '5'],
    ['episode', { episode: { task_id: 'tuesday' } }, 422, ['body', 'episode', 'task_id'], '"tuesday"'],
    ['episode', { episode: { drift: 'storm' } }, 422, ['body', 'episode', 'drift'], '"storm"'],
    ['episode', { episode: { split: 'train' } }, 422, ['body', 'episode', 'split'], '"split"'],
    ['episode', { episode: {}, steps: 4 }, 422, ['body', 'steps'], '"steps"'],
    ['episode', { episode: {}, actions: many }, 422, ['body', 'actions'], '1000'],
    ['episode', { episode: {}, actions: ['x', crowd] }, 422, ['body', 'actions', 1], '20000 values'],
    ['policy', { episode: {}, actions: [], policy: 'best', steps: 1 }, 422, ['body', 'policy'], '"best"'],
    ['policy', { episode: {}, actions: [], policy: 'greedy', steps: 0 }, 422, ['body', 'steps'], '0'],
    ['policy', { episode: {}, actions: [], policy: 'greedy', steps: 'all' }, 422, ['body', 'steps'], '"all"'],
    [
      'policy',
      { episode: {}, actions: [], policy: 'random', policy_seed: -1, steps: 1 },
      422,
      ['body', 'policy_seed'],
      '-1',
    ],
    ['step', { episode: {}, snapshot: 'AAAA' }, 422, ['body', 'action'], 'missing'],
    ['step', { episode: {}, action: WAIT }, 422, ['body', 'snapshot'], 'missing'],
    ['step', { episode: {}, action: WAIT, snapshot: 'a+b' }, 422, ['body', 'snapshot'], '"a+b"'],
    ['step', { episode: {}, action: WAIT, snapshot: 'x'.repeat(2 ** 22 + 4) }, 422, ['body', 'snapshot'], '4194304'],
    ['step', { episode: {}, action: crowd, snapshot: 'AAAA' }, 422, ['body', 'action'], '20000 values'],
  ])('%s %#: the error names the field and the value', async (url, payload, status, loc, quoted) => {
    const ask = await serverFor();
    const answer = await ask(url, payload);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ detail: [{ loc, msg: expect.stringContaining(quoted) as string }] });
  });

  test('a snapshot that this server has not signed', async () => {
    const snapshotKey = 'one-key-for-two-servers-'.repeat(2);
    const [first, twin, other] = [
      await serverFor({ snapshotKey }),
      await serverFor({ snapshotKey }),
      await serverFor(),
    ];
    const { episode, scenes } = await get<EpisodeAnswer>(first, 'episode', { episode: {} });
    const { snapshot = '' } = scenes[0] ?? {};
    const expected = await get<StepAnswer>(first, 'step', { episode, snapshot, action: WAIT });
    expect(await get<StepAnswer>(twin, 'step', { episode, snapshot, action: WAIT })).toEqual(expected);
    const bytes = Buffer.from(snapshot, 'base64url');
    const flipped = Buffer.from(bytes);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    for (const [ask, bad] of [
      [other, bytes],
      [first, flipped],
      [first, snapshotIn(bytes)],
      [first, bytes.subarray(1)],
      [first, Buffer.from('AAAA')],
      // A snapshot sealed for a batch has another purpose.
      [first, createSeals(snapshotKey).batch.seal(snapshotIn(bytes))],
    ] as const) {
      const answer = await ask('step', { episode, snapshot: Buffer.from(bad).toString('base64url'), action: WAIT });
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        code: 'FOREIGN_SNAPSHOT',
        detail: expect.stringContaining('--snapshot-key'),
      });
    }
  });

  test('a snapshot of another episode', async () => {
    const ask = await serverFor();
    const { scenes } = await get<EpisodeAnswer>(ask, 'episode', { episode: { task_id: 'phase2_core' } });
    const snapshot = scenes[0]?.snapshot;
    for (const episode of [{ task_id: 'monday_morning' }, { rules: 'v1' }, { reward_mode: 'base' }, small()]) {
      const { status, body } = await ask('step', { episode, snapshot, action: WAIT });
      expect(status).toBe(422);
      expect(body).toMatchObject({ detail: [{ loc: ['body', 'snapshot'] }] });
    }
  });

  test('an action or a scenario of more than a mebibyte', async () => {
    const ask = await serverFor();
    for (const payload of [
      { episode: {}, actions: [huge] },
      { episode: { scenario: { ...smallScenario(), executive: huge.message_body } } },
    ]) {
      expect(await ask('episode', payload)).toMatchObject({ status: 413, body: { code: 'DOCUMENT_TOO_LARGE' } });
    }
  });

  test('scenes that exceed the limit of an answer', async () => {
    const ask = await serverFor();
    const tasks = [{ id: 't', description: 'x'.repeat(900_000), deadline: '2026-06-22T12:00:00', owner: 'Bo' }];
    const episode = { ...small({ tasks, max_episode_steps: 200 }), rules: 'v1' };
    const { status, body } = await ask('episode', { episode, actions: Array.from({ length: 200 }, () => WAIT) });
    expect(status).toBe(413);
    expect(body).toMatchObject({ code: 'ANSWER_TOO_LARGE' });
  });

  test('scenes that exceed the shared memory, none of which stays held afterwards', async () => {
    const { app } = await makeServer({ maxMemory: 16 });
    const held = async (): Promise<string | undefined> =>
      /^ghostexec_held_bytes .*$/m.exec((await app.inject('/metrics')).body)?.[0];
    const before = await held();
    const tasks = [{ id: 't', description: 'x'.repeat(900_000), deadline: '2026-06-22T12:00:00', owner: 'Bo' }];
    const episode = { ...small({ tasks, max_episode_steps: 40 }), rules: 'v1' };
    for (const [steps, status] of [
      [2, 200],
      [30, 413],
    ]) {
      const actions = Array.from({ length: steps ?? 0 }, () => WAIT);
      const payload = { episode, actions };
      for (const [url, asked] of [
        ['/web/api/episode', payload],
        ['/web/api/policy', { episode, actions: [], policy: 'random', policy_seed: 1, steps }],
      ] as const) {
        const answer = await app.inject({ method: 'POST', url, payload: asked });
        expect([url, answer.statusCode]).toEqual([url, status]);
        if (status === 413) expect(answer.json()).toMatchObject({ code: 'TOO_LARGE' });
        expect(await held()).toBe(before);
      }
    }
  });

  test('an action of any depth is played or refused', async () => {
    const { app } = await makeServer();
    for (const levels of [10, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 19_000]) {
      const deep = '['.repeat(levels) + ']'.repeat(levels);
      for (const action of [deep, `{"metadata": {"deep": ${deep}}}`]) {
        const payload = `{"episode": {}, "actions": [${action}]}`;
        const { statusCode } = await app.inject({ method: 'POST', url: '/web/api/episode', payload });
        expect([200, 422], `${levels} levels`).toContain(statusCode);
      }
    }
  });
});

test('the API requires the key of the server, although the page does not', async () => {
  const stranger = await serverFor({ apiKey: 'k' });
  for (const url of ['options', 'nothing']) expect((await stranger(url)).status).toBe(401);
  for (const url of ['episode', 'step', 'policy']) expect((await stranger(url, {})).status).toBe(401);
  const friend = await serverFor({ apiKey: 'k' }, { authorization: 'Bearer k' });
  expect((await friend('options')).status).toBe(200);
});

test('steps are counted for the surface web', async () => {
  const { app } = await makeServer();
  const payload = { episode: small(), actions: [WAIT, WAIT] };
  await app.inject({ method: 'POST', url: '/web/api/episode', payload });
  expect((await app.inject('/metrics')).body).toContain('ghostexec_steps_total{surface="web"} 2\n');
});

test('the server answers another request during a long episode', async () => {
  const { app } = await makeServer();
  const payload = {
    episode: { ...small({ max_episode_steps: 1_000 }), rules: 'v1' },
    actions: Array.from({ length: 1_000 }, () => WAIT),
  };
  const order: string[] = [];
  const long = app
    .inject({ method: 'POST', url: '/web/api/episode', payload })
    .then(({ statusCode }) => order.push(`long ${statusCode}`));
  const short = app.inject('/health').then(({ statusCode }) => order.push(`short ${statusCode}`));
  await Promise.all([long, short]);
  expect(order).toEqual(['short 200', 'long 200']);
});
