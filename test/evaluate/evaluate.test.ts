/** The figures of evaluations of small runs, against what the policies are known to have done. */
import { expect, test } from 'vitest';
import { evaluateRun, writeEvaluation } from '../../src/evaluate/evaluate-run.ts';
import { type Policy, PolicyFailure, readRunManifest, runRollout } from '../../src/index.ts';
import { oracleOfTasks } from '../../src/policies/oracle.ts';
import type { PlanInput } from '../../src/rollout/plan.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { newFolder } from '../model/support-model.ts';

const IDLE = { action_type: 'do_nothing' } as const;

async function evaluate(policy: Policy | string, plan: PlanInput) {
  const out = newFolder();
  const given = typeof policy === 'string' ? { plan: { ...plan, policy } } : { plan, policy };
  await runRollout({ ...given, out, workers: 0 });
  return evaluateRun(out);
}

test('the oracle passes everything, and owes what the days have no time for', async () => {
  const plan = { tasks: ['phase2_core', 'monday_morning'], episodes: 2, groupSize: 1 };
  const { oracle } = (await evaluate('greedy', plan)).baselines;
  const [all] = oracle?.rows ?? [];
  expect(all).toMatchObject({ worlds: 2, episodes: 2, counted: 2, grade: { mean: 0.99, low: 0.99, high: 0.99 } });
  expect(all?.pass.map(({ threshold, pass_at_1 }) => [threshold, pass_at_1.mean])).toEqual([
    [0.6, 1],
    [0.8, 1],
    [0.9, 1],
  ]);
  const found = Object.fromEntries(
    oracle?.asked.map(({ asked, count, endings }) => [asked, [count, endings.met]]) ?? [],
  );
  // Of the choices, `the go for tonight` is made; `whether Ruth comes for science` and `the run on Thursday` are not.
  expect(found.choice).toEqual([3, 1]);
  expect(found.apology).toEqual([1, 1]);
  expect(found.clash?.[0]).toBe(found.clash?.[1]);
});

test('there are rows for all worlds, for each difficulty and for each task', async () => {
  const { rows, samples, baselines } = await evaluate('random', {
    tasks: ['dinner_disaster', 'phase2_core', 'drift_drill'],
    episodes: 6,
    groupSize: 2,
  });
  expect(samples).toBe(2);
  expect(rows.map(({ scope, name, worlds, counted }) => [scope, name, worlds, counted])).toEqual([
    ['all', 'all', 3, 6],
    ['difficulty', 'easy', 2, 4],
    ['difficulty', 'hard', 1, 2],
    ['task', 'dinner_disaster', 1, 2],
    ['task', 'phase2_core', 1, 2],
    ['task', 'drift_drill', 1, 2],
  ]);
  const [all] = rows;
  expect(all?.invalid_rate).toBeGreaterThan(0.1);
  expect(all?.unreadable_rate).toBeGreaterThan(0);
  expect(all?.unreadable_rate).toBeLessThan(all?.invalid_rate ?? 0);
  expect(Object.keys(baselines)).toEqual(['do_nothing', 'random', 'greedy', 'oracle']);
  // The policy itself is one of the baselines.
  expect(baselines.random?.rows).toEqual(rows);
  expect(baselines.do_nothing?.rows[0]?.grade.mean).toBeCloseTo(0.01, 12);
});

test('pass^k is worse than pass@1 for a policy that passes now and then', async () => {
  const policy: Policy = {
    name: 'moody',
    // The first two of four samples follow the plan.
    act: (turn) => (turn.episode < 2 ? oracleOfTasks.act(turn) : IDLE),
  };
  const { rows } = await evaluate(policy, { tasks: ['phase2_core'], episodes: 4, groupSize: 4 });
  const [first] = rows[0]?.pass ?? [];
  expect(first?.pass_at_1.mean).toBe(0.5);
  expect(first?.pass_all.map(({ k, mean }) => [k, mean])).toEqual([
    [1, 0.5],
    [2, 1 / 6],
    [4, 0],
  ]);
});

