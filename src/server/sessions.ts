/**
 * Sessions of WebSockets and MCP: how many there may be, how long one lives, and how one is found again. A session without
 * a connection (its socket dropped, or it was created over POST /mcp) lives until it has been idle too long.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerOptions } from './options.ts';
import { Problem } from './problem.ts';
import { Session } from './session.ts';
import type { Specs } from './specs.ts';

/** The connection of a session. */
export type Connection = {
  /** Closes it; `code` as in RFC 6455. */
  close(code: number, reason: string): void;
};

/** Close codes of our own. */
export const REPLACED = 4001;
export const IDLE = 4002;
export const GOING_AWAY = 1001;

export type Entry = {
  readonly id: string;
  /** Secret: whoever knows it goes on with the session. */
  readonly token: string;
  readonly session: Session;
  connection: Connection | undefined;
  /** Whether it lost its connection: kept for a resume, but given up first where there is no more room. */
  dropped: boolean;
  usedAt: number;
};

/** No room for another session. */
export class CapacityReached extends Problem {
  readonly activeSessions: number;
  readonly maxSessions: number;

  constructor(active: number, most: number) {
    super(503, 'CAPACITY_REACHED', `all ${most} sessions are in use; close one, or try again later`);
    this.activeSessions = active;
    this.maxSessions = most;
  }
}

export class Sessions {
  private readonly specs: Specs;
  private readonly maxSessions: number;
  private readonly timeout: number;
  /** In the order of their last use, oldest first. */
  private readonly entries = new Map<string, Entry>();
  private readonly byToken = new Map<string, Entry>();
  private readonly reaper: NodeJS.Timeout;

  constructor(specs: Specs, { maxSessions, sessionTimeout }: Pick<ServerOptions, 'maxSessions' | 'sessionTimeout'>) {
    this.specs = specs;
    this.maxSessions = maxSessions;
    this.timeout = sessionTimeout * 1000;
    this.reaper = setInterval(() => this.reap(), Math.min(5_000, this.timeout / 2)).unref();
  }

  /** Sessions, those kept for a resume included. */
  get count(): number {
    return this.entries.size;
  }

  /** @throws CapacityReached */
  open(connection?: Connection): Entry {
    if (this.entries.size >= this.maxSessions) this.giveUpOne();
    const token = randomBytes(24).toString('base64url');
    const session = new Session(this.specs, token);
    const entry: Entry = { id: randomUUID(), token, session, connection, dropped: false, usedAt: performance.now() };
    this.entries.set(entry.id, entry);
    this.byToken.set(token, entry);
    return entry;
  }

  find(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  /** To be called at every use: the idle time counts from here. */
  touch(entry: Entry): void {
    entry.usedAt = performance.now();
    if (!this.entries.delete(entry.id)) return;
    this.entries.set(entry.id, entry);
  }

  /** The connection is gone, not the session. */
  drop(entry: Entry, connection: Connection): void {
    // Another connection may have taken over.
    if (entry.connection !== connection) return;
    entry.connection = undefined;
    entry.dropped = true;
    if (entry.session.answer === undefined) this.end(entry);
    else this.touch(entry);
  }

  /** Goes on with a session on another connection; the one it had, if it still has one, is closed. Undefined: no such session. */
  resume(token: string, connection: Connection): Entry | undefined {
    const entry = this.byToken.get(token);
    if (entry === undefined) return undefined;
    const before = entry.connection;
    entry.connection = connection;
    entry.dropped = false;
    if (before !== connection) before?.close(REPLACED, 'the session was resumed on another connection');
    this.touch(entry);
    return entry;
  }

  /** Ends a session; its connection is left to the caller. */
  end(entry: Entry): void {
    this.entries.delete(entry.id);
    this.byToken.delete(entry.token);
  }

  /** Ends all of them. */
  close(reason: string): void {
    clearInterval(this.reaper);
    for (const entry of [...this.entries.values()]) {
      this.end(entry);
      entry.connection?.close(GOING_AWAY, reason);
    }
  }

  private giveUpOne(): void {
    for (const entry of this.entries.values()) {
      if (!entry.dropped) continue;
      this.end(entry);
      return;
    }
    throw new CapacityReached(this.entries.size, this.maxSessions);
  }

  private reap(): void {
    const before = performance.now() - this.timeout;
    for (const entry of this.entries.values()) {
      if (entry.usedAt > before) return;
      this.end(entry);
      entry.connection?.close(IDLE, 'the session was idle for too long');
    }
  }
}
