/** A SoloEnv gives the same results as a VectorEnv with one environment. */
import { describe, expect, test } from 'vitest';
import { ResetNeededError, RULES, VectorEnv } from '../../src/index.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';
import { SoloEnv, type SoloStep } from '../../src/vector/solo-env.ts';
import { compileSpec, loadSpec, type Spec } from '../../src/vector/spec.ts';
import { OVER_AT_ONCE, scripted, smallScenario } from './support.ts';

function specOf(task: string, rules: (typeof RULES)[number]): Spec {
  return compileSpec({ ...loadSpec({ task }), rules, rewardMode: 'full' });
}

/** The data that both must report alike. */
async function playVector(task: string, rules: (typeof RULES)[number], steps: number): Promise<unknown[]> {
  const env = await VectorEnv.create({ tasks: [task], rules, autoreset: 'disabled' });
  const told: unknown[] = [];
  let batch = await env.reset();
  for (let turn = 0; ; turn++) {
    const { env_id: _e, task_id: _t, rules: _r, reward_mode: _m, seed: _s, episode: _n, ...metadata } = batch.info(0);
    told.push([batch.briefing(0), batch.reward[0], batch.terminated[0] === 1, batch.truncated[0] === 1, metadata]);
    if (turn === steps) break;
    batch = await env.step([scripted(task, 5, turn)]);
  }
  await env.close();
  return told;
}

const line = ({ briefing, reward, terminated, truncated, metadata }: SoloStep): unknown[] => [
  briefing,
  reward,
  terminated,
  truncated,
  metadata,
];

describe.each(RULES.flatMap((rules) => taskIds().map((task) => ({ rules, task }))))('$task under $rules', (of) => {
  test('is played as a VectorEnv plays it, past its end and while another episode is played in between', async () => {
    const spec = specOf(of.task, of.rules);
    const env = new SoloEnv();
    const other = new SoloEnv();
    const told = [line(env.reset(spec))];
    other.reset(spec);
    for (let turn = 0; turn < 24; turn++) {
      told.push(line(env.step(scripted(of.task, 5, turn))));
      other.step(scripted(of.task, 6, turn));
    }
    expect(told).toEqual(await playVector(of.task, of.rules, 24));
  });
});

test('every reset may play another spec', () => {
  const env = new SoloEnv();
  const first = env.reset(specOf('phase2_core', 'v2'));
  env.step({});
  expect(env.reset(specOf('monday_morning', 'v1')).briefing).not.toBe(first.briefing);
  expect(line(env.reset(specOf('phase2_core', 'v2')))).toEqual(line(first));
});

test('a step before the first reset is misuse, and there is no world yet', () => {
  const env = new SoloEnv();
  expect(() => env.step({})).toThrow(ResetNeededError);
  expect(env.world()).toBeUndefined();
});

test('the world can be exported, and is the one that was stepped', () => {
  const env = new SoloEnv();
  env.reset(compileSpec({ ...loadSpec({ scenario: smallScenario() }), rules: 'v1', rewardMode: 'full' }));
  env.step({ action_type: 'archive_email', email_id: 'e2' });
  expect(env.world()?.emails.find(({ id }) => id === 'e2')?.read).toBe(true);
});

test('a day that is over before it begins ends with the step that is refused', () => {
  const env = new SoloEnv();
  const spec = compileSpec({ ...loadSpec({ scenario: OVER_AT_ONCE }), rules: 'v1', rewardMode: 'full' });
  const { terminated, truncated } = env.reset(spec);
  expect([terminated, truncated]).toEqual([false, false]);
  expect(env.active).toBe(false);
  const last = env.step({});
  expect(last.metadata.step_ok).toBe(false);
  expect([last.terminated, last.truncated]).toEqual([true, false]);
});
