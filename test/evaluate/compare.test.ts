/** The comparison of runs: paired by world, with the interval of the pairs. */
import { describe, expect, test } from 'vitest';
import { compareRuns } from '../../src/evaluate/compare-runs.ts';
import { type Policy, PolicyFailure, runRollout } from '../../src/index.ts';
import { oracleOfTasks } from '../../src/policies/oracle.ts';
import type { PlanInput } from '../../src/rollout/plan.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { newFolder } from '../model/support-model.ts';
import { cli } from '../support/cli.ts';

const TASKS = ['phase2_core', 'monday_morning', 'drift_drill'];

async function runOf(policy: Policy | string, plan: PlanInput = {}): Promise<string> {
  const out = newFolder();
  const whole = { tasks: TASKS, episodes: 6, groupSize: 2, ...plan };
  const given = typeof policy === 'string' ? { plan: { ...whole, policy } } : { plan: whole, policy };
  await runRollout({ ...given, out, workers: 0 });
  return out;
}

describe('a comparison', () => {
  test('is of pairs of worlds: what makes all runs good in a world is not a part of the interval', async () => {
    const [a, b] = [await runOf('do_nothing'), await runOf('greedy')];
    const { figures, changed, worlds } = await compareRuns(a, b);
    expect(worlds).toBe(3);
    const [grade] = figures;
    expect(grade?.name).toBe('grade');
    expect(grade?.a).toBeCloseTo(0.01, 12);
    const differences = changed.map(({ difference }) => difference ?? 0);
    expect(differences).toEqual([...differences].sort((one, other) => other - one));
    expect(grade?.difference.mean).toBeCloseTo(differences.reduce((sum, one) => sum + one, 0) / 3, 12);
    expect(grade?.difference.low).toBeGreaterThanOrEqual(Math.min(...differences));
    // Turned around, everything has the other sign.
    const back = await compareRuns(b, a);
    expect(back.figures[0]?.difference.mean).toBeCloseTo(-(grade?.difference.mean ?? 0), 12);
  });

  test('of a run with itself finds no change', async () => {
    const a = await runOf('random');
    const { figures, changed, settings, only } = await compareRuns(a, a);
    expect(changed).toEqual([]);
    expect(settings).toEqual([]);
    expect(only).toEqual({ a: [], b: [] });
    for (const { difference } of figures) expect(difference).toMatchObject({ mean: 0, low: 0, high: 0 });
  });

  test('finds the one world that changed, and leaves lost episodes out', async () => {
    const better: Policy = {
      name: 'better',
      act: (turn) => {
        if (turn.episode === 1) throw new PolicyFailure('infrastructure', 'gone');
        return turn.task === 'phase2_core' ? oracleOfTasks.act(turn) : { action_type: 'do_nothing' };
      },
    };
    const { changed } = await compareRuns(await runOf('do_nothing'), await runOf(better));
    expect(changed).toMatchObject([{ task_id: 'phase2_core', episodes: [2, 1], b: 0.99 }]);
  });

  test('pairs worlds by their documents, not by their names', async () => {
    const { scenario, drift } = loadTask('drift_drill');
    const changed = { ...loadTask('phase2_core').scenario, max_episode_steps: 4 };
    const a = await runOf('greedy', {
      tasks: ['drift_drill', 'day'],
      scenarios: { day: { scenario: changed } },
      episodes: 4,
    });
    const b = await runOf('greedy', {
      tasks: ['drill', 'day'],
      scenarios: { drill: { scenario, drift }, day: { scenario: { ...changed, max_episode_steps: 5 } } },
      episodes: 4,
    });
    const found = await compareRuns(a, b);
    expect(found).toMatchObject({ worlds: 1, only: { a: ['day'], b: ['day'] } });
    // One world has no interval. Its plan is known only under its shipped name, so the grades differ.
    expect(found.figures[0]?.difference).toMatchObject({ low: null, high: null, worlds: 1 });
    expect(found.changed.map(({ task_id }) => task_id)).toEqual(['drift_drill']);
  });
});

test('the command prints the figures and what the runs do not have in common', async () => {
  const [a, b] = [
    await runOf('do_nothing'),
    await runOf('greedy', { tasks: ['phase2_core', 'vip_meltdown'], episodes: 4 }),
  ];
  const ran = await cli(['compare', a, b]);
  expect(ran.code).toBe(0);
  expect(ran.out).toContain(`A: ${a}, do_nothing\nB: ${b}, greedy\n`);
  expect(ran.out).toMatch(/1 world +A +B +B - A \(95% CI\)\ngrade +0\.010 +0\.\d{3} +\+0\.\d{3}\n/);
  expect(ran.out).toContain('Only A has: monday_morning, drift_drill.\nOnly B has: vip_meltdown.\n');
  const json = await cli(['compare', a, b, '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ worlds: 1, a: { policy: 'do_nothing' }, b: { policy: 'greedy' } });
});

test('the command refuses what is not a run of rules v2', async () => {
  const a = await runOf('do_nothing');
  const none = newFolder();
  expect(await cli(['compare', a, none])).toMatchObject({
    code: 2,
    err: expect.stringContaining(`there is no run in ${none}`),
  });
  const old = await runOf('do_nothing', { rules: 'v1' });
  expect(await cli(['compare', old, a])).toMatchObject({ code: 2, err: expect.stringContaining('is of rules v1') });
});
