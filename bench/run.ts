/**
 * npm run bench [-- --smoke]: how fast the engine is here and now. Every figure of a table comes from one run, on one
 * machine, interleaved; compare ratios, not runs. Writes bench/results/latest.json.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Action, type Batch, VectorEnv } from 'ghostexec';
import { Bench } from 'tinybench';
import { BREAKDOWN_FIELDS } from '#dist/sim/breakdown.js';
import { fragmentsOf } from '#dist/sim/briefing/fragments.js';
import type { Rules } from '#dist/sim/rules.js';
import { circumstances, type Measure, measureOf, writeResults } from './measure.js';
import { EPISODE_LENGTH, OFFICE_COMPILED, OFFICES, validScript } from './office.js';

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } });
const NUM_ENVS = values.smoke ? 64 : 1_024;
const ROUNDS = values.smoke ? 2 : 7;
const SCRIPTS = 64;

/** For each step of an episode an action for each environment. */
function actionsFor(rules: Rules): Action[][] {
  const scripts = Array.from({ length: SCRIPTS }, (_, seed) => validScript(rules, seed));
  return Array.from({ length: EPISODE_LENGTH }, (_, step) =>
    Array.from({ length: NUM_ENVS }, (_, env) => scripts[env % SCRIPTS]?.[step] ?? {}),
  );
}
const ACTIONS = { v1: actionsFor('v1'), v2: actionsFor('v2') } as const;

const makeEnv = (workers: number, rules: Rules = 'v1'): Promise<VectorEnv> =>
  VectorEnv.create({
    envs: Array.from({ length: NUM_ENVS }, () => ({ task: 'office_30', scenario: OFFICES[rules] })),
    rules,
    workers,
    autoreset: 'disabled',
    maxForks: 0,
  });

/** A whole episode of every environment; `see` looks at each batch. */
async function playThrough(
  env: VectorEnv,
  see: (batch: Batch) => void = () => undefined,
  rules: Rules = 'v1',
): Promise<void> {
  see(await env.reset());
  for (const actions of ACTIONS[rules]) see(await env.step(actions));
}

/** Everything that an episode of every environment says; equal for all variants, or the benchmark is worth nothing. */
async function checksum(env: VectorEnv, rules: Rules = 'v1'): Promise<string> {
  const hash = createHash('sha256');
  await playThrough(
    env,
    (batch) => {
      if (batch.stepOk.includes(0))
        throw new Error(`an action of the benchmark was invalid: ${batch.note(batch.stepOk.indexOf(0))}`);
      hash.update(batch.reward).update(batch.truncated);
      for (const briefing of batch.briefings()) hash.update(briefing);
    },
    rules,
  );
  return hash.digest('hex').slice(0, 16);
}

/** The bound: copy a prebuilt briefing of the same size into each slot and fill the columns, in memory of our own. */
function copyBound(bytes: number): () => void {
  const source = new Uint8Array(bytes).fill(0x61);
  const stride = fragmentsOf(OFFICE_COMPILED).maxBytes;
  const texts = new Uint8Array(stride * NUM_ENVS);
  const slots = Array.from({ length: NUM_ENVS }, (_, env) => texts.subarray(env * stride, (env + 1) * stride));
  const width = BREAKDOWN_FIELDS.length + 6;
  const columns = new Float64Array(width * NUM_ENVS);
  return () => {
    for (let step = 0; step < EPISODE_LENGTH; step++) {
      for (let env = 0; env < NUM_ENVS; env++) {
        slots[env]?.set(source);
        for (let part = 0; part < width; part++) columns[env * width + part] = step;
      }
    }
  };
}

const inProcess = await makeEnv(0);
const inProcessV2 = await makeEnv(0, 'v2');
await checksum(inProcessV2, 'v2');
const pooled1 = await makeEnv(1);
const pooled2 = await makeEnv(2);
const sums = [await checksum(inProcess), await checksum(pooled1), await checksum(pooled2)];
if (new Set(sums).size !== 1) throw new Error(`the variants disagree: ${sums.join(', ')}`);

const first = await inProcess.reset();
const meanBriefing = Math.round(first.briefings().reduce((sum, text) => sum + Buffer.byteLength(text), 0) / NUM_ENVS);

const bench = new Bench({ iterations: ROUNDS, time: 0, warmupIterations: 1, warmupTime: 0 });
bench
  .add('copy_bound_steps_per_s', copyBound(meanBriefing))
  .add('in_process_steps_per_s', async () => playThrough(inProcess))
  .add('in_process_v2_steps_per_s', async () => playThrough(inProcessV2, undefined, 'v2'))
  .add('pooled_1_steps_per_s', async () => playThrough(pooled1))
  .add('pooled_2_steps_per_s', async () => playThrough(pooled2))
  .add('pooled_2_decoded_steps_per_s', async () => playThrough(pooled2, (batch) => void batch.briefings()));
await bench.run();

const results: Record<string, Measure> = {};
for (const task of bench.tasks) {
  const { result } = task;
  if ('error' in result) throw result.error;
  if (!('latency' in result)) throw new Error(`${task.name} was not measured: ${result.state}`);
  const rate = (milliseconds: number): number => Math.round((NUM_ENVS * EPISODE_LENGTH * 1000) / milliseconds);
  const { p50, min, max, samplesCount } = result.latency;
  results[task.name] = { median: rate(p50), min: rate(max), max: rate(min), runs: samplesCount };
}
/** v2 over v1, from pairs of rounds one right after the other, so that a neighbour's noise falls on both. */
const ratios: number[] = [];
for (let pair = 0; pair < ROUNDS; pair++) {
  const began = performance.now();
  await playThrough(inProcess);
  const between = performance.now();
  await playThrough(inProcessV2, undefined, 'v2');
  ratios.push((between - began) / (performance.now() - between));
}
const v2Ratio = measureOf(ratios);
await Promise.all([inProcess.close(), inProcessV2.close(), pooled1.close(), pooled2.close()]);

const context = {
  ...circumstances(`npm run bench${values.smoke ? ' -- --smoke' : ''}`),
  num_envs: NUM_ENVS,
  mean_first_briefing_bytes: meanBriefing,
  checksum: sums[0],
};
writeResults('latest', { ...context, ...results, v2_ratio: v2Ratio });

console.log(
  Object.entries(context)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n'),
);
const bound = results.copy_bound_steps_per_s?.median ?? Number.NaN;
console.table(
  Object.fromEntries(
    Object.entries(results).map(([name, { median, min, max, runs }]) => [
      name,
      { median, min, max, runs, 'of copy bound': Number((median / bound).toFixed(3)) },
    ]),
  ),
);
const [median, min, max] = [v2Ratio.median, v2Ratio.min, v2Ratio.max].map((ratio) => ratio.toFixed(3));
console.log(`v2_ratio (rules v2 / rules v1, in process, pairs of rounds): ${median}, ${min} to ${max}`);
if (values.smoke)
  console.log('smoke: the harness runs and the variants agree; the rates of so short a run mean nothing');
