/** The cost of slow steps for callers that do not wait for all: the rate of send/recv, and of step(), as a share of the best possible rate. */
import { fileURLToPath } from 'node:url';
import { type Batch, VectorEnv } from 'ghostexec';
import { resolveOptions } from '#dist/vector/options.js';
import { delayOf } from './delays.js';
import type { Group } from './group.js';
import { type Measure, measureOf } from './measure.js';
import { OFFICE } from './office.js';

/** May exceed the number of cores: a sleeping worker needs none. */
const SHARDS = 8;
/** Number of environments that are sent together. Each shard has several such groups, so that one is always waiting to be played. */
const GROUP = 4;
const GROUPS_A_SHARD = 2;
const ENVS_A_SHARD = GROUP * GROUPS_A_SHARD;
const SMOKE_SHARDS = 2;
const RUN_MS = 2_000;
const SMOKE_MS = 200;

export const stragglers: Group = {
  name: 'stragglers',
  figures: {
    straggler_ratio: {
      what: 'send/recv, 8 workers, 1 % of steps 50 x slower: rate / ideal rate',
      goal: { least: 0.9 },
    },
    straggler_step_ratio: { what: 'the same with step(), which waits for all' },
  },
  measure: measureStragglers,
};

async function measureStragglers(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const runs = smoke ? 1 : Math.min(rounds, 5);
  const milliseconds = smoke ? SMOKE_MS : RUN_MS;
  const shards = smoke ? SMOKE_SHARDS : SHARDS;
  const [subsets, whole] = [await Delayed.create(shards), await Delayed.create(shards)];
  const ratios: number[] = [];
  const stepRatios: number[] = [];
  for (let i = 0; i < runs; i++) {
    ratios.push(await subsets.sendRecv(milliseconds));
    stepRatios.push(await whole.stepAll(milliseconds));
  }
  await Promise.all([subsets.close(), whole.close()]);
  return { straggler_ratio: measureOf(ratios), straggler_step_ratio: measureOf(stepRatios) };
}

/** Environments in workers with delayed steps, and the number of steps that each of them has played. */
class Delayed {
  private readonly env: VectorEnv;
  private readonly played: Uint32Array;

  private constructor(env: VectorEnv) {
    this.env = env;
    this.played = new Uint32Array(env.numEnvs);
  }

  static async create(shards: number): Promise<Delayed> {
    const envs = Array.from({ length: shards * ENVS_A_SHARD }, () => ({ task: 'office_30', scenario: OFFICE }));
    const options = resolveOptions({ envs, rules: 'v1', workers: shards, maxForks: 0 });
    const module = fileURLToPath(new URL('delayed-worker.js', import.meta.url));
    const delayed = new Delayed(VectorEnv.of({ ...options, worker: { ...options.worker, module } }));
    await delayed.env.reset();
    return delayed;
  }

  close(): Promise<void> {
    return this.env.close();
  }

  /** Sends each environment its next action as soon as its result arrives. Returns rate / ideal rate. */
  async sendRecv(milliseconds: number): Promise<number> {
    const { env } = this;
    const tally = new Tally(this.played);
    const began = performance.now();
    for (let first = 0; first < env.numEnvs; first += GROUP) {
      this.send(Array.from({ length: GROUP }, (_, member) => first + member));
      // Its shard must begin before the next group is sent, otherwise both would travel in one message.
      await new Promise(setImmediate);
    }
    let elapsed = 0;
    while (elapsed < milliseconds) {
      const batch = await env.recv(GROUP);
      elapsed = performance.now() - began;
      tally.add(batch);
      this.send(batch.envIds);
    }
    // Steps still under way do not count.
    new Tally(this.played).add(await env.recv());
    return tally.ratio(elapsed);
  }

  /** Steps all environments at once, again and again. Returns rate / ideal rate. */
  async stepAll(milliseconds: number): Promise<number> {
    const tally = new Tally(this.played);
    const began = performance.now();
    let elapsed = 0;
    while (elapsed < milliseconds) {
      tally.add(await this.env.step(this.env.envIds.map(() => ({}))));
      elapsed = performance.now() - began;
    }
    return tally.ratio(elapsed);
  }

  private send(envs: readonly number[]): void {
    this.env.send(
      envs.map(() => ({})),
      envs,
    );
  }
}

/** Counts the steps of each shard and sums their delays. */
class Tally {
  private readonly steps: Float64Array;
  private readonly busy: Float64Array;
  private readonly played: Uint32Array;

  constructor(played: Uint32Array) {
    this.played = played;
    this.steps = new Float64Array(played.length / ENVS_A_SHARD);
    this.busy = new Float64Array(this.steps.length);
  }

  add({ envIds }: Batch): void {
    for (const env of envIds) {
      // VectorEnv assigns its environments to the shards in blocks.
      const shard = Math.floor(env / ENVS_A_SHARD);
      const step = this.played[env] ?? 0;
      this.played[env] = step + 1;
      this.steps[shard] = (this.steps[shard] ?? 0) + 1;
      this.busy[shard] = (this.busy[shard] ?? 0) + delayOf(env, step);
    }
  }

  /**
   * A shard plays one step after the other. At best it plays its steps without a pause, which takes the sum of their delays. The
   * ideal rate is the sum of these best rates over the shards.
   */
  ratio(elapsed: number): number {
    const steps = this.steps.reduce((sum, count) => sum + count, 0);
    const ideal = this.steps.reduce((sum, count, shard) => sum + count / (this.busy[shard] ?? Number.NaN), 0);
    return steps / elapsed / ideal;
  }
}
