/** The main module of a worker thread: one engine, one command at a time. Piscina calls the default export. */
import { getHeapStatistics } from 'node:v8';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { limitSections } from '../sim/observation/section-cache.ts';
import { Columns } from './columns.ts';
import { SerialEngine } from './engine.ts';
import { ResultPacker } from './results.ts';
import { type Command, envsOf, execute, type WireCommand, type WorkerData } from './shard.ts';
import { compileSpec } from './spec.ts';

limitSections(getHeapStatistics().heap_size_limit);
const data: WorkerData = workerData;
const columns = new Columns(data.capacity);
const specs = data.specs.map(compileSpec);
const engine = new SerialEngine(specs, columns, data.autoreset, data.groups);
const packer = new ResultPacker(engine, columns, data.briefings);

let isDying = false;
process.on('uncaughtExceptionMonitor', () => {
  isDying = true;
});

export default async function run(command: WireCommand): Promise<unknown> {
  const reply = answer(command);
  // If a command throws outside its promise, the exception reaches the main thread after the reply. The worker therefore sends
  // no reply once something was thrown.
  await undefined;
  if (isDying) await new Promise<never>(() => undefined);
  return reply;
}

function answer(command: WireCommand): unknown {
  for (const spec of command.specs ?? []) specs.push(compileSpec(spec));
  if (command.op === 'recover') {
    engine.recover(command.envs, command.saved, command.failed);
    return undefined;
  }
  const own: Command = command.op === 'step' ? { ...command, actions: JSON.parse(command.actions) } : command;
  execute(engine, own);
  if (own.op === 'release') return undefined;
  const results = packer.pack(envsOf(own), command.memory);
  return move({ [transferableSymbol]: results.buffer, [valueSymbol]: results });
}
