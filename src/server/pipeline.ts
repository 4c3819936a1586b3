/**
 * The requests of one connection are handled one at a time. HTTP/1.1 answers them in order anyway, and for a client that sends many
 * and reads nothing, only one answer is made.
 */
import type { Socket } from 'node:net';
import { Turn } from '../lib/turn.ts';
import type { App, Context } from './app.ts';

/** The maximum number of requests of one connection that may wait behind the one being answered. */
export const MAX_WAITING = 64;

type Pipeline = {
  /** Whether a request is being answered, or its answer is still on its way to the kernel. */
  busy: boolean;
  readonly waiting: (() => void)[];
  readonly turn: Turn;
};

export class Pipelines {
  private readonly pipelines = new WeakMap<Socket, Pipeline>();
  private readonly cut: () => void;

  /** @param cut Called for each connection that is cut because too many requests wait. */
  constructor(cut: () => void) {
    this.cut = cut;
  }

  /**
   * Calls `begin` once all earlier requests of the connection are answered, possibly at once. The caller must call `leave` later. If
   * the connection ends first, `begin` is never called.
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

  /** Ends a request whose answer was handed over completely. The next request has its turn. */
  leave(socket: Socket): void {
    const pipeline = this.pipelineOf(socket);
    const { waiting, turn } = pipeline;
    if (waiting.length === 0) {
      pipeline.busy = false;
      return;
    }
    const next = (): void => {
      // No request is answered after an answer with `Connection: close`.
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

/** Must be called before all other hooks are added: a waiting request must not have run any of them. */
export function addPipelines(app: App, pipelines: Pipelines, { unsent }: Pick<Context, 'unsent'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    // `prefinish`: the socket has the whole answer; `finish`: the kernel has all of it.
    reply.raw.once('prefinish', () => unsent.sent(socket));
    reply.raw.once('finish', () => {
      unsent.sent(socket);
      pipelines.leave(socket);
    });
    pipelines.enter(socket, done);
  });
}
