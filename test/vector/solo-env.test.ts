/** A SoloEnv gives the same results as a VectorEnv with one environment. */
import { describe, expect, test } from 'vitest';
import { ResetNeededError, RULES, UnknownTaskError, ValidationError, VectorEnv } from '../../src/index.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';
import { SoloEnv, type SoloStep } from '../../src/vector/solo-env.ts';
import { compileSpec, loadSpec, type Spec } from '../../src/vector/spec.ts';
import { readAction } from '../../src/world/completion/completion.ts';
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
    const env = new SoloEnv(spec);
    const other = new SoloEnv(spec);
    const told = [line(env.reset())];
    other.reset();
    for (let turn = 0; turn < 24; turn++) {
      told.push(line(env.play(readAction(scripted(of.task, 5, turn)))));
      other.play(readAction(scripted(of.task, 6, turn)));
    }
    expect(told).toEqual(await playVector(of.task, of.rules, 24));
  });
});

test('is made of a task or of an inline scenario, under rules v2 unless others are named', () => {
  const env = SoloEnv.create({ task: 'phase2_core' });
  const first = env.reset();
  expect(line(first)).toEqual(line(new SoloEnv(specOf('phase2_core', 'v2')).reset()));
  env.step({ action_type: 'do_nothing' });
  expect(line(env.reset())).toEqual(line(first));
  const inline = SoloEnv.create({ scenario: smallScenario(), rules: 'v1', rewardMode: 'base' }).reset();
  expect(inline.briefing).not.toBe(first.briefing);
  expect(() => SoloEnv.create({ task: 'no_such_task' })).toThrow(UnknownTaskError);
  expect(() => SoloEnv.create({ task: 'phase2_core', rules: 'v3' as 'v2' })).toThrow(ValidationError);
  expect(() => SoloEnv.create({ task: 'phase2_core', seed: 1 } as object)).toThrow(/seed/);
});

test('a step before the first reset is misuse, and there is no world yet', () => {
  const env = new SoloEnv(specOf('phase2_core', 'v2'));
  expect(() => env.step({})).toThrow(ResetNeededError);
  expect(env.world()).toBeUndefined();
});

test('the world can be exported, and is the one that was stepped', () => {
  const env = new SoloEnv(compileSpec({ ...loadSpec({ scenario: smallScenario() }), rules: 'v1', rewardMode: 'full' }));
  env.reset();
  env.step({ action_type: 'archive_email', email_id: 'e2' });
  expect(env.world()?.emails.find(({ id }) => id === 'e2')?.read).toBe(true);
});

test('a day that is over before it begins ends with the step that is refused', () => {
  const spec = compileSpec({ ...loadSpec({ scenario: OVER_AT_ONCE }), rules: 'v1', rewardMode: 'full' });
  const env = new SoloEnv(spec);
  const { terminated, truncated } = env.reset();
  expect([terminated, truncated]).toEqual([false, false]);
  expect(env.active).toBe(false);
  const last = env.step({});
  expect(last.metadata.step_ok).toBe(false);
  expect([last.terminated, last.truncated]).toEqual([true, false]);
});
