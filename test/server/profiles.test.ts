/** Reward profiles and observation profiles of single episodes: HTTP, WebSocket, MCP, ORS, and the defaults of a server. */
import { expect, test } from 'vitest';
import { greedy } from '../../src/policies/greedy.ts';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { OBSERVATION_PROFILES } from '../../src/server/profiles.ts';
import { Session } from '../../src/server/session.ts';
import { Specs } from '../../src/server/specs.ts';
import { deltaOf, deltaText } from '../../src/sim/observation/delta.ts';
import { ProfiledRewards, REWARD_PROFILES, type RewardProfile } from '../../src/sim/reward-profile.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import type { Action } from '../../src/world/schema.ts';
import { scripted } from '../vector/support.ts';
import type { Json } from './support-docs.ts';
import { orsServer } from './support-ors.ts';
import { makeServer } from './support-server.ts';

const TASK = 'monday_morning';
const specs = new Specs({ task: TASK, rules: 'v2', rewardMode: 'full' });

/** What greedy does in the task. */
const ACTIONS: Action[] = [];
const planned = SoloEnv.create({ task: TASK });
const decide = greedy.begin(0);
for (let now = planned.reset(); !now.terminated && !now.truncated; now = planned.step(ACTIONS.at(-1) ?? '')) {
  ACTIONS.push(decide(now.observation) as Action);
}

/** The rewards of one episode under a profile, and what the same episode earned by itself. */
function play(data: Json) {
  const session = new Session(specs);
  let answer = session.reset({ task_id: TASK, seed: 0, ...data });
  const rewards: (number | null)[] = [];
  const steps: number[] = [];
  for (let turn = 0; !answer.done; turn++) {
    answer = session.step(ACTIONS[turn] ?? { action_type: 'do_nothing' });
    rewards.push(answer.reward);
    steps.push(answer.stepReward);
  }
  const grade = answer.observation.grade?.grade ?? Number.NaN;
  return { rewards, steps, grade, session, sum: rewards.reduce<number>((sum, reward) => sum + (reward ?? 0), 0) };
}

test('step: the reward of each step', () => {
  const { rewards, steps } = play({ reward_profile: 'step' });
  expect(rewards).toEqual(steps);
});

test('terminal: the grade with the last step', () => {
  const { rewards, grade } = play({ reward_profile: 'terminal' });
  expect(grade).toBeGreaterThan(0.01);
  expect(rewards).toEqual([...Array(rewards.length - 1).fill(null), grade]);
});

test('success: 1 or 0 with the last step, by a threshold that an option sets', () => {
  const { grade } = play({});
  for (const [success_grade, outcome] of [
    [grade, 1],
    [Math.min(0.99, grade + 0.001), 0],
    [null, 0],
  ] as const) {
    const { rewards, session } = play({ reward_profile: 'success', success_grade });
    expect(rewards).toEqual([...Array(rewards.length - 1).fill(null), outcome]);
    expect(session.state()).toMatchObject({ grade, success: outcome === 1, success_grade: success_grade ?? 0.8 });
  }
});

test('running: the grade so far with each step; the last value is the grade', () => {
  const { rewards, grade } = play({ reward_profile: 'running' });
  const env = SoloEnv.create({ task: TASK });
  env.reset();
  const soFar = rewards.map((_, turn) => {
    env.step(ACTIONS[turn] ?? '');
    return env.gradeSoFar()?.grade;
  });
  expect(rewards).toEqual(soFar);
  expect(rewards.at(-1)).toBe(grade);
  expect(new Set(rewards).size).toBeGreaterThan(3);
});

test('gain: what each step adds; the sum up to any step is the grade so far', () => {
  const running = play({ reward_profile: 'running' }).rewards;
  const { rewards, grade } = play({ reward_profile: 'gain' });
  let sum = 0;
  for (const [turn, gain] of rewards.entries()) {
    sum += gain ?? Number.NaN;
    expect(sum).toBeCloseTo(running[turn] ?? Number.NaN, 12);
  }
  expect(sum).toBeCloseTo(grade, 12);
});

