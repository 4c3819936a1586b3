/** The engine's own worker with delayed steps: delays.ts gives the delay. It sleeps meanwhile, so the number of cores does not matter. */

import { SerialEngine } from '#dist/vector/engine.js';
import type { WireCommand } from '#dist/vector/shard.js';
import run from '#dist/vector/shard-worker.js';
import { delayOf } from './delays.js';

const never = new Int32Array(new SharedArrayBuffer(4));
const played = new Map<number, number>();
/** Total delay of the steps in the current command. */
let milliseconds = 0;

const { step } = SerialEngine.prototype;
SerialEngine.prototype.step = function (this: SerialEngine, envs, answers) {
  for (let i = 0; i < envs.length; i++) {
    const env = envs[i] ?? 0;
    const count = played.get(env) ?? 0;
    played.set(env, count + 1);
    milliseconds += delayOf(env, count);
  }
  return step.call(this, envs, answers);
};

export default async function runDelayed(command: WireCommand): Promise<unknown> {
  const began = performance.now();
  milliseconds = 0;
  const reply = await run(command);
  Atomics.wait(never, 0, 0, Math.max(0, milliseconds - (performance.now() - began)));
  return reply;
}
