/**
 * One accepted WebSocket. Its messages are answered one at a time and in order, even if an answer takes a while. Answers are not
 * made faster than the client reads them, and sockets take turns.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import { Turn } from '../../lib/turn.ts';
import type { Connection } from '../sessions.ts';

/** The text to send back; undefined if the message needs no answer. */
export type Answered = string | undefined;
export type Answerer = (message: Buffer) => Answered | Promise<Answered>;

/** The approximate number of bytes that may wait for a client that does not read. Above it, the server stops reading from the client. */
const HIGH_WATER = 8 * 2 ** 20;
/** The number of unanswered pings in a row after which a client counts as silent: it may be gone, or busy. */
const SILENT = 2;

export class SocketLink implements Connection {
  private readonly socket: WebSocket;
  private readonly connection: Pick<Socket, 'bytesRead'>;
  private readonly failed: (error: unknown) => void;
  private readonly sent: () => void;
  private answerer: Answerer | undefined;
  /** Messages that arrived while none could be answered. The socket is paused meanwhile, so they all come from one chunk. */
  private readonly waiting: Buffer[] = [];
  /** Whether an answer is being made. */
  private busy = false;
  private readonly turn = new Turn();
  /** Whether other sockets have their turn. */
  private isYielding = false;
  /** Whether too many sent bytes are still unread by the client. */
  private isBlocked = false;
  private closed = false;
  /** Whether the socket is new, or was paused at some time since the last ping. Then silence proves nothing about the client. */
  private wasPaused = true;
  /** Bytes that had been received when the last ping was sent. */
  private bytesReadAtPing = 0;
  /** Bytes that waited for the client at the last ping. */
  private unread = 0;
  /** Unanswered pings in a row, not counting the last ping. */
  private unanswered = 0;

  /**
   * @param connection The TCP connection of the socket. Any received byte is a sign of life.
   * @param failed Called with each error that the answerer throws.
   * @param sent Called after each send.
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

  /** Starts to answer messages. */
  listen(answerer: Answerer): void {
    this.answerer = answerer;
    this.socket.on('message', (data) => this.receive(bytesOf(data)));
  }

  /** Whether the client has left SILENT pings in a row unanswered and is still silent. */
  get isSilent(): boolean {
    return this.unanswered >= SILENT && !this.isHeard;
  }

  send(text: Answered): void {
    if (text === undefined || this.closed) return;
    this.write(text.length, (written) => this.socket.send(text, written));
  }

  /** Closes the socket. Messages that were sent before still arrive; messages that arrive from now on are ignored. */
  close(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting.length = 0;
    this.socket.close(code, reason);
    // The close frame of the client cannot be read from a paused socket.
    this.socket.resume();
  }

  /**
   * Sends a ping, or destroys the socket if its client has been silent for too long.
   * @param most The number of unanswered pings in a row after which the socket is destroyed
   * @returns whether the socket was destroyed
   */
  beat(most: number): boolean {
    if (this.closed) return false;
    const { bufferedAmount } = this.socket;
    const reads = this.isBlocked && bufferedAmount < this.unread;
    this.unread = bufferedAmount;
    this.unanswered = this.isHeard || reads ? 0 : this.unanswered + 1;
    if (this.unanswered >= most) {
      this.socket.terminate();
      return true;
    }
    this.bytesReadAtPing = this.connection.bytesRead;
    this.wasPaused = false;
    if (!this.isBlocked) this.socket.ping();
    return false;
  }

  /** Whether the client gave a sign of life since the last ping, or could not: the socket is not read while an answer is being made. */
  private get isHeard(): boolean {
    return this.busy || this.wasPaused || this.connection.bytesRead !== this.bytesReadAtPing;
  }

  private receive(message: Buffer): void {
    if (this.closed) return;
    if (!this.busy && !this.isBlocked && !this.isYielding) {
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
    this.yieldTurn();
  }

  private answered(text: Answered): void {
    this.busy = false;
    this.send(text);
    this.yieldTurn();
    this.answerWaiting();
  }

  /** If the turn of this socket has lasted long enough, its next message waits until other sockets had theirs. */
  private yieldTurn(): void {
    if (!this.turn.isOver) return;
    this.isYielding = true;
    setImmediate(() => {
      this.isYielding = false;
      this.answerWaiting();
    });
  }

  private answerWaiting(): void {
    this.wasPaused = true;
    while (!this.closed && !this.busy && !this.isBlocked && !this.isYielding) {
      const next = this.waiting.shift();
      if (next === undefined) {
        if (this.socket.isPaused) this.socket.resume();
        return;
      }
      this.answer(next);
    }
  }

  private pong(data: Buffer): void {
    // A client that does not read cannot miss the pong.
    if (this.closed || this.isBlocked) return;
    this.write(data.length, (written) => this.socket.pong(data, false, written));
  }

  private write(size: number, send: (written?: () => void) => void): void {
    if (this.socket.bufferedAmount + size <= HIGH_WATER) send();
    else {
      this.isBlocked = true;
      this.socket.pause();
      send(() => {
        this.isBlocked = false;
        this.answerWaiting();
      });
    }
    this.sent();
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
