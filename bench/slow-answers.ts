/**
 * Many episodes whose policy takes its time, on a virtual clock: steps per second of `collect`, and of a loop that steps all
 * environments together, as shares of the best possible rate. Only answers take time here, so the figures are the same on every machine.
 */
import { collect, Random, VectorEnv } from 'ghostexec';
import { checkPlan } from '#dist/rollout/plan.js';
import type { Group } from './group.js';
import { drawLatency, MEAN_LATENCY, STEADY_AFTER_MS } from './latency.js';
import { type Measure, measureOf } from './measure.js';
import { VirtualClock } from './virtual-clock.js';

const TASK = 'phase2_core';
const IN_FLIGHT = 256;
/** Of 8 steps: about 60 s, and in a smoke run about 25 s. */
const EPISODES = 6_144;
const SMOKE_EPISODES = 2_560;

export const slowAnswers: Group = {
  name: 'slow-answers',
  figures: {
    slow_answers_ratio: {
      what: '256 episodes in flight, answers of 0.2 s (log-normal), 1 % of 10 s: steps / s, as a share of 256 / mean latency',
      goal: { least: 0.95 },
    },
    slow_answers_lock_step_ratio: { what: 'the same, all environments stepped together' },
  },
  measure: async (rounds, smoke): Promise<Record<string, Measure>> => {
    const [shares, lockStep]: [number[], number[]] = [[], []];
    for (let seed = 1; seed <= (smoke ? 1 : Math.min(rounds, 3)); seed++) {
      const steps = await share(seed, smoke ? SMOKE_EPISODES : EPISODES);
      shares.push(steps.ratio);
      lockStep.push(await lockStepShare(seed, steps.count));
    }
    return { slow_answers_ratio: measureOf(shares), slow_answers_lock_step_ratio: measureOf(lockStep) };
  },
};

/** The share that `collect` reaches while all environments are in use, and the number of steps until then. */
async function share(seed: number, episodes: number): Promise<{ ratio: number; count: number }> {
  const clock = new VirtualClock();
  const random = new Random(seed);
  const plan = checkPlan({
    ...{ tasks: [TASK], policy: 'slow', episodes, groupSize: 1, seed, rules: 'v2', rewardMode: 'full' },
    observations: 'all',
  });
  const progress = { steps: 0, underWay: 0 };
  let from: { steps: number; at: number } | undefined;
  let to: typeof from;
  const policy = {
    name: plan.policy,
    act: async ({ episode }: { episode: number }) => {
      const now = { steps: progress.steps, at: clock.now };
      if (now.at >= STEADY_AFTER_MS) from ??= now;
      if (episode === episodes - 1) to ??= now;
      await clock.sleep(drawLatency(() => random.float()));
      return { action_type: 'do_nothing' as const };
    },
  };
  const all = async (): Promise<void> => {
    for await (const record of collect({ plan, policy, from: 0, numEnvs: IN_FLIGHT, workers: 0 }, progress)) {
      if (record.status === 'failed') throw new Error(`an episode failed: ${record.error}`);
    }
  };
  await clock.run(all());
  if (from === undefined || to === undefined) throw new Error('the rate never was steady');
  return { ratio: ratioOf(to.steps - from.steps, to.at - from.at), count: to.steps };
}

/** The share of a loop that waits for all answers before it steps all environments. */
async function lockStepShare(seed: number, steps: number): Promise<number> {
  const clock = new VirtualClock();
  const random = new Random(seed);
  const env = await VectorEnv.create({ numEnvs: IN_FLIGHT, tasks: [TASK], rules: 'v2', autoreset: 'next_step' });
  const all = async (): Promise<void> => {
    await env.reset({ seed });
    for (let done = 0; done < steps; done += IN_FLIGHT) {
      await Promise.all(env.envIds.map(() => clock.sleep(drawLatency(() => random.float()))));
      await env.step(env.envIds.map(() => ({ action_type: 'do_nothing' })));
    }
  };
  await clock.run(all());
  await env.close();
  return ratioOf(Math.ceil(steps / IN_FLIGHT) * IN_FLIGHT, clock.now);
}

function ratioOf(steps: number, milliseconds: number): number {
  return steps / milliseconds / (IN_FLIGHT / MEAN_LATENCY);
}
