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

/** Close codes; those from 4000 on are our own. */
const REPLACED = 4001;
const IDLE = 4002;
const GOING_AWAY = 1001;

export type Entry = {
  readonly id: string;
  /** Secret: whoever knows it goes on with the session. */
  readonly token: string;
  readonly session: Session;
  connection: Connection | undefined;
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
  private readonly live = new Map<string, Entry>();
  /** Those that lost their connection, in the same order. They take no room from others, but there are `maxSessions` at most. */
  private readonly kept = new Map<string, Entry>();
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
    return this.live.size + this.kept.size;
  }

  /** @throws CapacityReached */
  open(connection?: Connection): Entry {
    if (this.live.size >= this.maxSessions) throw new CapacityReached(this.live.size, this.maxSessions);
    const token = randomBytes(24).toString('base64url');
    const session = new Session(this.specs, token);
    const entry: Entry = { id: randomUUID(), token, session, connection, usedAt: performance.now() };
    this.live.set(entry.id, entry);
    this.byToken.set(token, entry);
    return entry;
  }

  /** Of those that did not lose their connection. */
  find(id: string): Entry | undefined {
    return this.live.get(id);
  }

  /** To be called at every use: the idle time counts from here. */
  touch(entry: Entry): void {
    if (!this.live.delete(entry.id)) return;
    entry.usedAt = performance.now();
    this.live.set(entry.id, entry);
  }

  /** The connection is gone, not the session: it is kept for a resume, unless nothing was ever played in it. */
  drop(entry: Entry, connection: Connection): void {
    // Another connection may have taken over, or the session may have ended.
    if (entry.connection !== connection || !this.live.has(entry.id)) return;
    entry.connection = undefined;
    if (entry.session.answer === undefined) {
      this.end(entry);
      return;
    }
    if (this.kept.size >= this.maxSessions) this.giveUpOldest();
    this.live.delete(entry.id);
    entry.usedAt = performance.now();
    this.kept.set(entry.id, entry);
  }

  /**
   * Goes on with a session on another connection; the one it had, if it still has one, is closed. It asks for no room: a
   * connection that resumes gives up the session that it had. Undefined: no such session.
   */
  resume(token: string, connection: Connection): Entry | undefined {
    const entry = this.byToken.get(token);
    if (entry === undefined) return undefined;
    const before = entry.connection;
    entry.connection = connection;
    if (before !== connection) before?.close(REPLACED, 'the session was resumed on another connection');
    if (this.kept.delete(entry.id)) this.live.set(entry.id, entry);
    this.touch(entry);
    return entry;
  }

  /** Ends a session; its connection is left to the caller. */
  end(entry: Entry): void {
    this.live.delete(entry.id);
    this.kept.delete(entry.id);
    this.byToken.delete(entry.token);
  }

  /** Ends all of them. */
  close(reason: string): void {
    clearInterval(this.reaper);
    for (const entry of [...this.live.values(), ...this.kept.values()]) {
      this.end(entry);
      entry.connection?.close(GOING_AWAY, reason);
    }
  }

  private giveUpOldest(): void {
    const [oldest] = this.kept.values();
    if (oldest !== undefined) this.end(oldest);
  }

  private reap(): void {
    const before = performance.now() - this.timeout;
    for (const entries of [this.live, this.kept]) {
      for (const entry of entries.values()) {
        if (entry.usedAt > before) break;
        this.end(entry);
        entry.connection?.close(IDLE, 'the session was idle for too long');
      }
    }
  }
}
