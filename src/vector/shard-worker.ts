/** The inside of a worker thread: one engine, one command at a time. Piscina calls the default export. */
import { workerData } from 'piscina';
import { Columns } from './columns.ts';
import { execute, type Reply, type WireCommand, type WorkerData } from './command.ts';
import { SerialEngine } from './engine.ts';
import { compileSpec } from './spec.ts';

const data: WorkerData = workerData;
const engine = new SerialEngine(data.specs.map(compileSpec), new Columns(data.columns), data.autoreset, data.groups);

export default function run(command: WireCommand): Reply {
  if (command.op !== 'step') return execute(engine, command);
  return execute(engine, { op: 'step', envs: command.envs, actions: JSON.parse(command.answers) });
}
