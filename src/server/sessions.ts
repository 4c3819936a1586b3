/**
 * Sessions of WebSockets, MCP and ORS: their number, their lifetime, and how a client finds one again. A live session takes a slot. A
 * session that loses its slot (its socket was closed, or it gave way to another session) is kept if it has an episode, and a client
 * can resume it by its token or its id. A session without a connection, live or kept, ends when it has been idle too long.
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
  /** Whether the connection has shown no sign of life for a while, so that it may be broken. */
  readonly isSilent: boolean;
  /** Closes the connection; `code` as in RFC 6455. */
  close(code: number, reason: string): void;
};

/** Close codes. RFC 6455 leaves the codes from 4000 on to applications. */
const REPLACED = 4001;
const IDLE = 4002;
const GAVE_WAY = 4003;
const GOING_AWAY = 1001;

/** Milliseconds without use after which a session with a connection, but without an episode, may give way to another one. */
const UNBEGUN_MS = 30_000;
/** Milliseconds without use after which a session with an episode, but without a connection (POST /mcp, ORS), may give way. */
const ABANDONED_MS = 60_000;

export type SessionEntry = {
  readonly id: string;
  /** Address of the client that uses the session. */
  address: string;
  /** Secret: a client that knows it can resume the session. */
  readonly token: string;
  readonly session: Session;
  /** Whether the client knows the id of the session. Then the session stays live when its connection is gone. */
  readonly isNamed: boolean;
  /** Remembered answers to requests with an id. */
  readonly answers: Remembered;
  connection: Connection | undefined;
  /** Whether the session ends when its connection is gone. */
  isClosing: boolean;
  usedAt: number;
  /** Whether the session has the MCP tools for trainers: reset and state. */
  control: boolean;
  /** Whether the server began the episode for a client of MCP that has not called a tool since. */
  uncalled: boolean;
  /** Counts the memory of the episode. */
  readonly holder: Holder;
};

/** There is no slot for another session. */
export class CapacityReached extends Problem {
  /** As sent to clients. */
  readonly figures: { readonly active_sessions: number; readonly max_sessions: number };

  /** @param whose Address of the client that has as many sessions as one client may have; undefined if the server itself is full. */
  constructor(active: number, most: number, whose?: string) {
    const message =
      whose === undefined ? `all ${most} sessions are in use` : `${whose} has all ${most} sessions of a client`;
    super(503, 'CAPACITY_REACHED', `${message}; close one, or try again later`);
    this.figures = { active_sessions: active, max_sessions: most };
  }
}

type SessionLimits = Pick<
  ServerOptions,
  'maxSessions' | 'maxSessionsPerClient' | 'episodeTimeout' | 'socketIdleTimeout'
>;

export class Sessions {
  private readonly specs: Specs;
  private readonly memory: Memory;
  private readonly answers: AnswerStore;
  private readonly maxSessions: number;
  private readonly maxPerClient: number;
  /** Timeouts in milliseconds. */
  private readonly episodeTimeout: number;
  private readonly socketTimeout: number;
  /** Live sessions by id, in the order of their last use, oldest first. */
  private readonly live = new Map<string, SessionEntry>();
  /** Sessions that lost their slot, in the same order. They take no slot, but there are at most `maxSessions` of them. */
  private readonly kept = new Map<string, SessionEntry>();
  private readonly byToken = new Map<string, SessionEntry>();
  /** The number of live sessions of each client address. */
  private readonly perClient = new Map<string, number>();
  private readonly reaper: NodeJS.Timeout;