test('a policy that fails counts with the lowest grade; a lost episode does not count', async () => {
  const kinds = ['policy', 'context_overflow', 'content_filter', 'infrastructure', 'bad_request'] as const;
  const policy: Policy = {
    name: 'unlucky',
    act: (turn) => {
      const kind = kinds[turn.episode];
      if (kind !== undefined && turn.step === 1) throw new PolicyFailure(kind, `the ${kind}`);
      return oracleOfTasks.act(turn);
    },
  };
  const { rows, lost, asked } = await evaluate(policy, { tasks: ['phase2_core'], episodes: 6, groupSize: 6 });
  expect(rows[0]).toMatchObject({
    episodes: 6,
    counted: 4,
    failures: { policy: 1, environment: 0, infrastructure: 1, context_overflow: 1, content_filter: 1, bad_request: 1 },
  });
  expect(rows[0]?.grade.mean).toBeCloseTo((3 * 0.01 + 0.99) / 4, 12);
  expect(rows[0]?.pass[0]?.pass_at_1.mean).toBe(0.25);
  expect(lost.map(({ episode_id, failure }) => [episode_id, failure])).toEqual([
    ['g000000-003', 'infrastructure'],
    ['g000000-004', 'bad_request'],
  ]);
  // Only the sixth episode was played to its end.
  expect(asked.find(({ asked: kind }) => kind === 'choice')?.count).toBe(2);
});

test('facts that people must not know are counted once for each person', async () => {
  const { scenario } = loadTask('phase2_core');
  const deny = [{ id: 'the old figure', type: 'money' as const, is: ['598,000'] }];
  const emails = scenario.emails.map((email) => (email.id === 'e03' ? { ...email, deny } : email));
  const policy: Policy = {
    name: 'indiscreet',
    act: ({ step, episode }) =>
      episode === 0 && step < 2
        ? { action_type: 'reply_email', email_id: 'e03', message_body: 'The cost to date is 598,000, as I said.' }
        : IDLE,
  };
  const { rows } = await evaluate(policy, {
    tasks: ['closed'],
    scenarios: { closed: { scenario: { ...scenario, emails } } },
    episodes: 2,
    groupSize: 2,
  });
  expect(rows[0]?.told).toBe(0.5);
  expect(rows[0]?.collateral).toBeGreaterThan(0.02);
});

test('the oracle has no figures where no plan is known', async () => {
  const { scenario } = loadTask('phase2_core');
  const { baselines, rows } = await evaluate('greedy', {
    tasks: ['own', 'monday_morning'],
    scenarios: { own: { scenario: { ...scenario, max_episode_steps: 4 } } },
    episodes: 2,
    groupSize: 1,
  });
  expect(rows.map(({ name }) => name)).toEqual(['all', 'medium', 'own', 'monday_morning']);
  const oracle = baselines.oracle?.rows ?? [];
  expect(oracle.map(({ name, grade }) => [name, grade.worlds])).toEqual([
    ['all', 1],
    ['medium', 1],
    ['own', 0],
    ['monday_morning', 1],
  ]);
});

test('what the endpoint called the model goes into the manifest', async () => {
  const out = newFolder();
  const policy: Policy = {
    name: 'named',
    act: () => ({
      action: IDLE,
      metadata: { model: 'm-2026', latency_ms: 40, usage: { prompt_tokens: 7 }, cost: 0.5 },
    }),
  };
  await runRollout({ plan: { tasks: ['phase2_core'], episodes: 1, groupSize: 1 }, policy, out, workers: 0 });
  const { rows, endpoint_models } = await writeEvaluation(out);
  const steps = rows[0]?.steps ?? 0;
  expect(endpoint_models).toEqual(['m-2026']);
  expect(readRunManifest(`${out}/manifest.json`)).toMatchObject({ status: 'complete', endpoint_models: ['m-2026'] });
  expect(rows[0]).toMatchObject({
    latency_ms: { median: 40, p95: 40 },
    prompt_tokens: 7 * steps,
    completion_tokens: null,
    cost: 0.5 * steps,
  });
});

test('baselines play in the worlds in which the policy has an episode that counts', async () => {
  const policy: Policy = {
    name: 'cut',
    act: ({ task }) => {
      if (task === 'monday_morning') throw new PolicyFailure('infrastructure', 'gone');
      return IDLE;
    },
  };
  const { rows, baselines } = await evaluate(policy, {
    tasks: ['phase2_core', 'monday_morning'],
    episodes: 4,
    groupSize: 2,
  });
  expect(rows[0]).toMatchObject({ worlds: 2, episodes: 4, counted: 2, grade: { worlds: 1 } });
  const [greedy] = baselines.greedy?.rows ?? [];
  expect(greedy).toMatchObject({ episodes: 2, grade: { worlds: 1 } });
  expect(greedy?.grade.mean).toBe(baselines.greedy?.rows.find(({ name }) => name === 'phase2_core')?.grade.mean);
});
