/** The engine's own worker, whose steps take as long as delays.ts says. It sleeps meanwhile, so that cores do not matter. */
import type { WireCommand } from '#dist/vector/command.js';
import run from '#dist/vector/shard-worker.js';
import { delayOf } from './delays.js';

const never = new Int32Array(new SharedArrayBuffer(4));
const played = new Map<number, number>();

export default async function runDelayed(command: WireCommand): Promise<unknown> {
  const began = performance.now();
  const reply = await run(command);
  if (command.op !== 'step') return reply;
  let milliseconds = 0;
  for (const env of command.envs) {
    const step = played.get(env) ?? 0;
    played.set(env, step + 1);
    milliseconds += delayOf(env, step);
  }
  Atomics.wait(never, 0, 0, Math.max(0, milliseconds - (performance.now() - began)));
  return reply;
}
