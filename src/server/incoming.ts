/**
 * Requests and messages that are still being received. Their first part waits in memory for the rest. One limit holds for all
 * connections together; above it, the connections with the most received bytes are cut.
 */
import type { Socket } from 'node:net';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';

const MIB = 2 ** 20;
/** The share of --max-memory that incomplete requests and messages may take. */
const SHARE = 0.5;
const CHECK_MS = 500;
/** The number of decoded bytes after which the sizes are checked early: decoded bytes grow faster than a network delivers them. */
const CHECK_BYTES = MIB;

export class Incoming {
  private readonly limit: number;
  private readonly cut: Metrics['cut'];
  /**
   * Connections whose request or message is not complete. The number is what they had received before it, less the bytes that were
   * decoded since.
   */
  private readonly before = new Map<Socket, number>();
  /** Connections with a `close` listener. */
  private readonly watched = new WeakSet<Socket>();
  private readonly timer: NodeJS.Timeout;
  /** Bytes decoded since the last check. */
  private unseen = 0;

  constructor({ maxMemory }: Pick<ServerOptions, 'maxMemory'>, metrics: Metrics) {
    this.limit = maxMemory * MIB * SHARE;
    this.cut = (reason) => metrics.cut(reason);
    this.timer = setInterval(() => this.check(), CHECK_MS).unref();
  }

  /** Begins a request or message: the bytes that the connection receives from now on belong to it. */
  begin(socket: Socket): void {
    // An injected request has no connection.
    if (socket.bytesRead === undefined || socket.destroyed) return;
    this.before.set(socket, socket.bytesRead);
    if (this.watched.has(socket)) return;
    this.watched.add(socket);
    socket.once('close', () => this.end(socket));
  }

  /** Adds decoded bytes to the current request of a connection. */
  add(socket: Socket, bytes: number): void {
    const before = this.before.get(socket);
    if (before !== undefined) this.before.set(socket, before - bytes);
    this.unseen += bytes;
    if (this.unseen >= CHECK_BYTES) this.check();
  }

  /** Ends a request: it is complete, or none of it is kept. */
  end(socket: Socket): void {
    this.before.delete(socket);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private check(): void {
    this.unseen = 0;
    const sizes = [...this.before].map(([socket, before]) => ({ socket, bytes: socket.bytesRead - before }));
    let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.limit) return;
    for (const { socket, bytes } of sizes.sort((a, b) => b.bytes - a.bytes)) {
      if (total <= this.limit) return;
      this.cut('incoming');
      socket.destroy();
      total -= bytes;
    }
  }
}

// * Counts the bytes that wait for clients to read them, over HTTP and WebSockets. One limit holds for all connections together, and a connection whose client reads nothing for a while is cut.

/**
 * If too many bytes wait, connections whose client has read nothing for this number of milliseconds are cut first. To read an answer
 * that was just sent takes a moment.
 */
const PATIENCE_MS = 1_000;
/** Above this multiple of the limit, connections are cut without any patience. */
const HARD = 4;

/** The unsent bytes of a connection at the last check. */
type Backlog = {
  bytes: number;
  /** Bytes that the kernel has taken, counted in whole writes. */
  taken: number;
  /** Bytes that are left of the write that the kernel is taking. */
  partial: number;
  /** performance.now() at the last check that saw progress. */
  moved: number;
};

export class Unsent {
  private readonly limit: number;
  private readonly stallMs: number;
  private readonly cut: Metrics['cut'];
  private readonly connections = new Set<Socket>();
  private readonly backlogs = new Map<Socket, Backlog>();
  private readonly timer: NodeJS.Timeout;
  private again: NodeJS.Timeout | undefined;
  private total = 0;

  constructor({ maxUnsent, stallTimeout }: Pick<ServerOptions, 'maxUnsent' | 'stallTimeout'>, metrics: Metrics) {
    this.limit = maxUnsent * MIB;
    this.stallMs = stallTimeout * 1000;
    this.cut = (reason) => metrics.cut(reason);
    this.timer = setInterval(() => this.giveUpStalled(), Math.min(this.stallMs / 4, 15_000)).unref();
  }

  /** Checks the connection from time to time until it ends. May be called several times for the same connection. */
  watch(socket: Socket): void {
    if (this.connections.has(socket)) return;
    this.connections.add(socket);
    socket.once('close', () => {
      this.connections.delete(socket);
      this.forget(socket);
    });
  }

  /** Must be called after each send. Costs next to nothing if the kernel took all bytes. */
  sent(socket: Socket): void {
    // An injected request has no socket.
    if (!(socket.writableLength > 0) && !this.backlogs.has(socket)) return;
    this.check(socket, performance.now());
    if (this.total > this.limit) this.makeRoom();
  }

  /** Bytes that wait now, on all connections together. */
  get bytes(): number {
    this.checkAll();
    return this.total;
  }

  close(): void {
    clearInterval(this.timer);
    clearTimeout(this.again);
  }

  private check(socket: Socket, now: number): void {
    const bytes = socket.writableLength;
    if (bytes === 0 || socket.destroyed) {
      this.forget(socket);
      return;
    }
    const taken = socket.bytesWritten - bytes;
    const partial = queued(socket);
    const backlog = this.backlogs.get(socket);
    if (backlog === undefined) {
      // A host name may have several addresses. Connections to the second one are first seen here.
      this.watch(socket);
      this.total += bytes;
      this.backlogs.set(socket, { bytes, taken, partial, moved: now });
      return;
    }
    this.total += bytes - backlog.bytes;
    if (backlog.taken !== taken || backlog.partial !== partial) backlog.moved = now;
    Object.assign(backlog, { bytes, taken, partial });
  }

  private forget(socket: Socket): void {
    this.total -= this.backlogs.get(socket)?.bytes ?? 0;
    this.backlogs.delete(socket);
  }

  private giveUp(socket: Socket, reason: 'stalled' | 'unsent'): void {
    this.cut(reason);
    this.forget(socket);
    socket.destroy();
  }

  private checkAll(): number {
    const now = performance.now();
    for (const socket of this.connections) this.check(socket, now);
    return now;
  }

  private giveUpStalled(): void {
    const now = this.checkAll();
    for (const [socket, { moved }] of this.backlogs) {
      if (now - moved >= this.stallMs) this.giveUp(socket, 'stalled');
    }
    if (this.total > this.limit) this.makeRoom();
  }

  private makeRoom(): void {
    const now = performance.now();
    for (const socket of this.backlogs.keys()) this.check(socket, now);
    this.cutTo(this.limit, ({ moved }) => now - moved >= PATIENCE_MS);
    this.cutTo(this.limit * HARD, () => true);
    if (this.total <= this.limit || this.again !== undefined) return;
    this.again = setTimeout(() => {
      this.again = undefined;
      this.makeRoom();
    }, PATIENCE_MS).unref();
  }

  /** Cuts connections, those with the most unsent bytes first, until the sum is within `limit`. */
  private cutTo(limit: number, may: (backlog: Backlog) => boolean): void {
    if (this.total <= limit) return;
    const found = [...this.backlogs].filter(([, backlog]) => may(backlog)).sort(([, a], [, b]) => b.bytes - a.bytes);
    for (const [socket] of found) {
      if (this.total <= limit) return;
      this.giveUp(socket, 'unsent');
    }
  }
}

/** Bytes left of the current write. Node counts a write only when it is complete; its handle knows how much of a large one is left. */
function queued(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
