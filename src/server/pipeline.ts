/**
 * The requests of one connection are handled one at a time. HTTP/1.1 answers them in their order anyway, and so a client that
 * sends many and reads nothing is owed one answer, not all of them.
 */
import type { Socket } from 'node:net';
import { Turn } from '../lib/turn.ts';
import type { App, Context } from './app.ts';

/** So many requests of a connection may wait behind the one that is being answered. */
export const MAX_WAITING = 64;

type Pipeline = {
  /** A request is being answered, or its answer is still on its way to the kernel. */
  busy: boolean;
  readonly waiting: (() => void)[];
  readonly turn: Turn;
};

export class Pipelines {
  private readonly pipelines = new WeakMap<Socket, Pipeline>();
  private readonly cut: () => void;

  /** @param cut Told of connections that are ended because too many requests wait. */
  constructor(cut: () => void) {
    this.cut = cut;
  }

  /**
   * Calls `begin` as soon as everything that came before on the connection is answered; at once, where that is so already.
   * `leave` must follow. Where the connection ends first, `begin` is never called.
   */
  enter(socket: Socket, begin: () => void): void {
    const pipeline = this.pipelineOf(socket);
    if (pipeline.busy) {
      if (pipeline.waiting.length < MAX_WAITING) pipeline.waiting.push(begin);
      else if (!socket.destroyed) {
        pipeline.waiting.length = 0;
        this.cut();
        socket.destroy();
      }
      return;
    }
    pipeline.busy = true;
    begin();
  }

  /** The answer was handed over completely: the next request has its turn. */
  leave(socket: Socket): void {
    const pipeline = this.pipelineOf(socket);
    const { waiting, turn } = pipeline;
    if (waiting.length === 0) {
      pipeline.busy = false;
      return;
    }
    const next = (): void => {
      // After an answer that was to be the last, nothing more is sent.
      if (socket.writable) waiting.shift()?.();
    };
    turn.begin();
    if (turn.isOver) setImmediate(next);
    else next();
  }

  private pipelineOf(socket: Socket): Pipeline {
    let pipeline = this.pipelines.get(socket);
    if (pipeline === undefined) {
      pipeline = { busy: false, waiting: [], turn: new Turn() };
      this.pipelines.set(socket, pipeline);
    }
    return pipeline;
  }
}

/** Must come before every other hook: what waits has not been looked at. */
export function addPipelines(app: App, pipelines: Pipelines, { unsent }: Pick<Context, 'unsent'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // When the whole answer was given to the socket, and when the kernel has all of it.
    reply.raw.once('prefinish', () => unsent.sent(socket));
    reply.raw.once('finish', () => {
      unsent.sent(socket);
      pipelines.leave(socket);
    });
    pipelines.enter(socket, done);
  });
}
