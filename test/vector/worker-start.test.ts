/** Terminating a thread while it loads its module must not end the process. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openRolloutThreads } from '../../src/rollout/collect-in-workers.ts';
import { checkPlan } from '../../src/rollout/plan.ts';
import { resolveOptions } from '../../src/vector/options.ts';
import { VectorEnv } from '../../src/vector/vector-env.ts';
import { PinnedThread } from '../../src/workers/pinned-thread.ts';

const module = fileURLToPath(new URL('worker-loader.mjs', import.meta.url));

test('no worker thread loads its module by require, which cannot be interrupted', async () => {
  const thread = new PinnedThread({}, 'start', { module, deadlineMs: 60_000 });
  expect(await thread.run('answer')).toHaveProperty('canRequireModules', false);
  await thread.close();

  const plan = checkPlan({
    tasks: ['phase2_core'],
    policy: 'random',
    episodes: 1,
    groupSize: 1,
    seed: 0,
    rules: 'v2',
    rewardMode: 'full',
  });
  const threads = await openRolloutThreads({ plan, specs: [] }, 1, module);
  const job = { first: 0, end: 1 } as Parameters<typeof threads.run>[0];
  expect(await threads.run(job, 60_000)).toHaveProperty('canRequireModules', false);
  await threads.close();
});

test('environments that are closed as soon as they are made end in order', async () => {
  for (let i = 0; i < 8; i++) {
    const vector = VectorEnv.of(resolveOptions({ numEnvs: 2, tasks: ['phase2_core'], workers: 2 }));
    await new Promise((resolve) => setTimeout(resolve, 20 * i));
    await vector.close();
    expect(() => vector.read()).toThrow('closed');
  }
});
