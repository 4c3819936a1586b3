/** Plays whole episodes and reports the bytes that a step allocates, and the bytes that it retains. */
import { usedAfterCollection, usedBytes } from './heap.js';
import { EPISODE_LENGTH } from './office.js';
import { actionsFor, makeOffice, playThrough } from './play.js';

export type Allocation = { readonly retainedPerStep: number; readonly allocatedPerStep: number };

const EPISODES = 2;

const numEnvs = Number(process.argv[2]);
const env = await makeOffice(numEnvs, 0);
const actions = actionsFor(numEnvs);

for (let episode = 0; episode < EPISODES; episode++) await playThrough(env, actions);

const before = await usedAfterCollection();
for (let episode = 0; episode < EPISODES; episode++) await playThrough(env, actions);
const retained = (await usedAfterCollection()) - before;

// Growth of one batch at a time. If less memory is used after a batch than before, the collector has run.
const growths: number[] = [];
await env.reset();
for (const step of actions) {
  const start = usedBytes();
  await env.step(step);
  growths.push(usedBytes() - start);
}
const grown = growths.filter((growth) => growth > 0).sort((a, b) => a - b);

const allocation: Allocation = {
  retainedPerStep: retained / (EPISODES * EPISODE_LENGTH * numEnvs),
  allocatedPerStep: (grown[grown.length >> 1] ?? Number.NaN) / numEnvs,
};
process.send?.(allocation);
process.disconnect();
