/**
 * npm run bench:soak [-- --steps N] [--workers W] [--rules NAME]: plays for a long time and watches the memory. Needs
 * --expose-gc, which the script gives. Writes bench/results/soak.json.
 */
import { linearRegression } from 'simple-statistics';
import { RULES, type Rules } from '#dist/sim/rules.js';
import { circumstances, writeResults } from './measure.js';
import { EPISODE_LENGTH } from './office.js';
import { commandOf, optionsOf, refuse, wholeNumber } from './options.js';
import { actionsFor, makeOffice, officeFingerprint, playThrough } from './play.js';

const NUM_ENVS = 1_024;
const STEPS_AN_EPISODE = NUM_ENVS * EPISODE_LENGTH;
/** The heap finds its size, and code is compiled, in the first part; it is played, and not looked at. */
const WARM_UP_SHARE = 0.2;
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

function heapAfterCollection(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const { checksum } = await officeFingerprint();
const env = await makeOffice(NUM_ENVS, workers, rules);
const actions = actionsFor(NUM_ENVS, rules);
const warmUp = Math.ceil((wanted * WARM_UP_SHARE) / STEPS_AN_EPISODE);
const rest = Math.ceil(wanted / STEPS_AN_EPISODE) - warmUp;

for (let episode = 0; episode < warmUp; episode++) await playThrough(env, actions);

/** Resident memory in MB over millions of steps, a sample after each episode of all environments. */
const samples: [number, number][] = [];
const before = heapAfterCollection();
const began = performance.now();
for (let episode = 1; episode <= rest; episode++) {
  await playThrough(env, actions);
  samples.push([(episode * STEPS_AN_EPISODE) / 1e6, process.memoryUsage.rss() / MB]);
}
const seconds = (performance.now() - began) / 1_000;
const retained = heapAfterCollection() - before;
await env.close();

const measured = rest * STEPS_AN_EPISODE;
const megabytes = samples.map(([, rss]) => rss);
const results = {
  num_envs: NUM_ENVS,
  workers,
  steps: warmUp * STEPS_AN_EPISODE + measured,
  warm_up_steps: warmUp * STEPS_AN_EPISODE,
  measured_steps: measured,
  steps_per_s: Math.round(measured / seconds),
  rss_first_mb: megabytes[0] ?? Number.NaN,
  rss_last_mb: megabytes.at(-1) ?? Number.NaN,
  rss_max_mb: Math.max(...megabytes),
  rss_slope_mb_per_million: linearRegression(samples).m,
  retained_bytes_per_step: retained / measured,
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
