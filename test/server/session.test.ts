/** The fields of a reset, and the answers of a session. */
import { describe, expect, test } from 'vitest';
import { RULES, VectorEnv } from '../../src/index.ts';
import { loadTask, taskIds } from '../../src/scenarios/shipped.ts';
import { SPLITS } from '../../src/scenarios/source.ts';
import { HttpEpisodes } from '../../src/server/episodes.ts';
import { Memory } from '../../src/server/memory.ts';
import { Problem } from '../../src/server/problem.ts';
import { type Answer, Session } from '../../src/server/session.ts';
import { Specs } from '../../src/server/specs.ts';
import { wireObservationSchema } from '../../src/server/wire.ts';
import { OVER_AT_ONCE, scripted, smallScenario } from '../vector/support.ts';

const specs = new Specs({ task: 'phase2_core', rules: 'v2', rewardMode: 'full' });

function problemOf(call: () => unknown): Problem {
  try {
    call();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('expected a Problem');
}

/** The answer without the metadata, which differ between episodes. */
function comparable({ metadata: _, ...answer }: Answer): unknown {
  return answer;
}

describe('the fields of a reset', () => {
  test('none: the defaults and a drawn seed, which the observation reports', () => {
    const { observation } = new Session(specs).reset();
    expect(observation).toMatchObject({ task_id: 'phase2_core', rules: 'v2', reward_mode: 'full' });
    expect(new Session(specs).reset().observation.seed).not.toBe(observation.seed);
  });

  test('null counts as missing', () => {
    const nothing = { task_id: null, split: null, index: null, drift: null, rules: null, reward_mode: null };
    expect(specs.resolve({ ...nothing, seed: 1 }, [])).toEqual(specs.resolve({ seed: 1 }, []));
  });

  test.each(SPLITS)('split %s: a row by index, or by a seed, which always selects the same row', (split) => {
    const rows = taskIds();
    expect(rows.map((_, index) => specs.resolve({ split, index }, []).task)).toEqual(rows);
    const drawn = Array.from({ length: 64 }, (_, seed) => specs.resolve({ split, seed }, []).task);
    expect(new Set(drawn)).toEqual(new Set(rows));
    expect(Array.from({ length: 64 }, (_, seed) => specs.resolve({ split, seed }, []).task)).toEqual(drawn);
  });

  test.each([
    ['an unknown task', { task_id: 'nope' }, ['task_id'], 'phase2_core, monday_morning, dinner_disaster'],
    ['a row beyond the split', { split: 'train' as const, index: 99 }, ['index'], '0 to 4'],
    ['a row without a split', { index: 0 }, ['index'], 'beside'],
    ['a task and a split', { task_id: 'phase2_core', split: 'train' as const }, ['split'], 'both'],
    ['an unknown drift', { drift: 'storm' }, ['drift'], 'dinner_disaster, vip_meltdown, drift_drill'],
    ['a drift that is a list', { drift: [] }, ['drift'], 'a drift document'],
  ])('%s is refused, and the message names the valid values', (_what, asked, loc, named) => {
    const problem = problemOf(() => new Session(specs).reset(asked));
    expect(problem.status).toBe(422);
    expect(problem.details?.map((detail) => detail.loc)).toEqual([['body', ...loc]]);
    expect(problem.message).toContain(named);
  });

  test('drift: true or the own name, none, or a document', () => {
    const briefingAfter = (drift: unknown): string => {
      const session = new Session(specs);
      session.reset({ task_id: 'drift_drill', drift, seed: 1 });
      for (let step = 0; step < 3; step++) session.step({});
      return session.answer?.observation.briefing ?? '';
    };
    const own = briefingAfter(undefined);
    expect(briefingAfter(true)).toBe(own);
    expect(briefingAfter('drift_drill')).toBe(own);
    const none = briefingAfter('none');
    expect(none).not.toBe(own);
    expect(briefingAfter(false)).toBe(none);
    expect(briefingAfter({ events: [] })).toBe(none);
    expect(briefingAfter(loadTask('drift_drill').drift)).toBe(own);
  });

  test('an inline scenario, with its drift and task_id', () => {
    const session = new Session(specs);
    const drift = { events: [{ after_step: 1, set_contact_mood: { name: 'Bo', mood: 'furious' } }] };
    const { observation } = session.reset({ scenario: smallScenario(), drift, task_id: 'mine', seed: 3 });
    expect(observation).toMatchObject({ task_id: 'mine', seed: 3, max_episode_steps: 4 });
    session.step({});
    expect(session.state().world?.contacts).toContainEqual(expect.objectContaining({ name: 'Bo', mood: 'furious' }));
  });

  test('a refused reset does not affect the running episode', () => {
    const session = new Session(specs);
    session.reset({ seed: 1, episode_id: 'a' });
    session.step({});
    expect(() => session.reset({ task_id: 'nope' })).toThrow(Problem);
    expect(() => session.reset({ scenario: { emails: 'none' } })).toThrow(/simulation_time/);
    expect(session.state()).toMatchObject({ episode_id: 'a', step_count: 1 });
    expect(session.step({}).observation.episode_step).toBe(2);
  });
});

describe('the answers of a session', () => {
  test.each(taskIds())('an episode of %s equals the one of a VectorEnv, field by field', async (task_id) => {
    const env = await VectorEnv.create({ tasks: [task_id], autoreset: 'disabled', workers: 1 });
    const session = new Session(specs);
    let batch = await env.reset({ seeds: [9] });
    let answer = session.reset({ task_id, seed: 9 });
    for (let turn = 0; ; turn++) {
      const { observation, reward, done } = answer;
      expect(wireObservationSchema.parse(observation)).toEqual(observation);
      expect(observation.briefing).toBe(batch.briefing(0));
      expect(observation.echoed_message).toBe(observation.briefing);
      expect(observation.message_length).toBe(Array.from(observation.briefing).length);
      expect(reward).toBe(batch.reward[0]);
      expect([observation.terminated, observation.truncated]).toEqual([
        batch.terminated[0] === 1,
        batch.truncated[0] === 1,
      ]);
      const { env_id: _id, episode: _n, ...info } = batch.info(0);
      expect(observation.metadata).toMatchObject(info);
      expect(observation.error).toBe(info.step_error);
      expect(observation.reward_breakdown).toEqual(info.reward_breakdown ?? null);
      expect(observation.grade).toEqual(info.grade ?? null);
      expect(done).toBe(observation.terminated || observation.truncated);
      if (done) break;
      batch = await env.step([scripted(task_id, 2, turn)]);
      answer = session.step(scripted(task_id, 2, turn));
    }
    expect(answer.observation.grade?.grade).toBeGreaterThanOrEqual(0.01);
    await env.close();
  });

  test('rules v1: the grade of the trajectory, for tasks with a grader', () => {
    const session = new Session(specs);
    const play = (data: object): Answer => {
      let answer = session.reset({ rules: 'v1', ...data });
      while (!answer.done) answer = session.step({});
      return answer;
    };
    expect(play({ task_id: 'phase2_core' }).observation.grade).toEqual({ grade: expect.any(Number) });
    expect(play({ task_id: 'vip_meltdown' }).observation.grade).toBeNull();
    expect(play({ task_id: 'phase2_core', scenario: smallScenario() }).observation.grade).toBeNull();
  });

  test('the same seed and actions give the same answers', () => {
    const play = (): unknown[] => {
      const session = new Session(specs);
      const answers = [comparable(session.reset({ task_id: 'monday_morning', seed: 5 }))];
      for (let turn = 0; turn < 16; turn++) answers.push(comparable(session.step(scripted('monday_morning', 1, turn))));
      return answers;
    };
    expect(play()).toEqual(play());
  });

  test('a step before any reset is refused, and the state still has no episode', () => {
    const session = new Session(specs);
    const nothing = { episode_id: null, step_count: 0, task_id: null, done: false, world: null };
    expect(session.state()).toMatchObject(nothing);
    expect(problemOf(() => session.step({}))).toMatchObject({ status: 409, code: 'RESET_NEEDED' });
    expect(session.state()).toMatchObject(nothing);
    expect(problemOf(() => session.reset({ task_id: 'nope' })).status).toBe(422);
    expect(problemOf(() => session.step({})).code, 'a reset that is refused begins nothing').toBe('RESET_NEEDED');
    session.reset();
    expect(session.step({}).observation).toMatchObject({ task_id: 'phase2_core', episode_step: 1 });
  });

  test('the state has the sum of the rewards and the world, without obligations and future events', () => {
    const session = new Session(specs);
    const rewards = [session.reset({ task_id: 'monday_morning', seed: 1 }), session.step({}), session.step({})].map(
      ({ reward }) => reward ?? 0,
    );
    const state = session.state();
    expect(state.return).toBe(rewards.reduce((sum, reward) => sum + reward, 0));
    const world = JSON.stringify(state.world);
    expect(world).toContain('"emails"');
    for (const secret of ['needs', 'any_of', 'events', 'oracle']) expect(world).not.toContain(`"${secret}"`);
  });

  test.each(RULES)('after the end every step is refused, and grade and return do not change, under %s', (rules) => {
    const session = new Session(specs);
    let answer = session.reset({ task_id: 'phase2_core', rules });
    while (!answer.done) answer = session.step({});
    const { grade } = answer.observation;
    const state = session.state();
    expect(grade).not.toBeNull();
    for (let i = 0; i < 3; i++) {
      answer = session.step({});
      expect(answer).toMatchObject({ done: true, observation: { step_ok: false, grade } });
      expect(answer.observation.error).toContain('over');
      expect(answer.reward).toBeLessThan(0);
      expect(session.state()).toEqual(state);
    }
  });

  test.each(RULES)(
    'in a day that is over before it begins, the first step counts towards the return, under %s',
    (rules) => {
      const session = new Session(specs);
      session.reset({ scenario: OVER_AT_ONCE, rules });
      const { reward } = session.step({});
      session.step({});
      expect(session.state().return).toBe(reward);
    },
  );
});

describe('episodes over plain HTTP', () => {
  test('are found by the requested or generated id, and continue', () => {
    const episodes = new HttpEpisodes(specs, new Memory(64), { maxSessions: 10, episodeTimeout: 60 });
    const made = episodes.begin({}).metadata.episode_id;
    episodes.begin({ episode_id: 'mine' });
    expect(episodes.count).toBe(2);
    expect(episodes.find('mine').step({}).observation.episode_step).toBe(1);
    expect(episodes.find('mine').step({}).observation.episode_step).toBe(2);
    expect(episodes.find(made).step({}).observation.episode_step).toBe(1);
  });

  test('are replaced by a second episode with the same id', () => {
    const episodes = new HttpEpisodes(specs, new Memory(64), { maxSessions: 10, episodeTimeout: 60 });
    episodes.begin({ episode_id: 'a' });
    episodes.find('a').step({});
    episodes.begin({ episode_id: 'a' });
    expect(episodes.count).toBe(1);
    expect(episodes.find('a').state().step_count).toBe(0);
  });

  test('are evicted, the least recently used first, and the error then names the unknown id', () => {
    const episodes = new HttpEpisodes(specs, new Memory(64), { maxSessions: 2, episodeTimeout: 60 });
    for (const episode_id of ['a', 'b']) episodes.begin({ episode_id });
    episodes.find('a');
    episodes.begin({ episode_id: 'c' });
    expect(episodes.find('a')).toBeInstanceOf(Session);
    expect(problemOf(() => episodes.find('b'))).toMatchObject({ status: 404, code: 'UNKNOWN_EPISODE' });
    expect(problemOf(() => episodes.find('b')).message).toContain('"b"');
  });
});
