/**
 * npm run bench:soak [-- --steps N] [--workers W] [--rules NAME]: plays for a long time and watches the memory. Needs --expose-gc,
 * which the npm script passes. Writes bench/results/soak.json.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { linearRegression } from 'simple-statistics';
import { RULES, type Rules } from '#dist/sim/rules.js';
import { usedAfterCollection } from './heap.js';
import { circumstances, writeResults } from './measure.js';
import { EPISODE_LENGTH } from './office.js';
import { commandOf, optionsOf, refuse, wholeNumber } from './options.js';
import { actionsFor, makeOffice, officeFingerprint, playThrough } from './play.js';

const NUM_ENVS = 1_024;
const STEPS_AN_EPISODE = NUM_ENVS * EPISODE_LENGTH;
/**
 * Length of the warm-up, as a share of the measured part. The heap grows until its first full collection; from then on its size
 * is stable.
 */
const WARM_UP_SHARE = 0.5;
/** Number of episodes of all environments between the two forced collections at the end. */
const LAST_EPISODES = 10;
const MB = 1e6;

const values = optionsOf({
  steps: { type: 'string', default: '5000000' },
  workers: { type: 'string', default: '0' },
  rules: { type: 'string', default: 'v1' },
});
const wanted = wholeNumber('--steps', values.steps, 10 * STEPS_AN_EPISODE);
const workers = wholeNumber('--workers', values.workers, 0);
const rules = RULES.find((name) => name === values.rules) ?? refuseRules(values.rules);

function refuseRules(name: string): Rules {
  return refuse(`--rules: expected ${RULES.join(' or ')}, got ${JSON.stringify(name)}`);
}

const { checksum } = await officeFingerprint();
const env = await makeOffice(NUM_ENVS, workers, rules);
const actions = actionsFor(NUM_ENVS, rules);
const measuredEpisodes = Math.ceil(wanted / STEPS_AN_EPISODE);
const warmUpEpisodes = Math.ceil(measuredEpisodes * WARM_UP_SHARE);

async function play(episodes: number, after: (episode: number) => void = () => undefined): Promise<void> {
  for (let episode = 1; episode <= episodes; episode++) {
    await playThrough(env, actions);
    // In process a step consists of promises only: V8 needs a turn of the event loop to finish the collections that it has begun.
    await turn();
    after(episode);
  }
}

await play(warmUpEpisodes);
/** Samples of [million steps, resident memory in MB], one after each episode of all environments. */
const samples: [number, number][] = [];
const began = performance.now();
await play(measuredEpisodes, (episode) => {
  samples.push([(episode * STEPS_AN_EPISODE) / 1e6, process.memoryUsage.rss() / MB]);
});
const seconds = (performance.now() - began) / 1_000;
// At the end, because a forced collection resizes the heap, and resident memory would then climb again.
const before = await usedAfterCollection();
await play(LAST_EPISODES);
const retained = (await usedAfterCollection()) - before;
await env.close();

const measured = measuredEpisodes * STEPS_AN_EPISODE;
const megabytes = samples.map(([, rss]) => rss);
const results = {
  num_envs: NUM_ENVS,
  workers,
  warm_up_steps: warmUpEpisodes * STEPS_AN_EPISODE,
  measured_steps: measured,
  steps_per_s: Math.round(measured / seconds),
  rss_first_mb: megabytes[0] ?? Number.NaN,
  rss_last_mb: megabytes.at(-1) ?? Number.NaN,
  rss_max_mb: Math.max(...megabytes),
  rss_slope_mb_per_million: linearRegression(samples).m,
  retained_bytes_per_step: retained / (LAST_EPISODES * STEPS_AN_EPISODE),
};
writeResults('soak', {
  ...circumstances(commandOf('bench:soak')),
  rules,
  checksum,
  ...results,
});
for (const [key, value] of Object.entries(results)) console.log(`${key}: ${value.toLocaleString('en-US')}`);
const reached = results.rss_slope_mb_per_million < 1;
console.log(`goal: less than 1 MB of resident memory per million steps; ${reached ? 'reached' : 'NOT reached'}`);
