/**
 * npm run bench:recovery [-- --seconds N]: steps per second while a worker thread is killed every 10 seconds, as a ratio to the
 * rate of a vector without kills. The two play in turns of a second each, so that the load of other programs affects both alike.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Action, VectorEnv } from '#dist/index.js';
import { circumstances, writeResults } from './measure.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(values.seconds);
const KILL_EVERY_MS = 10_000;
const NUM_ENVS = 1_024;
const WORKERS = 2;
const TURN_MS = 1_000;

/** The threads of a vector, which are private to its shards. */
function threadsOf(vector: VectorEnv): Worker[] {
  const queues: object[] = Reflect.get(Reflect.get(vector, 'shards'), 'queues');
  return queues.flatMap((queue) => {
    const thread: unknown = Reflect.get(Object(Reflect.get(Object(Reflect.get(queue, 'shard')), 'thread')), 'thread');
    return thread instanceof Worker ? [thread] : [];
  });
}

type Player = { readonly vector: VectorEnv; steps: number; ms: number };

async function makePlayer(): Promise<Player> {
  const vector = await VectorEnv.create({ numEnvs: NUM_ENVS, workers: WORKERS });
  await vector.reset();
  return { vector, steps: 0, ms: 0 };
}

/** Plays for one turn. `now` receives the total playing time of this player so far, in milliseconds. */
async function turn(player: Player, now: (ms: number) => void = () => undefined): Promise<void> {
  const actions = Array.from({ length: NUM_ENVS }, (): Action => ({ action_type: 'do_nothing' }));
  const began = performance.now();
  const before = player.ms;
  while (player.ms - before < TURN_MS) {
    now(player.ms);
    await player.vector.step(actions);
    player.steps += NUM_ENVS;
    player.ms = before + performance.now() - began;
  }
}

const [calm, disturbed] = [await makePlayer(), await makePlayer()];
for (const player of [calm, disturbed]) {
  await turn(player);
  player.steps = player.ms = 0;
}
let kills = 0;
const kill = (ms: number): void => {
  if (ms < (kills + 0.5) * KILL_EVERY_MS) return;
  void threadsOf(disturbed.vector)[kills++ % WORKERS]?.terminate();
};
while (disturbed.ms < SECONDS * 1000) {
  await turn(calm);
  await turn(disturbed, kill);
}
const rates = [calm, disturbed].map(({ steps, ms }) => Math.round((steps / ms) * 1000));
const [undisturbed = Number.NaN, withKills = Number.NaN] = rates;
const results = {
  ...circumstances(`npm run bench:recovery -- --seconds ${SECONDS}`),
  num_envs: NUM_ENVS,
  workers: WORKERS,
  kills,
  recoveries: disturbed.vector.recoveries,
  steps_per_second: { undisturbed, with_kills: withKills },
  ratio: withKills / undisturbed,
};
console.log(JSON.stringify(results, null, 2));
writeResults('recovery', results);
await Promise.all([calm, disturbed].map(({ vector }) => vector.close()));
