/**
 * One accepted WebSocket. Its messages are answered one at a time and in their order, also where an answer takes a while,
 * no faster than the client reads the answers, and in turns with those of others.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import { Turn } from '../../lib/turn.ts';
import type { Connection } from '../sessions.ts';

/** The text to send back; undefined where there is nothing to answer. */
export type Answered = string | undefined;
export type Answerer = (message: Buffer) => Answered | Promise<Answered>;

/** About so many bytes wait for a client that does not read; then nothing more is read from it either. */
const HIGH_WATER = 8 * 2 ** 20;
/** A client that left so many pings in a row unanswered may be gone, or busy. */
const SILENT = 2;

export class Link implements Connection {
  private readonly socket: WebSocket;
  private readonly connection: Pick<Socket, 'bytesRead'>;
  private readonly failed: (error: unknown) => void;
  private readonly sent: () => void;
  private answerer: Answerer | undefined;
  /** Messages that came while nothing could be answered. The socket is paused then, so there is one chunk of them at most. */
  private readonly waiting: Buffer[] = [];
  /** An answer is being made. */
  private busy = false;
  private readonly turn = new Turn();
  /** Others have their turn. */
  private resting = false;
  /** The client has not read what it was sent. */
  private clogged = false;
  private closed = false;
  /** Whether the socket is new, or was not read from for a while, since the last ping: then a client cannot be heard. */
  private deaf = true;
  /** Bytes that had come when the last ping was sent. */
  private brought = 0;
  private unread = 0;
  /** Pings in a row that were left unanswered, without the last one. */
  private unanswered = 0;

  /**
   * @param connection What the socket is on: whatever comes in on it is a sign of life.
   * @param failed Told of errors that the answerer should have answered.
   * @param sent Called whenever something was sent.
   */
  constructor(
    socket: WebSocket,
    connection: Pick<Socket, 'bytesRead'>,
    failed: (error: unknown) => void,
    sent: () => void,
  ) {
    this.socket = socket;
    this.connection = connection;
    this.failed = failed;
    this.sent = sent;
    socket.on('ping', (data) => this.pong(data));
    socket.on('close', () => {
      this.closed = true;
      this.waiting.length = 0;
    });
  }

  /** From now on messages are answered. */
  listen(answerer: Answerer): void {
    this.answerer = answerer;
    this.socket.on('message', (data) => this.receive(bytesOf(data)));
  }

  /** Whether the client has left several pings in a row unanswered, and is still silent. */
  get isSilent(): boolean {
    return this.unanswered >= SILENT && !this.isHeard;
  }

  send(text: Answered): void {
    if (text === undefined || this.closed) return;
    this.write(text.length, (written) => this.socket.send(text, written));
  }

  /** What was sent before still arrives; what comes in is not read any more. */
  close(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting.length = 0;
    this.socket.close(code, reason);
    // The close frame of the client can only be read from a socket that is.
    this.socket.resume();
  }

  /**
   * Sends a ping.
   * @param most After so many in a row without a sign of life the socket is cut.
   * @returns whether it was
   */
  beat(most: number): boolean {
    if (this.closed) return false;
    const { bufferedAmount } = this.socket;
    const reads = this.clogged && bufferedAmount < this.unread;
    this.unread = bufferedAmount;
    this.unanswered = this.isHeard || reads ? 0 : this.unanswered + 1;
    if (this.unanswered >= most) {
      this.socket.terminate();
      return true;
    }
    this.brought = this.connection.bytesRead;
    this.deaf = false;
    if (!this.clogged) this.socket.ping();
    return false;
  }

  /** Whether there was a sign of life since the last ping, or could be none: while an answer is being made, nothing is read. */
  private get isHeard(): boolean {
    return this.busy || this.deaf || this.connection.bytesRead !== this.brought;
  }

  private receive(message: Buffer): void {
    if (this.closed) return;
    if (!this.busy && !this.clogged && !this.resting) {
      this.answer(message);
      return;
    }
    this.waiting.push(message);
    this.socket.pause();
  }

  private answer(message: Buffer): void {
    this.turn.begin();
    try {
      const answered = this.answerer?.(message);
      if (answered instanceof Promise) {
        this.busy = true;
        answered.then(
          (text) => this.answered(text),
          (error: unknown) => {
            this.failed(error);
            this.answered(undefined);
          },
        );
        return;
      }
      this.send(answered);
    } catch (error) {
      this.failed(error);
    }
    this.giveWay();
  }

  private answered(text: Answered): void {
    this.busy = false;
    this.send(text);
    this.giveWay();
    this.goOn();
  }

  /** What comes next waits until others had their turn, where this one has lasted long enough. */
  private giveWay(): void {
    if (!this.turn.isOver) return;
    this.resting = true;
    setImmediate(() => {
      this.resting = false;
      this.goOn();
    });
  }

  private goOn(): void {
    this.deaf = true;
    while (!this.closed && !this.busy && !this.clogged && !this.resting) {
      const next = this.waiting.shift();
      if (next === undefined) {
        if (this.socket.isPaused) this.socket.resume();
        return;
      }
      this.answer(next);
    }
  }

  private pong(data: Buffer): void {
    // A client that reads nothing does not miss it.
    if (this.closed || this.clogged) return;
    this.write(data.length, (written) => this.socket.pong(data, false, written));
  }

  private write(size: number, send: (written?: () => void) => void): void {
    if (this.socket.bufferedAmount + size <= HIGH_WATER) send();
    else {
      this.clogged = true;
      this.socket.pause();
      send(() => {
        this.clogged = false;
        this.goOn();
      });
    }
    this.sent();
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
