/**
 * Requests and messages that are still coming in. What has come of them waits in memory for the rest, so there is one limit for
 * all connections together: beyond it, those that have brought most are cut.
 */
import type { Socket } from 'node:net';
import type { Metrics } from './metrics.ts';
import type { ServerOptions } from './options.ts';

const MIB = 2 ** 20;
/** What comes in may take this share of --max-memory. */
const SHARE = 0.5;
const LOOK_MS = 500;
/** Decoded bytes grow faster than a network brings them: after so many the sizes are looked at. */
const LOOK_BYTES = MIB;

export class Incoming {
  private readonly limit: number;
  private readonly cut: Metrics['cut'];
  /** Of each connection whose request or message is not complete: the bytes that it had brought before, less those decoded since. */
  private readonly before = new Map<Socket, number>();
  /** Connections whose end is waited for. */
  private readonly watched = new WeakSet<Socket>();
  private readonly timer: NodeJS.Timeout;
  /** Decoded since the sizes were looked at. */
  private unseen = 0;

  constructor({ maxMemory }: Pick<ServerOptions, 'maxMemory'>, metrics: Metrics) {
    this.limit = maxMemory * MIB * SHARE;
    this.cut = (reason) => metrics.cut(reason);
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** What the connection brings from now on belongs to one request or message. */
  begin(socket: Socket): void {
    // A request that is injected has no connection.
    if (socket.bytesRead === undefined || socket.destroyed) return;
    this.before.set(socket, socket.bytesRead);
    if (this.watched.has(socket)) return;
    this.watched.add(socket);
    socket.once('close', () => this.end(socket));
  }

  /** The request that the connection brings takes so many bytes more, decoded. */
  add(socket: Socket, bytes: number): void {
    const before = this.before.get(socket);
    if (before !== undefined) this.before.set(socket, before - bytes);
    this.unseen += bytes;
    if (this.unseen >= LOOK_BYTES) this.look();
  }

  /** The request is complete, or nothing more of it is kept. */
  end(socket: Socket): void {
    this.before.delete(socket);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
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
