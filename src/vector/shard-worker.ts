/** The inside of a worker thread: one engine, one command at a time. Piscina calls the default export. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { carryOut, takeCheckpoint } from './checkpoint.ts';
import { Columns } from './columns.ts';
import type { WireCommand, WireReply, WorkerData } from './command.ts';
import { SerialEngine } from './engine.ts';
import { compileSpec } from './spec.ts';

const data: WorkerData = workerData;
const engine = new SerialEngine(data.specs.map(compileSpec), new Columns(data.columns), data.autoreset, data.groups);

export default function run(command: WireCommand): unknown {
  if (command.op !== 'checkpoint') return carryOut(engine, command);
  const checkpoint = takeCheckpoint(engine);
  const reply: WireReply = { finals: [], saved: [], checkpoint };
  return move({ [transferableSymbol]: checkpoint.buffer, [valueSymbol]: reply });
}