  constructor(specs: Specs, memory: Memory, limits: SessionLimits, answers = new AnswerStore(memory)) {
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

  /** The number of sessions, those kept for a resume included. */
  get count(): number {
    return this.live.size + this.kept.size;
  }

  /** The number of sessions kept for a resume. */
  get keptCount(): number {
    return this.kept.size;
  }

  /**
   * Opens a session for a client. If all slots are taken, an idle session gives way to it: see `isIdle`.
   * @param address Address of the client
   * @param connection The connection that owns the session. Without a connection the client has to name the session by its id.
   * @param id The id of the session, without spaces. Must not be that of another session.
   * @throws CapacityReached
   */
  open(address: string, connection?: Connection, id: string = randomUUID()): SessionEntry {
    this.makeRoom(address);
    const token = randomBytes(24).toString('base64url');
    const holder: Holder = {
      mayGo: () => entry.connection === undefined,
      giveUp: () => this.end(entry),
    };
    const session = new Session(this.specs, token, (bytes) => {
      // A session that ends during a list of calls still plays the rest of the list, and nothing would release its memory again.
      if (this.byToken.has(token)) this.memory.hold(holder, bytes);
    });
    const entry: SessionEntry = {
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

  /** The session with this id, live or kept. */
  find(id: string): SessionEntry | undefined {
    return this.live.get(id) ?? this.kept.get(id);
  }

  /** Must be called at every use: the idle time counts from the last call. */
  touch(entry: SessionEntry): void {
    const entries = this.kept.has(entry.id) ? this.kept : this.live;
    if (!entries.delete(entry.id)) return;
    this.memory.touch(entry.holder);
    entry.usedAt = performance.now();
    entries.set(entry.id, entry);
  }

  /**
   * Attaches a connection to the session with this id.
   * @throws Problem (SESSION_ERROR) if there is no such session, or another connection is attached and shows signs of life;
   *   CapacityReached if the session was kept and there is no slot for it
   */
  attach(id: string, connection: Connection, address: string): SessionEntry {
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
   * Attaches a connection to the session with this token, even if another one is attached. No slot is needed, because the connection
   * gives up the session that it had. Returns undefined if there is no such session.
   */
  resume(token: string, connection: Connection, address: string): SessionEntry | undefined {
    const entry = this.byToken.get(token);
    if (entry === undefined || entry.isClosing) return undefined;
    this.connect(entry, connection, address);
    return entry;
  }

  /** Detaches a connection that is closed or has gone over to another session. The session stays live or is kept. */
  detach(entry: SessionEntry, connection: Connection): void {
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

  /** Handles a client that closes its connection itself: a session that belongs to the connection ends. */
  finish(entry: SessionEntry, connection: Connection): void {
    if (entry.isNamed) this.detach(entry, connection);
    else this.end(entry);
  }

  /** Ends a session. If a connection is attached, the session ends together with it. Returns whether it has ended now. */
  endWhenFree(entry: SessionEntry): boolean {
    entry.isClosing = entry.connection !== undefined;
    if (!entry.isClosing) this.end(entry);
    return !entry.isClosing;
  }

  /** Ends a session. The caller closes its connection. */
  end(entry: SessionEntry): void {
    this.leave(entry);
    this.kept.delete(entry.id);
    this.byToken.delete(entry.token);
    this.memory.release(entry.holder);
    entry.answers.clear();
  }

  /** Ends all sessions and closes their connections. */
  close(reason: string): void {
    clearInterval(this.reaper);
    for (const entry of [...this.live.values(), ...this.kept.values()]) {
      this.end(entry);
      entry.connection?.close(GOING_AWAY, reason);
    }
  }

  /** Makes this the only connection of the session. */
  private connect(entry: SessionEntry, connection: Connection, address: string): void {
    const before = entry.connection;
    entry.connection = connection;
    if (before !== connection) before?.close(REPLACED, 'the session continues on another connection');
    this.kept.delete(entry.id);
    this.leave(entry);
    entry.address = address;
    entry.uncalled = false;
    entry.usedAt = performance.now();
    this.enter(entry);
    this.memory.touch(entry.holder);
  }

  /** Takes the slot and the connection from a session. The session is kept if an episode was begun in it. */
  private keep(entry: SessionEntry): void {
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

  /** Gives a slot to a kept session. @throws CapacityReached */
  private readmit(entry: SessionEntry, address: string): void {
    // The session that gives way is kept in its place.
    this.kept.delete(entry.id);
    try {
      this.makeRoom(address);
    } catch (error) {
      this.kept.set(entry.id, entry);
      throw error;
    }
    this.enter(entry);
  }

  private enter(entry: SessionEntry): void {
    this.live.set(entry.id, entry);
    this.perClient.set(entry.address, (this.perClient.get(entry.address) ?? 0) + 1);
  }

  private leave(entry: SessionEntry): void {
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

  /**
   * Takes the slot of an idle session among those that `isCandidate` selects: one without an episode if there is one, else the least
   * recently used. Returns whether there was one.
   */
  private giveWay(isCandidate: (entry: SessionEntry) => boolean): boolean {
    const now = performance.now();
    let found: SessionEntry | undefined;
    for (const entry of this.live.values()) {
      if (!isCandidate(entry) || !isIdle(entry, now)) continue;
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
 * Whether a session may give way to another one: at once if it has neither an episode nor a connection, after a while if it has one of
 * them. A session with both may give way only if its connection may be broken.
 */
function isIdle(entry: SessionEntry, now: number): boolean {
  const { connection, session, usedAt } = entry;
  if (connection !== undefined) {
    return connection.isSilent || (session.answer === undefined && now - usedAt >= UNBEGUN_MS);
  }
  return !isBegun(entry) || now - usedAt >= ABANDONED_MS;
}

/** Whether a client plays an episode in the session. An episode that the server began counts from the first call of a tool on. */
function isBegun({ session: { answer }, uncalled }: SessionEntry): boolean {
  return answer !== undefined && !uncalled;
}
