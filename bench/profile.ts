/**
 * npm run bench:profile [-- --rules NAME] [--envs N]: shows section by section where a step in process spends its time when every briefing is read. Prints a
 * table and writes bench/results/profile-NAME.json, which `npm run bench -- --write-docs` puts into docs/PERFORMANCE.md.
 */
import { Session } from 'node:inspector/promises';
import { formatTable } from '#dist/cli/progress.js';
import { RULES } from '#dist/sim/rules.js';
import { circumstances, writeResults } from './measure.js';
import { EPISODE_LENGTH } from './office.js';
import { commandOf, optionsOf, refuse, wholeNumber } from './options.js';
import { actionsFor, makeOffice, playThrough } from './play.js';

const WARM_UP_EPISODES = 4;
const EPISODES = 20;
const INTERVAL_US = 200;

/** A function belongs to the first section whose pattern matches its file and name. */
const SECTIONS: readonly (readonly [string, RegExp])[] = [
  ['reading actions', /dist\/world\/completion|wire-action|node_modules\/zod/],
  ['rules: the step itself', /dist\/(sim\/(v1|v2|episode|effects|rules)|world)|lib\/(time|text|random)/],
  ['observation: looking at the sections', /dist\/sim\/observation\/(sections|things|observe)/],
  ['briefing: head, joining', /dist\/sim\/observation/],
  ['engine: states, columns', /dist\/vector\/(engine|columns|command|snapshot|shard)/],
  ['VectorEnv: order of calls, batches', /dist\/vector/],
  ['garbage collection', /\(garbage collector\)/],
  ['the rest: builtins, the benchmark, the runtime', /./],
];

const values = optionsOf({
  rules: { type: 'string', default: 'v1' },
  envs: { type: 'string', default: '1024' },
});
const rules = RULES.find((name) => name === values.rules) ?? refuse(`--rules: expected ${RULES.join(' or ')}`);
const numEnvs = wholeNumber('--envs', values.envs, 1);

const env = await makeOffice(numEnvs, 0, rules);
const actions = actionsFor(numEnvs, rules);
for (let episode = 0; episode < WARM_UP_EPISODES; episode++)
  await playThrough(env, actions, (batch) => void batch.briefings());

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
await session.post('Profiler.start');
const began = performance.now();
for (let episode = 0; episode < EPISODES; episode++) await playThrough(env, actions, (batch) => void batch.briefings());
const microseconds = (1_000 * (performance.now() - began)) / (EPISODES * EPISODE_LENGTH * numEnvs);
const { profile } = await session.post('Profiler.stop');
session.disconnect();
await env.close();

const places = new Map(profile.nodes.map(({ id, callFrame: { url, functionName } }) => [id, `${url} ${functionName}`]));
const spent = new Map(SECTIONS.map(([name]) => [name, 0]));
let total = 0;
profile.samples?.forEach((node, at) => {
  const place = places.get(node) ?? '';
  const name = SECTIONS.find(([, pattern]) => pattern.test(place))?.[0] ?? '';
  const time = profile.timeDeltas?.[at] ?? 0;
  spent.set(name, (spent.get(name) ?? 0) + time);
  total += time;
});
const shares = Object.fromEntries([...spent].map(([name, time]) => [name, time / total]));
writeResults(`profile-${rules}`, {
  ...circumstances(commandOf('bench:profile')),
  rules,
  numEnvs,
  microseconds,
  shares,
});
const rows = Object.entries(shares).map(([name, share]) => [
  name,
  `${(100 * share).toFixed(1)} %`,
  (share * microseconds).toFixed(2),
]);
console.log(formatTable(['section', 'share', 'µs a step'], rows, [1, 2]));
console.log(
  `${microseconds.toFixed(2)} µs a step, the reset of each episode included; rules ${rules}, ${numEnvs} environments`,
);