test('after the end no profile pays again', () => {
  for (const reward_profile of REWARD_PROFILES) {
    const { session, grade } = play({ reward_profile });
    const after = session.step({ action_type: 'do_nothing' });
    const expected: Record<RewardProfile, number | null> = {
      step: after.stepReward,
      terminal: null,
      success: null,
      running: grade,
      gain: 0,
    };
    expect(after.reward, reward_profile).toBe(expected[reward_profile]);
  }
});

test.each(['running', 'gain'] as const)('rules v1, %s: the grade of the rewards so far', (reward_profile) => {
  const { rewards, steps, grade, sum } = play({ reward_profile, rules: 'v1' });
  expect(rewards).not.toContain(null);
  expect(steps).toHaveLength(rewards.length);
  expect(reward_profile === 'running' ? rewards.at(-1) : sum).toBeCloseTo(grade, 12);
});

test('the grade so far is not computed unless a profile needs it', () => {
  const asked = REWARD_PROFILES.filter((profile) => {
    let isAsked = false;
    const gradeSoFar = (): number => {
      isAsked = true;
      return 0.5;
    };
    new ProfiledRewards(profile).next({ reward: 0, done: false, grade: null, gradeSoFar });
    return isAsked;
  });
  expect(asked).toEqual(['running', 'gain']);
});

test('an episode that was begun elsewhere gains from there on', () => {
  const rewards = new ProfiledRewards('gain', 0.8, { soFar: 0.25, isOver: false });
  expect(rewards.next({ reward: 0, done: true, grade: 0.75, gradeSoFar: () => 0.5 })).toBe(0.5);
});

// ---------------------------------------------------------------- observations

const LEAN = ['briefing', 'error', 'grade', 'step_ok', 'terminated', 'truncated'];

test.each(OBSERVATION_PROFILES)('POST /reset and /step under the profile %s', async (observation_profile) => {
  const { app } = await makeServer({});
  const post = async (url: string, payload: object): Promise<Json> =>
    (await app.inject({ method: 'POST', url, payload })).json<Json>();
  const env = SoloEnv.create({ task: TASK });
  let seen = env.reset();
  const begun = await post('/reset', { task_id: TASK, seed: 0, observation_profile });
  expect(begun.observation).toMatchObject({ briefing: seen.briefing, step_ok: true, error: null, grade: null });
  for (let turn = 0; turn < 20; turn++) {
    const action = JSON.stringify(scripted(TASK, 3, turn));
    const { observation, reward, done } = await post('/step', { episode_id: begun.episode_id, action });
    const next = env.step(action);
    const delta = deltaText(deltaOf(seen.observation, next.observation));
    expect(observation).toMatchObject({ briefing: observation_profile === 'delta' ? delta : next.briefing });
    expect([reward, done]).toEqual([next.reward, next.terminated || next.truncated]);
    if (observation_profile === 'full') expect(observation).toHaveProperty('echoed_message', next.briefing);
    else expect(Object.keys(observation as Json).toSorted()).toEqual(LEAN);
    seen = next;
    if (done) return;
  }
  throw new Error('the episode did not end');
});

test('a new episode begins with a whole briefing', () => {
  const session = new Session(specs);
  const data = { task_id: TASK, observation_profile: 'delta' as const };
  const first = session.reset(data);
  expect(session.step({ action_type: 'do_nothing' }).text).toContain('All else is as before.');
  expect(session.reset(data).text).toBe(first.text);
});

// ---------------------------------------------------------------- doors and defaults

test('ORS: the results of calls follow both profiles', async () => {
  const ors = await orsServer();
  const own = { reward_profile: 'running', observation_profile: 'delta', success_grade: 0.01 };
  for (const create of [
    { split: 'train', index: 0, ...own },
    { task_spec: { split: 'train', index: 0, ...own } },
    { task_spec: { split: 'train', index: 0 }, ...own },
  ]) {
    const sid = await ors.begin(create);
    let result = await ors.call(sid, 'do_nothing');
    const { output } = result as { output: { blocks: Json[]; reward: number; metadata: Json } };
    expect(output.blocks[0]?.text).toContain('All else is as before.');
    expect(output.reward).toBeGreaterThanOrEqual(0.01);
    expect(output.metadata).toMatchObject({ reward_profile: 'running', observation_profile: 'delta', success: null });
    while ((result.output as Json).finished === false) result = await ors.call(sid, 'do_nothing');
    expect((result.output as Json).metadata).toMatchObject({ success: true });
  }
});

