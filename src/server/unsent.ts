/**
 * Bytes that wait for clients to read them, over HTTP and WebSockets alike. There is one limit for all of them together, and a
 * client that takes nothing for a while is given up.
 */
import type { Socket } from 'node:net';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';

const MIB = 2 ** 20;
/** Where there is too much, those that took nothing for so long go first; reading an answer that was just sent takes a moment. */
const PATIENCE_MS = 1_000;
/** At so many times the limit nobody is waited for. */
const HARD = 4;

/** What a connection owes, as it was when it was looked at last. */
type Debt = {
  bytes: number;
  /** Bytes that the kernel took, in whole pieces. */
  taken: number;
  /** What is left of the piece that the kernel is taking. */
  piece: number;
  /** When the client was last seen to take something. */
  moved: number;
};

export class Unsent {
  private readonly limit: number;
  private readonly stallMs: number;
  private readonly cut: Metrics['cut'];
  private readonly connections = new Set<Socket>();
  private readonly debts = new Map<Socket, Debt>();
  private readonly timer: NodeJS.Timeout;
  private again: NodeJS.Timeout | undefined;
  private total = 0;

  constructor({ maxUnsent, stallTimeout }: Pick<ServerOptions, 'maxUnsent' | 'stallTimeout'>, metrics: Metrics) {
    this.limit = maxUnsent * MIB;
    this.stallMs = stallTimeout * 1000;
    this.cut = (reason) => metrics.cut(reason);
    this.timer = setInterval(() => this.giveUpStalled(), Math.min(this.stallMs / 4, 15_000)).unref();
  }

  /** From now on until it ends, the connection is looked at from time to time. May be called again for the same one. */
  watch(socket: Socket): void {
    if (this.connections.has(socket)) return;
    this.connections.add(socket);
    socket.once('close', () => {
      this.connections.delete(socket);
      this.forget(socket);
    });
  }

  /** To be called whenever something was sent. Costs nothing where the kernel took all of it. */
  sent(socket: Socket): void {
    // An injected request has no socket.
    if (!(socket.writableLength > 0) && !this.debts.has(socket)) return;
    this.look(socket, performance.now());
    if (this.total > this.limit) this.makeRoom();
  }

  /** How much waits now, on all connections. */
  get bytes(): number {
    this.lookAround();
    return this.total;
  }

  close(): void {
    clearInterval(this.timer);
    clearTimeout(this.again);
  }

  private look(socket: Socket, now: number): void {
    const bytes = socket.writableLength;
    if (bytes === 0 || socket.destroyed) {
      this.forget(socket);
      return;
    }
    const taken = socket.bytesWritten - bytes;
    const piece = queued(socket);
    const debt = this.debts.get(socket);
    if (debt === undefined) {
      // Connections of a second address, where the host has several, are seen here first.
      this.watch(socket);
      this.total += bytes;
      this.debts.set(socket, { bytes, taken, piece, moved: now });
      return;
    }
    this.total += bytes - debt.bytes;
    if (debt.taken !== taken || debt.piece !== piece) debt.moved = now;
    Object.assign(debt, { bytes, taken, piece });
  }

  private forget(socket: Socket): void {
    this.total -= this.debts.get(socket)?.bytes ?? 0;
    this.debts.delete(socket);
  }

  private giveUp(socket: Socket, reason: 'stalled' | 'unsent'): void {
    this.cut(reason);
    this.forget(socket);
    socket.destroy();
  }

  private lookAround(): number {
    const now = performance.now();
    for (const socket of this.connections) this.look(socket, now);
    return now;
  }

  private giveUpStalled(): void {
    const now = this.lookAround();
    for (const [socket, { moved }] of this.debts) {
      if (now - moved >= this.stallMs) this.giveUp(socket, 'stalled');
    }
    if (this.total > this.limit) this.makeRoom();
  }

  private makeRoom(): void {
    const now = performance.now();
    for (const socket of this.debts.keys()) this.look(socket, now);
    this.cutTo(this.limit, ({ moved }) => now - moved >= PATIENCE_MS);
    this.cutTo(this.limit * HARD, () => true);
    if (this.total <= this.limit || this.again !== undefined) return;
    this.again = setTimeout(() => {
      this.again = undefined;
      this.makeRoom();
    }, PATIENCE_MS).unref();
  }

  /** Those that owe the most go first. */
  private cutTo(limit: number, may: (debt: Debt) => boolean): void {
    if (this.total <= limit) return;
    const found = [...this.debts].filter(([, debt]) => may(debt)).sort(([, a], [, b]) => b.bytes - a.bytes);
    for (const [socket] of found) {
      if (this.total <= limit) return;
      this.giveUp(socket, 'unsent');
    }
  }
}

/** Node counts a piece as written when all of it is; only the handle below knows how much of a large one is. */
function queued(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
