/**
 * Sessions of WebSockets and MCP: how many there may be, how long one lives, and how one is found again. A session without
 * a connection (its socket dropped, or it was created over POST /mcp) lives until it has been idle too long.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Holder, Memory } from './memory.ts';
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
const GAVE_WAY = 4003;
const GOING_AWAY = 1001;

/** A session that has a connection, but no episode yet, gives way to a newer one after so many milliseconds without use. */
const UNBEGUN_MS = 30_000;
/** One that has an episode, but no connection (POST /mcp), after so many. */
const ABANDONED_MS = 60_000;

export type Entry = {
  readonly id: string;
  /** Address of the client that uses it. */
  address: string;
  /** Secret: whoever knows it goes on with the session. */
  readonly token: string;
  readonly session: Session;
  connection: Connection | undefined;
  usedAt: number;
  /** Whether it has the tools of MCP for trainers: reset and state. */
  control: boolean;
  /** Whether the server began its episode for a client of MCP, which has called no tool since. */
  uncalled: boolean;
  /** What its episode holds is counted for it. */
  readonly holder: Holder;
};

/** No room for another session. */
export class CapacityReached extends Problem {
  readonly activeSessions: number;
  readonly maxSessions: number;

  /** @param whose The client that has as many as one client may have; undefined where it is the server. */
  constructor(active: number, most: number, whose?: string) {
    const message =
      whose === undefined ? `all ${most} sessions are in use` : `${whose} has all ${most} sessions of a client`;
    super(503, 'CAPACITY_REACHED', `${message}; close one, or try again later`);
    this.activeSessions = active;
    this.maxSessions = most;
  }
}

type Limits = Pick<ServerOptions, 'maxSessions' | 'maxSessionsPerClient' | 'sessionTimeout'>;

export class Sessions {
  private readonly specs: Specs;
  private readonly memory: Memory;
  private readonly maxSessions: number;
  private readonly maxPerClient: number;
  private readonly timeout: number;
  /** In the order of their last use, oldest first. */
  private readonly live = new Map<string, Entry>();
  /** Those that lost their connection, in the same order. They take no room from others, but there are `maxSessions` at most. */
  private readonly kept = new Map<string, Entry>();
  private readonly byToken = new Map<string, Entry>();
  /** How many of `live` each client address has. */
  private readonly perClient = new Map<string, number>();
  private readonly reaper: NodeJS.Timeout;

  constructor(specs: Specs, memory: Memory, { maxSessions, maxSessionsPerClient, sessionTimeout }: Limits) {
    this.specs = specs;
    this.memory = memory;
    this.maxSessions = maxSessions;
    this.maxPerClient = maxSessionsPerClient === 0 ? Number.POSITIVE_INFINITY : maxSessionsPerClient;
    this.timeout = sessionTimeout * 1000;
    this.reaper = setInterval(() => this.reap(), Math.min(5_000, this.timeout / 2)).unref();
  }

  /** Sessions, those kept for a resume included. */
  get count(): number {
    return this.live.size + this.kept.size;
  }

  /**
   * Begins a session for a client. If all sessions are taken, an idle one is ended for it: see `isIdle`.
   * @param address Of the client.
   * @throws CapacityReached
   */
  open(address: string, connection?: Connection): Entry {
    this.makeRoom(address);
    const token = randomBytes(24).toString('base64url');
    const holder: Holder = {
      mayGo: () => entry.connection === undefined,
      giveUp: () => this.end(entry),
    };
    const session = new Session(this.specs, token, (bytes) => {
      // One that was ended while it answers a list of calls is played on to the end of that, and nobody would release it.
      if (this.byToken.has(token)) this.memory.hold(holder, bytes);
    });
    const usedAt = performance.now();
    const id = randomUUID();
    const entry: Entry = { id, address, token, session, connection, usedAt, control: false, uncalled: false, holder };
    this.enter(entry);
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
    this.memory.touch(entry.holder);
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
    this.leave(entry);
    entry.usedAt = performance.now();
    this.kept.set(entry.id, entry);
  }

  /**
   * Goes on with a session on another connection; the one it had, if it still has one, is closed. It asks for no room: a
   * connection that resumes gives up the session that it had. Undefined: no such session.
   */
  resume(token: string, connection: Connection, address: string): Entry | undefined {
    const entry = this.byToken.get(token);
    if (entry === undefined) return undefined;
    const before = entry.connection;
    entry.connection = connection;
    if (before !== connection) before?.close(REPLACED, 'the session was resumed on another connection');
    this.kept.delete(entry.id);
    this.leave(entry);
    entry.address = address;
    entry.usedAt = performance.now();
    this.enter(entry);
    return entry;
  }

  /** Ends a session; its connection is left to the caller. */
  end(entry: Entry): void {
    this.leave(entry);
    this.kept.delete(entry.id);
    this.byToken.delete(entry.token);
    this.memory.release(entry.holder);
  }

  /** Ends all of them. */
  close(reason: string): void {
    clearInterval(this.reaper);
    for (const entry of [...this.live.values(), ...this.kept.values()]) {
      this.end(entry);
      entry.connection?.close(GOING_AWAY, reason);
    }
  }

  private enter(entry: Entry): void {
    this.live.set(entry.id, entry);
    this.perClient.set(entry.address, (this.perClient.get(entry.address) ?? 0) + 1);
  }

  private leave(entry: Entry): void {
    if (!this.live.delete(entry.id)) return;
    const left = (this.perClient.get(entry.address) ?? 0) - 1;
    if (left > 0) this.perClient.set(entry.address, left);
    else this.perClient.delete(entry.address);
  }

  private makeRoom(address: string): void {
    const own = this.perClient.get(address) ?? 0;
    if (own >= this.maxPerClient && !this.giveWay((entry) => entry.address === address)) {
      throw new CapacityReached(own, this.maxPerClient, address);
    }
    if (this.live.size >= this.maxSessions && !this.giveWay(() => true)) {
      throw new CapacityReached(this.live.size, this.maxSessions);
    }
  }

  /** Ends the session of these that is idle and was used least recently, one without an episode first. Whether there was one. */
  private giveWay(isOne: (entry: Entry) => boolean): boolean {
    const now = performance.now();
    let found: Entry | undefined;
    for (const entry of this.live.values()) {
      if (!isOne(entry) || !isIdle(entry, now)) continue;
      const isUnbegun = !isBegun(entry);
      if (isUnbegun || found === undefined) found = entry;
      if (isUnbegun) break;
    }
    if (found === undefined) return false;
    this.end(found);
    found.connection?.close(GAVE_WAY, 'the session gave way to a newer one, since no episode was begun in it');
    return true;
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

/**
 * Whether a session may be ended for a newer one: at once if it has neither an episode nor a connection, after a while if it has
 * one of them, never if it has both.
 */
function isIdle(entry: Entry, now: number): boolean {
  const { connection, session, usedAt } = entry;
  if (connection !== undefined) return session.answer === undefined && now - usedAt >= UNBEGUN_MS;
  return !isBegun(entry) || now - usedAt >= ABANDONED_MS;
}

/** Whether a client plays an episode in the session. One that the server began counts from the first call on. */
function isBegun({ session: { answer }, uncalled }: Entry): boolean {
  return answer !== undefined && !uncalled;
}