test('MCP: the tool reset takes the profiles, and the results of tools follow them', async () => {
  const { app } = await makeServer({});
  const rpc = async (method: string, params: object): Promise<Json> =>
    (await app.inject({ method: 'POST', url: '/mcp', payload: { jsonrpc: '2.0', id: 1, method, params } })).json<Json>()
      .result as Json;
  const { session_id } = await rpc('openenv/session/create', { control: true, reward_profile: 'gain', task_id: TASK });
  const call = (name: string, args: object): Promise<Json> => rpc('tools/call', { session_id, name, arguments: args });
  const played = await call('do_nothing', {});
  expect((played.structuredContent as Json).reward).toBeGreaterThan(0);
  await call('reset', { task_id: TASK, reward_profile: 'terminal', observation_profile: 'delta' });
  const result = await call('do_nothing', {});
  expect(result.structuredContent).toMatchObject({ reward: 0 });
  expect((result.content as Json[])[0]?.text).toContain('All else is as before.');
});

/** What a server answers in each of its doors to clients that choose nothing. */
async function defaultsOf(options: ServerOptionsInput) {
  const ors = await orsServer(options);
  const { app } = ors.server;
  const begun = (await app.inject({ method: 'POST', url: '/reset', payload: {} })).json<Json>();
  const url = `/state?episode_id=${String(begun.episode_id)}`;
  const state = (await app.inject({ method: 'GET', url })).json<Json>();
  const sid = await ors.begin({ split: 'train', index: 0 });
  const { output } = (await ors.call(sid, 'do_nothing')) as { output: { metadata: Json } };
  const of = ({ reward_profile, observation_profile }: Json) => [reward_profile, observation_profile];
  return {
    http: [...of(state), state.success_grade],
    ors: of(output.metadata),
    told: (await app.inject({ method: 'GET', url: '/metadata' })).json<Json>().profiles,
  };
}

test('the options of a server set the defaults of all doors, and GET /metadata reports them', async () => {
  expect(await defaultsOf({})).toEqual({
    http: ['step', 'full', 0.8],
    ors: ['terminal', 'briefing'],
    told: {
      sessions: { reward_profile: 'step', observation_profile: 'full', success_grade: 0.8 },
      text: { reward_profile: 'gain', observation_profile: 'briefing', success_grade: 0.8 },
      batches: { reward_profile: 'step', observation_profile: 'briefing', success_grade: 0.8 },
      ors: { reward_profile: 'terminal', observation_profile: 'briefing', success_grade: 0.8 },
    },
  });
  const all = { reward_profile: 'gain', observation_profile: 'delta', success_grade: 0.6 };
  expect(await defaultsOf({ rewardProfile: 'gain', observationProfile: 'delta', successGrade: 0.6 })).toEqual({
    http: ['gain', 'delta', 0.6],
    ors: ['gain', 'delta'],
    told: { sessions: all, text: all, batches: all, ors: all },
  });
});

test.each([
  ['reward_profile', 'sparse'],
  ['observation_profile', 'half'],
  ['success_grade', 0],
  ['success_grade', 1],
])('a request with %s %j is refused, with what was expected', async (key, value) => {
  const { app } = await makeServer({});
  const refused = await app.inject({ method: 'POST', url: '/reset', payload: { [key]: value } });
  expect(refused.statusCode).toBe(422);
  expect(refused.json<{ detail: { loc: string[] }[] }>().detail[0]?.loc).toEqual(['body', key]);
});

test('a task without a grade under rules v1 has rewards of steps only', async () => {
  const { app } = await makeServer({});
  const payload = { task_id: 'vip_meltdown', rules: 'v1', reward_profile: 'gain' };
  const refused = await app.inject({ method: 'POST', url: '/reset', payload });
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toContain('expected step: vip_meltdown has no grade under rules v1');
});
