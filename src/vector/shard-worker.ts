/** The main module of a worker thread: one engine, one command at a time. Piscina calls the default export. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { ActionChannel } from './action-channel.ts';
import { carryOut, playChunks, restore, takeCheckpoint } from './checkpoint.ts';
import { Columns } from './columns.ts';
import { SerialEngine } from './engine.ts';
import type { WireCommand, WireReply, WorkerData } from './shard.ts';
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
  const reply = execute(command);
  // If a command throws outside its promise, the exception reaches the main thread after the reply. The worker therefore sends
  // no reply once something was thrown.
  await undefined;
  if (isDying) await new Promise<never>(() => undefined);
  return reply;
}

function execute(command: WireCommand): unknown {
  switch (command.op) {
    case 'checkpoint':
      return checkpoint();
    case 'recover':
      restore(engine, command.checkpoint, command.log, channel);
      return NOTHING;
    case 'stream':
      return playChunks(engine, channel.read(command.start));
  }
  return carryOut(engine, command, channel);
}

function checkpoint(): unknown {
  const bytes = takeCheckpoint(engine);
  const reply: WireReply = { finals: [], saved: [], checkpoint: bytes };
  return move({ [transferableSymbol]: bytes.buffer, [valueSymbol]: reply });
}
