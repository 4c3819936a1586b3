/** A thread that plays episodes of the office in process, separately from all others: `numEnvs` environments, on request. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { actionsFor, makeOffice, playThrough } from './play.js';

/** Such a thread, ready to play. */
export class LonePlayer {
  private readonly thread: Worker;

  private constructor(numEnvs: number) {
    this.thread = new Worker(new URL(import.meta.url), { workerData: numEnvs });
  }

  static async start(numEnvs: number): Promise<LonePlayer> {
    const player = new LonePlayer(numEnvs);
    await once(player.thread, 'message');
    return player;
  }

  /** Plays one episode in each environment. */
  async play(): Promise<void> {
    this.thread.postMessage('play');
    await once(this.thread, 'message');
  }

  async close(): Promise<void> {
    await this.thread.terminate();
  }
}

if (!isMainThread && typeof workerData === 'number') {
  const env = await makeOffice(workerData, 0);
  const actions = actionsFor(workerData);
  parentPort?.on('message', async () => {
    await playThrough(env, actions);
    parentPort?.postMessage('played');
  });
  parentPort?.postMessage('ready');
}
