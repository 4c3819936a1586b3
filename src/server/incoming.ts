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
