/**
 * Sessions of WebSockets and MCP: how many there may be, how long one lives, and how one is found again. A live session takes a
 * slot. One that loses its slot (its socket was closed, or it gave way to another session) is kept, if it has an episode, and
 * goes on by its token or its id. A session without a connection, live or kept, ends when it has been idle too long.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { quote } from '../lib/text.ts';
import { AnswerStore, MAX_ANSWERS, Remembered } from './batch/remembered.ts';
import type { Holder, Memory } from './memory.ts';
import type { ServerOptions } from './options.ts';
import { Problem } from './problem.ts';
import { Session } from './session.ts';
import type { Specs } from './specs.ts';

/** The connection of a session. */
export type Connection = {
  /** Whether it has shown no sign of life for a while, so that it may be broken. */
  readonly isSilent: boolean;
  /** Closes it; `code` as in RFC 6455. */
  close(code: number, reason: string): void;
};

/** Close codes; those from 4000 on are our own. */
const REPLACED = 4001;
const IDLE = 4002;
const GAVE_WAY = 4003;
const GOING_AWAY = 1001;

/** A session that has a connection, but no episode yet, gives way to another one after so many milliseconds without use. */
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
  /** Whether it was made for a client that knows it by its id: then it stays live when its connection is gone. */
  readonly isNamed: boolean;
  /** Answers of requests that are carried out once. */
  readonly answers: Remembered;
  connection: Connection | undefined;
  /** Whether it ends when its connection is gone. */
  isClosing: boolean;
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

type Limits = Pick<ServerOptions, 'maxSessions' | 'maxSessionsPerClient' | 'episodeTimeout' | 'socketIdleTimeout'>;

export class Sessions {
  private readonly specs: Specs;
  private readonly memory: Memory;
  private readonly answers: AnswerStore;
  private readonly maxSessions: number;
  private readonly maxPerClient: number;
  /** In milliseconds. */
  private readonly episodeTimeout: number;
  private readonly socketTimeout: number;
  /** In the order of their last use, oldest first. */
  private readonly live = new Map<string, Entry>();
  /** Those that lost their slot, in the same order. They take no room from live ones, but there are `maxSessions` at most. */
  private readonly kept = new Map<string, Entry>();
  private readonly byToken = new Map<string, Entry>();
  /** How many of `live` each client address has. */
  private readonly perClient = new Map<string, number>();
  private readonly reaper: NodeJS.Timeout;

  constructor(specs: Specs, memory: Memory, limits: Limits, answers = new AnswerStore(memory)) {
    const { maxSessions, maxSessionsPerClient, episodeTimeout, socketIdleTimeout } = limits;
    this.specs = specs;
    this.memory = memory;
    this.answers = answers;
    this.maxSessions = maxSessions;
    this.maxPerClient = maxSessionsPerClient === 0 ? Number.POSITIVE_INFINITY : maxSessionsPerClient;
    this.episodeTimeout = episodeTimeout * 1000;
    this.socketTimeout = socketIdleTimeout === 0 ? Number.POSITIVE_INFINITY : socketIdleTimeout * 1000;
    const interval = Math.min(5_000, this.episodeTimeout / 2, this.socketTimeout / 2);
    this.reaper = setInterval(() => this.reap(), interval).unref();
  }

  /** Sessions, those kept for a resume included. */
  get count(): number {
    return this.live.size + this.kept.size;
  }

  /** Those kept for a resume. */
  get keptCount(): number {
    return this.kept.size;
  }

  /**
   * Begins a session for a client. If all slots are taken, an idle session gives way to it: see `isIdle`.
   * @param address Of the client.
   * @param connection Of a session that is its own; without one the client has to know the session's id.
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
    const id = randomUUID();
    const entry: Entry = {
      id,
      address,
      token,
      session,
      isNamed: connection === undefined,
      answers: new Remembered(this.answers, id, MAX_ANSWERS),
      connection,
      isClosing: false,
      usedAt: performance.now(),
      control: false,
      uncalled: false,
      holder,
    };
    this.enter(entry);
    this.byToken.set(token, entry);
    return entry;
  }

  /** Live or kept. */
  find(id: string): Entry | undefined {
    return this.live.get(id) ?? this.kept.get(id);
  }

  /** To be called at every use: the idle time counts from here. */
  touch(entry: Entry): void {
    const entries = this.kept.has(entry.id) ? this.kept : this.live;
    if (!entries.delete(entry.id)) return;
    this.memory.touch(entry.holder);
    entry.usedAt = performance.now();
    entries.set(entry.id, entry);
  }

  /**
   * Attaches a connection to the session of this id.
   * @throws Problem (SESSION_ERROR) where there is none, or a connection is attached that shows signs of life; CapacityReached
   *   where the session was kept and there is no slot for it
   */
  attach(id: string, connection: Connection, address: string): Entry {
    const entry = this.find(id);
    if (entry === undefined || entry.isClosing) {
      const why = 'it was never created, was closed, was idle too long or gave way to newer ones';
      throw new Problem(404, 'SESSION_ERROR', `there is no session ${quote(id)}: ${why}`);
    }
    if (entry.connection !== undefined && !entry.connection.isSilent) {
      throw new Problem(409, 'SESSION_ERROR', `another socket is attached to session ${quote(id)}`);
    }
    if (this.kept.has(id)) this.readmit(entry, address);
    this.connect(entry, connection, address);
    return entry;
  }

