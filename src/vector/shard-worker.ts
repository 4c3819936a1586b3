/** The inside of a worker thread: one engine, one command at a time. Piscina calls the default export. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { ActionChannel } from './action-channel.ts';
import { carryOut, playPortions, restore, takeCheckpoint } from './checkpoint.ts';
import { Columns } from './columns.ts';
import type { WireCommand, WireReply, WorkerData } from './command.ts';
import { SerialEngine } from './engine.ts';
import { compileSpec } from './spec.ts';

const data: WorkerData = workerData;
const engine = new SerialEngine(data.specs.map(compileSpec), new Columns(data.columns), data.autoreset, data.groups);
const channel = new ActionChannel(data.channel);

const NOTHING: WireReply = { finals: [], saved: [] };

let isDying = false;
process.on('uncaughtExceptionMonitor', () => {
  isDying = true;
});

export default async function run(command: WireCommand): Promise<unknown> {
  const reply = answerTo(command);
  // A command that ends the thread by something thrown on the side must not be answered as if it had done no harm.
  await undefined;
  if (isDying) await new Promise<never>(() => undefined);
  return reply;
}

function answerTo(command: WireCommand): unknown {
  switch (command.op) {
    case 'checkpoint':
      return checkpoint();
    case 'recover':
      restore(engine, command.checkpoint, command.log, channel);
      return NOTHING;
    case 'stream':
      return playPortions(engine, channel.read(command.start));
  }
  return carryOut(engine, command, channel);
}

function checkpoint(): unknown {
  const bytes = takeCheckpoint(engine);
  const reply: WireReply = { finals: [], saved: [], checkpoint: bytes };
  return move({ [transferableSymbol]: bytes.buffer, [valueSymbol]: reply });
}
