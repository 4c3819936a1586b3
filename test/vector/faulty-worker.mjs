/**
 * A shard's worker that dies on command: by an action whose text names the kind of death, or by orders in memory shared with
 * the test (see faults.ts). Otherwise it does what the real worker does.
 */
import { getEnvironmentData } from 'node:worker_threads';
import run from '#dist/vector/shard-worker.js';
import { SerialEngine } from '#dist/vector/engine.js';

export const POISON = 'poison: ';
const KINDS = ['exit', 'throw', 'heap', 'loop'];
const OPS = ['reset', 'step', 'load', 'release', 'fail', 'recover'];

/** [kind + 1, plays left] and [kind + 1, index of the command + 1, before or after it, number of times]. */
const orders = new Int32Array(getEnvironmentData('ghostexec.test.faults'));
const [AFTER_PLAYS, PLAYS, AT_COMMAND, COMMAND, IS_AFTER, TIMES] = [0, 1, 2, 3, 4, 5];

const { play } = SerialEngine.prototype;
if (typeof play !== 'function') throw new TypeError('the engine has no method play');

SerialEngine.prototype.play = function (...args) {
  const answer = args[2];
  if (typeof answer === 'string' && answer.startsWith(POISON)) die(answer.slice(POISON.length));
  const result = play.apply(this, args);
  if (Atomics.load(orders, AFTER_PLAYS) !== 0 && Atomics.sub(orders, PLAYS, 1) === 1) {
    die(KINDS[Atomics.exchange(orders, AFTER_PLAYS, 0) - 1]);
  }
  return result;
};

export default async function (command) {
  await dieIfTold(command, 0);
  const reply = await run(command);
  await dieIfTold(command, 1);
  return reply;
}

async function dieIfTold(command, when) {
  if (Atomics.load(orders, AT_COMMAND) === 0 || Atomics.load(orders, IS_AFTER) !== when) return;
  if (OPS[Atomics.load(orders, COMMAND) - 1] !== command.op || Atomics.sub(orders, TIMES, 1) < 1) return;
  die(KINDS[Atomics.load(orders, AT_COMMAND) - 1]);
  // An exception outside the promise is noticed only after this has yielded.
  await new Promise(() => undefined);
}

function die(kind) {
  switch (kind) {
    case 'exit':
      process.exit(7);
      break;
    case 'throw':
      queueMicrotask(() => {
        throw new RangeError('thrown outside of a step');
      });
      break;
    case 'heap': {
      const kept = [];
      for (let i = 0; ; i++) kept.push(new Array(2_000).fill(i + 0.5));
    }
    case 'loop':
      for (;;);
    default:
      throw new TypeError(`no such death: ${kind}`);
  }
}
