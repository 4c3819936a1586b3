/** A client of /ws and /mcp that queues received messages, and servers that are closed when a test ends. */
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { ServerOptionsInput } from '../../src/server/options.ts';
import type { Server } from '../../src/server/server.ts';
import type { WireState } from '../../src/server/wire.ts';
import type { Answer } from './support-answers.ts';
import { startServer } from './support-server.ts';

export type Reply = {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly request_id?: string;
};
export type Observed = { readonly type: 'observation'; readonly data: Answer; readonly request_id?: string };
export type Told = { readonly type: 'state'; readonly data: WireState };

/** Starts a server for this test. @returns its address, `ws://...` */
export async function serve(options: ServerOptionsInput = {}): Promise<string> {
  return (await started(options)).url;
}

export async function started(options: ServerOptionsInput = {}): Promise<{ server: Server; url: string }> {
  const { server, url } = await startServer(options);
  return { server, url: url.replace('http', 'ws') };
}

export class Client {
  readonly socket: WebSocket;
  /** Resolves when the socket is closed. `reason` is empty if the server gave none. */
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly inbox: string[] = [];
  private readonly readers: ((text: string) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const text = data.toString();
      const reader = this.readers.shift();
      if (reader === undefined) this.inbox.push(text);
      else reader(text);
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    onTestFinished(() => socket.terminate());
  }

  static async connect(url: string, options: ClientOptions = {}, protocols: string[] = []): Promise<Client> {
    const client = new Client(new WebSocket(url, protocols, options));
    await once(client.socket, 'open');
    return client;
  }

  sendRaw(data: string | Buffer): void {
    this.socket.send(data);
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The text of the next message of the server, from the queue or once it arrives. */
  nextRaw(): Promise<string> {
    const text = this.inbox.shift();
    return text === undefined ? new Promise((resolve) => this.readers.push(resolve)) : Promise.resolve(text);
  }

  async next<T = Reply>(): Promise<T> {
    return JSON.parse(await this.nextRaw()) as T;
  }

  ask<T = Reply>(message: unknown): Promise<T> {
    this.send(message);
    return this.next<T>();
  }

  reset(data: Record<string, unknown> = {}): Promise<Observed> {
    return this.ask<Observed>({ type: 'reset', data });
  }

  step(data: Record<string, unknown> = {}): Promise<Observed> {
    return this.ask<Observed>({ type: 'step', data });
  }

  state(): Promise<Told> {
    return this.ask<Told>({ type: 'state' });
  }

  /** The number of received messages that no call has read. */
  get unread(): number {
    return this.inbox.length;
  }
}

/** An answer as text without its metadata, which differ between two sessions that play the same. */
export function common({ data: { metadata: _, ...rest } }: Observed): string {
  return JSON.stringify(rest);
}

export function tokenOf(answer: Observed): string {
  const { session_token } = answer.data.metadata;
  if (session_token === undefined) throw new Error('a session of a socket has a token');
  return session_token;
}

/** Actions to play on a first observation, of several kinds, with an invalid one as the last. */
export function actionsFor({ data: { observation } }: Observed): Record<string, unknown>[] {
  const [email, other] = observation.unread_email_ids;
  const [meeting] = observation.active_meeting_ids;
  return [
    { action_type: 'reply_email', email_id: email, message_body: 'Thank you, I will see to it today.' },
    { action_type: 'archive_email', email_id: other },
    { action_type: 'cancel_meeting', meeting_id: meeting, reason: 'It clashes with another one.' },
    { action_type: 'do_nothing' },
    { action_type: 'complete_task', task_id: 'no such task' },
  ];
}

/** Continues the session of a token on another socket. */
export const resume = (client: Client, session_token: string): Promise<Observed> =>
  client.ask<Observed>({ type: 'resume', data: { session_token } });
