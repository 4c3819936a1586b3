/** Answers that take time, on a virtual clock: no test here depends on the speed of the machine. */
import { expect, test } from 'vitest';
import { drawLatency, MEAN_LATENCY, STEADY_AFTER_MS } from '../../bench/latency.ts';
import { VirtualClock } from '../../bench/virtual-clock.ts';
import { Random } from '../../src/lib/random.ts';
import type { PolicyTurn, TurnAnswer } from '../../src/policies/policy.ts';
import { collect } from '../../src/rollout/collect.ts';
import { checkPlan } from '../../src/rollout/plan.ts';

const IN_FLIGHT = 256;
/** Of 8 steps: about 40 s, of which the first 20 do not count. */
const EPISODES = 4_096;

test('the latencies have the mean that they should have', () => {
  const random = new Random(1);
  const draws = 400_000;
  let sum = 0;
  for (let i = 0; i < draws; i++) sum += drawLatency(() => random.float());
  expect(sum / draws / MEAN_LATENCY).toBeCloseTo(1, 1);
});

test('256 episodes in flight reach 0.95 of the rate 256 / mean latency', async () => {
  const clock = new VirtualClock();
  const random = new Random(7);
  const plan = checkPlan({
    ...{ tasks: ['phase2_core'], policy: 'slow', episodes: EPISODES, groupSize: 8, seed: 7, rules: 'v2' },
    ...{ rewardMode: 'full', observations: 'none' },
  });
  const progress = { steps: 0, underWay: 0 };
  let from: { steps: number; at: number; underWay: number } | undefined;
  let to: typeof from;
  const act = async ({ episode }: PolicyTurn): Promise<TurnAnswer> => {
    const now = { ...progress, at: clock.now };
    if (now.at >= STEADY_AFTER_MS) from ??= now;
    if (episode === EPISODES - 1) to ??= now;
    await clock.sleep(drawLatency(() => random.float()));
    return { action_type: 'do_nothing' };
  };
  const indices: number[] = [];
  const all = async (): Promise<void> => {
    const options = { plan, policy: { name: 'slow', act }, from: 0, numEnvs: IN_FLIGHT, workers: 0 };
    for await (const record of collect(options, progress)) {
      expect(record.status).toBe('complete');
      indices.push(record.index);
    }
  };
  await clock.run(all());
  expect(indices).toEqual(Array.from({ length: EPISODES }, (_, index) => index));
  expect(to?.underWay).toBe(IN_FLIGHT);
  const rate = ((to?.steps ?? 0) - (from?.steps ?? 0)) / ((to?.at ?? 0) - (from?.at ?? 0));
  expect(rate / (IN_FLIGHT / MEAN_LATENCY)).toBeGreaterThanOrEqual(0.95);
});