  /**
   * Attaches a connection to the session of this token, also where another one is attached. It asks for no slot: a connection
   * that resumes gives up the session that it had. Undefined: no such session.
   */
  resume(token: string, connection: Connection, address: string): Entry | undefined {
    const entry = this.byToken.get(token);
    if (entry === undefined || entry.isClosing) return undefined;
    this.connect(entry, connection, address);
    return entry;
  }

  /** The connection is gone, or has gone over to another session; the session is not. */
  detach(entry: Entry, connection: Connection): void {
    // Another connection may have taken over, or the session may have ended.
    if (entry.connection !== connection || !this.live.has(entry.id)) return;
    const isOver = this.live.size > this.maxSessions;
    if (!entry.isNamed || entry.isClosing || isOver) {
      this.keep(entry);
      return;
    }
    entry.connection = undefined;
    this.touch(entry);
  }

  /** The client has closed its connection by itself: a session that is the connection's own ends. */
  finish(entry: Entry, connection: Connection): void {
    if (entry.isNamed) this.detach(entry, connection);
    else this.end(entry);
  }

  /** Ends a session, or, while a connection is attached to it, sees to it that it ends with that. Whether it has ended. */
  endWhenFree(entry: Entry): boolean {
    entry.isClosing = entry.connection !== undefined;
    if (!entry.isClosing) this.end(entry);
    return !entry.isClosing;
  }

  /** Ends a session; its connection is left to the caller. */
  end(entry: Entry): void {
    this.leave(entry);
    this.kept.delete(entry.id);
    this.byToken.delete(entry.token);
    this.memory.release(entry.holder);
    entry.answers.clear();
  }

  /** Ends all of them. */
  close(reason: string): void {
    clearInterval(this.reaper);
    for (const entry of [...this.live.values(), ...this.kept.values()]) {
      this.end(entry);
      entry.connection?.close(GOING_AWAY, reason);
    }
  }

  /** From now on this is the only connection of the session. */
  private connect(entry: Entry, connection: Connection, address: string): void {
    const before = entry.connection;
    entry.connection = connection;
    if (before !== connection) before?.close(REPLACED, 'the session goes on on another connection');
    this.kept.delete(entry.id);
    this.leave(entry);
    entry.address = address;
    entry.uncalled = false;
    entry.usedAt = performance.now();
    this.enter(entry);
    this.memory.touch(entry.holder);
  }

  /** Takes the slot and the connection from a session. It is kept, unless nothing was ever played in it. */
  private keep(entry: Entry): void {
    entry.connection = undefined;
    if (entry.isClosing || !isBegun(entry)) {
      this.end(entry);
      return;
    }
    if (this.kept.size >= this.maxSessions) this.giveUpOldest();
    this.leave(entry);
    entry.usedAt = performance.now();
    this.kept.set(entry.id, entry);
  }

  /** Gives a slot to a session that was kept. @throws CapacityReached */
  private readmit(entry: Entry, address: string): void {
    // What gives way is kept in its place.
    this.kept.delete(entry.id);
    try {
      this.makeRoom(address);
    } catch (error) {
      this.kept.set(entry.id, entry);
      throw error;
    }
    this.enter(entry);
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

  /** Takes the slot of the one of these that is idle and was used least recently, without an episode first. Whether there was one. */
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
    const { connection } = found;
    this.keep(found);
    connection?.close(
      GAVE_WAY,
      found.session.answer === undefined
        ? 'the session gave way to a newer one, since no episode was begun in it'
        : 'the session gave way to a newer one, since pings were left unanswered; resume goes on with it',
    );
    return true;
  }

  private giveUpOldest(): void {
    const [oldest] = this.kept.values();
    if (oldest !== undefined) this.end(oldest);
  }

  private reap(): void {
    const now = performance.now();
    for (const entry of [...this.live.values(), ...this.kept.values()]) {
      const { connection, usedAt } = entry;
      if (now - usedAt < (connection === undefined ? this.episodeTimeout : this.socketTimeout)) continue;
      if (connection === undefined) this.end(entry);
      else {
        this.detach(entry, connection);
        connection.close(IDLE, 'the socket was idle for too long');
      }
    }
  }
}

/**
 * Whether a session may give way to another one: at once if it has neither an episode nor a connection, after a while if it has
 * one of them. If it has both, only where the connection may be broken.
 */
function isIdle(entry: Entry, now: number): boolean {
  const { connection, session, usedAt } = entry;
  if (connection !== undefined) {
    return connection.isSilent || (session.answer === undefined && now - usedAt >= UNBEGUN_MS);
  }
  return !isBegun(entry) || now - usedAt >= ABANDONED_MS;
}

/** Whether a client plays an episode in the session. One that the server began counts from the first call on. */
function isBegun({ session: { answer }, uncalled }: Entry): boolean {
  return answer !== undefined && !uncalled;
}
